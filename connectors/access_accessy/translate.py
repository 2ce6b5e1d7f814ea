"""Between canonical credentials and Accessy's groups: pure. A credential is a group of one member, named by our key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from connectors.access_accessy.client import Group, Invitation, Permission
from hub.model import Credential, CredentialTouched, Method, Unsaid, Window
from hub.sdk import Condition, RejectedError, Sighting

MARK = "hub-"
"""How the name of every group of ours begins; others are never touched."""
PENDING = "PENDING"


@dataclass(frozen=True)
class There:
    """One group as it is."""

    group: Group
    permissions: Sequence[Permission]
    members: Sequence[SecretStr]
    """Phone numbers of who is in it; an empty one where Accessy tells none."""
    invitations: Sequence[Invitation]
    """Those into this group."""
    already_members: frozenset[SecretStr] = frozenset()
    """Of the invited, who is in the organisation by now, by another way."""

    @property
    def pending(self) -> frozenset[SecretStr]:
        """Who has not answered."""
        return frozenset(one.recipientMsisdn for one in self.invitations if one.status == PENDING)

    def is_for(self, phone: SecretStr) -> bool:
        """Whether nobody else is in it, or may come into it."""
        return {*self.members, *self.pending} <= {phone}


@dataclass(frozen=True)
class DoorChanges:
    """What makes the doors of a group so: in this order, so that the new opens before the old shuts."""

    create: tuple[Window, ...]
    delete: tuple[str, ...]


def door_changes(windows: Iterable[Window], there: Sequence[Permission]) -> DoorChanges:
    """Give what is missing, and the ids of what is too much: another time, twice the same, or without an end."""
    wanted, kept = set(windows), set[Window]()
    delete = []
    for permission in there:
        window = window_of(permission)
        if window in wanted and window not in kept and permission.constraints.dateTimeSpanConstraint:
            kept.add(window)
        else:
            delete.append(permission.id)
    return DoorChanges(tuple(sorted(wanted - kept, key=_by_door)), tuple(delete))


def span_of(window: Window) -> dict[str, str]:
    """Give the times as Accessy takes them: UTC, to the millisecond."""
    return {"start": _instant(window.starts_at), "end": _instant(window.ends_at)}


def phone_of(credential: Credential) -> SecretStr:
    """Give the number that the key is for.

    Raises:
        RejectedError: there is none.
    """
    if credential.method is not Method.MOBILE_KEY or not isinstance(credential.value, SecretStr):
        raise RejectedError(f"{credential.key}: Accessy knows holders by phone number only; give the holder's")
    return credential.value


def message_of(text: str, group: Group) -> str:
    """Give what the invited reads; by its end the invitation is found again."""
    return f"{text} {_mark(group)}"


def invitations_into(group: Group, invitations: Iterable[Invitation]) -> list[Invitation]:
    """Give those of ours into this group."""
    return [one for one in invitations if (one.invitationMessage or "").endswith(_mark(group))]


def sighting_of(key: str, found: Sequence[There]) -> Sighting[Credential] | None:
    """Give what stands under a key."""
    if not found:
        return None
    one = found[0]
    windows = [window_of(permission) for there in found for permission in there.permissions]
    known = [phone for phone in (*one.members, *one.pending) if phone.get_secret_value()]
    credential = Credential(
        key=key,
        method=Method.MOBILE_KEY,
        value=known[0] if known else Unsaid.NOT_TOLD,
        windows=frozenset(windows),
    )
    if len(found) > 1:
        return Sighting(credential, Condition.FAILED, f"{len(found)} groups of that name")
    if len(set(windows)) < len(windows):
        return Sighting(credential, Condition.FAILED, "one door twice")
    return Sighting(credential, *_condition(one))


def window_of(permission: Permission) -> Window:
    """Give the door and when it opens; a permission without a span opens always."""
    span = permission.constraints.dateTimeSpanConstraint
    if span is None:
        return Window.always(permission.assetPublication)
    return Window(door=permission.assetPublication, starts_at=span.start, ends_at=span.end)


def ours(key: str) -> None:
    """Refuse a key without our mark.

    Raises:
        RejectedError: it might be somebody else's group.
    """
    if not key.startswith(MARK):
        raise RejectedError(f"{key}: keys in Accessy begin with {MARK}; give the credential such a key")


class Accepted(BaseModel):
    """What is kept of a call: whose invitation was accepted, in our words."""

    key: Annotated[str, Field(pattern=f"^{MARK}")]


def touched(content: bytes) -> CredentialTouched:
    """Give what a call means: look at the credential."""
    return CredentialTouched(key=Accepted.model_validate_json(content).key)


def _condition(there: There) -> tuple[Condition, str]:
    invited = bool(there.invitations)
    match len(there.members), len(there.pending):
        case 1, 0:
            return Condition.STANDING, ""
        case 0, 1 if there.already_members:
            return Condition.FAILED, "its holder is a member by another way, and not in the group yet"
        case 0, 1:
            return Condition.AWAITING_USER, "its holder has not accepted the invitation"
        case 0, 0 if invited:
            return Condition.DISABLED, "its holder said no to the invitation, or was taken out of the group"
        case 0, 0:
            return Condition.FAILED, "nobody is in the group, or invited to it"
    return Condition.FAILED, "the group is for more than one holder"


def _mark(group: Group) -> str:
    return f"({group.name}/{group.id})"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _by_door(window: Window) -> tuple[str, datetime]:
    return window.door, window.starts_at
