"""A credential is a group in Accessy, named by our key, with a door for each window and one member: the holder.

Who is new to the organisation is invited into it by text message, and the key waits until they accept.
"""

import hmac
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import timedelta

from pydantic import BaseModel, SecretStr, ValidationError

from connectors.access_accessy.client import AccessyClient, Group, Invitation, User
from connectors.access_accessy.config import AccessyConfig
from connectors.access_accessy.translate import (
    MARK,
    Accepted,
    There,
    door_changes,
    invitations_into,
    message_of,
    ours,
    phone_of,
    sighting_of,
    span_of,
    touched,
)
from hub.model import Credential, Message, Method, Window
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Callback,
    Condition,
    Connector,
    ConnectorError,
    CredentialsError,
    Lent,
    ListsCredentials,
    Pace,
    RawItem,
    ReadsCredentials,
    Receipt,
    ReceivesCallbacks,
    RejectedError,
    Sighting,
)

SIGNATURE, EVENT = "accessy-webhook-signature", "x-axs-event-type"
ACCEPTED = "MEMBERSHIP_CREATED"


class MembershipCreated(BaseModel):
    """Somebody has become a member, by an invitation or without one."""

    invitationId: str | None = None  # noqa: N815  (Accessy's)


class AccessyAccess(Connector[AccessyConfig], AccessControl, ReadsCredentials, ListsCredentials, ReceivesCallbacks):
    """Doors of one organisation; a door's key is the id of its asset publication."""

    access_limits = AccessLimits(methods=frozenset({Method.MOBILE_KEY}), windows_per_door=1, awaits_user=True)
    pace = Pace(calls_at_once=2, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))

    def __init__(self, config: AccessyConfig, lent: Lent) -> None:
        """Log in with the first call."""
        super().__init__(config, lent)
        login = {
            "audience": str(config.base_url).removesuffix("/"),
            "client_id": config.client_id,
            "client_secret": config.client_secret.get_secret_value(),
        }
        self._accessy = AccessyClient(lent.http(config.base_url), lent.clock, login)
        self._doors: frozenset[str] = frozenset()

    async def check(self) -> About:
        self._doors = await self._accessy.publications()
        return About(external_keys=self._doors, detail=f"{len(self._doors)} doors")

    async def put_credential(self, credential: Credential) -> Receipt:
        ours(credential.key)
        phone = phone_of(credential)
        await self._know({window.door for window in credential.windows})
        found = await self._found(credential.key)
        kept = next((there for there in found if there.is_for(phone)), None)
        there = kept or There(await self._accessy.create_group(credential.key), (), (), ())
        await self._open(there, credential.windows)
        condition = await self._let_in(there, phone)
        for other in found:
            if other is not kept:
                await self._accessy.delete_group(other.group.id)
        return Receipt(there.group.id, condition)

    async def remove_credential(self, key: str) -> Receipt:
        ours(key)
        for group in await self._groups(key):
            await self._accessy.delete_group(group.id)
        return Receipt(key)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        return sighting_of(key, await self._found(key))

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        names = {group.name for group in await self._accessy.groups() if group.name.startswith(MARK)}
        for name in sorted(names):
            if sighting := await self.read_credential(name):
                yield sighting

    async def receive(self, callback: Callback) -> Sequence[RawItem]:
        """Take in whose invitation was accepted, as a hint to look; of whom it tells, nothing is kept."""
        self._prove(callback)
        if callback.headers.get(EVENT) != ACCEPTED:
            return []
        try:
            told = MembershipCreated.model_validate_json(callback.body)
        except ValidationError:
            raise RejectedError(f"a call of Accessy's says {ACCEPTED}, and cannot be read; ask Accessy") from None
        if told.invitationId is None:
            return []
        keys = await self._invited_by(told.invitationId)
        return [RawItem(told.invitationId, Accepted(key=key).model_dump_json().encode(), ACCEPTED) for key in keys]

    def translate(self, item: RawItem) -> Iterable[Message]:
        return [touched(item.content)]

    async def _invited_by(self, invitation_id: str) -> list[str]:
        """Give the key that an invitation was for; a hint that cannot be followed now is left: the hub looks anyway."""
        try:
            into = [one for one in await self._accessy.invitations() if one.id == invitation_id]
            groups = await self._accessy.groups() if into else []
        except ConnectorError as error:
            self.lent.log.warning("an accepted invitation could not be looked up: %s", error)
            return []
        return [group.name for group in groups if group.name.startswith(MARK) and invitations_into(group, into)]

    def _prove(self, callback: Callback) -> None:
        """Refuse who does not show what Accessy gave us; it proves the sender, and not what is told."""
        wanted = self.config.webhook_signature
        if wanted is None:
            raise CredentialsError("no webhook_signature is configured, so no call can be proven; set it")
        shown = callback.headers.get(SIGNATURE, "")
        if not hmac.compare_digest(shown.encode(), wanted.get_secret_value().encode()):
            raise CredentialsError(f"{SIGNATURE} is not Accessy's; compare webhook_signature")

    async def _know(self, doors: set[str]) -> None:
        """Refuse a door that Accessy does not have, before anything is changed."""
        if not doors <= self._doors:
            self._doors = await self._accessy.publications()
        if unknown := doors - self._doors:
            raise RejectedError(f"Accessy has no asset publication {', '.join(sorted(unknown))}; correct its key")

    async def _open(self, there: There, windows: Iterable[Window]) -> None:
        """Make the doors of a group so."""
        wanted = door_changes(windows, there.permissions)
        for window in wanted.create:
            await self._accessy.create_permission(there.group.id, window.door, span_of(window))
        for permission_id in wanted.delete:
            await self._accessy.delete_permission(permission_id)

    async def _let_in(self, there: There, phone: SecretStr) -> Condition:
        """Let the holder into the group: at once when they are a member, else by an invitation."""
        if there.members:
            return Condition.STANDING
        user = next((user for user in await self._accessy.users() if user.msisdn == phone), None)
        if user is not None:
            membership = await self._accessy.membership(user.id)
            await self._accessy.add_member(there.group.id, membership.id)
            return Condition.STANDING
        if phone not in there.pending:
            message = message_of(self.config.invitation_text, there.group)
            await self._accessy.invite(phone.get_secret_value(), there.group.id, message)
        return Condition.AWAITING_USER

    async def _groups(self, key: str) -> list[Group]:
        return [group for group in await self._accessy.groups() if group.name == key]

    async def _found(self, key: str) -> list[There]:
        return [await self._there(group) for group in await self._groups(key)]

    async def _there(self, group: Group) -> There:
        """Look at one group; who is invited matters only while nobody is in it."""
        permissions = await self._accessy.permissions(group.id)
        members = await self._accessy.members(group.id)
        phones = [(await self._accessy.user(member.userId)).msisdn or SecretStr("") for member in members]
        if members:
            return There(group, permissions, phones, ())
        invitations = invitations_into(group, await self._accessy.invitations())
        return There(group, permissions, (), invitations, await self._by_another_way(invitations))

    async def _by_another_way(self, invitations: Sequence[Invitation]) -> frozenset[SecretStr]:
        invited = {one.recipientMsisdn for one in invitations}
        users: list[User] = await self._accessy.users() if invited else []
        return frozenset(user.msisdn for user in users if user.msisdn in invited)
