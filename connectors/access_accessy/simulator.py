"""A stand-in for Accessy, with state: an organisation, its doors and members, groups, invitations that are answered.

It is written from the same facts as the client, and shares no code with it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from hub.model import Credential, CredentialTouched, Message, Method, Window
from hub.sdk import Callback, Clock, EmitsCallbacks, HasDoors, HasUsers, HttpSimulator, Misbehaviour

CLIENT, SECRET, SIGNATURE = "kommun-app", "accessy-simulated-secret", "accessy-simulated-signature"
ORGANIZATION = "org-1"
TOKEN_LASTS = timedelta(days=7)
STAFF = "+46700000001"
"""Somebody that the municipality has let in itself."""


@dataclass
class Group:
    """Permissions that its members share: doors and spans by the permission's id, members by user id."""

    name: str
    permissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)


@dataclass
class Invitation:
    """A text message that somebody got."""

    msisdn: str
    message: str
    groups: list[str]
    status: str = "PENDING"


class AccessySimulator(HttpSimulator, HasDoors, HasUsers, EmitsCallbacks):
    """One organisation: a door is an asset with a publication, and staff has a group of its own for all of them."""

    can = frozenset({Misbehaviour.DELETED_BY_HAND, Misbehaviour.DISABLED_BY_HAND, Misbehaviour.DOWN})
    proves_content = False

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        """Have these doors, and one member who is none of ours."""
        super().__init__(clock, external_keys)
        self.doors = tuple(external_keys) or ("publication-hall", "publication-gym")
        self.users = {"user-0": STAFF}
        """Phone numbers by user id."""
        self.groups = {"group-0": Group("Personal", {f"permission-{n}": _always(d) for n, d in enumerate(self.doors)})}
        self.groups["group-0"].members.add("user-0")
        self.invitations: dict[str, Invitation] = {}
        self.tokens: dict[str, datetime] = {}
        """When each ends."""
        self.made, self.down, self.page_size = 100, False, 250
        self._told: list[tuple[str, str]] = []
        """Invitation and key of what happened."""

    def config(self) -> Mapping[str, object]:
        return {
            "base_url": "https://accessy.test/",
            "client_id": CLIENT,
            "client_secret": SECRET,
            "webhook_signature": SIGNATURE,
        }

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        if how is Misbehaviour.DOWN:
            self.down = True
        for group_id in [one for one, group in self.groups.items() if group.name == key]:
            if how is Misbehaviour.DELETED_BY_HAND:
                del self.groups[group_id]
            else:
                self.groups[group_id].members.clear()

    def recover(self) -> None:
        self.down = False

    def accept(self, key: str) -> None:
        named = {group_id for group_id, group in self.groups.items() if group.name == key}
        for invitation in self.invitations.values():
            if invitation.status == "PENDING" and named & set(invitation.groups):
                self.answer(invitation, "ACCEPTED")

    def answer(self, invitation: Invitation, status: str) -> None:
        """Do as the invited does."""
        invitation.status = status
        if status == "ACCEPTED":
            user_id = self.join(invitation.msisdn)
            for group_id in invitation.groups:
                if group_id in self.groups:
                    self.groups[group_id].members.add(user_id)

    def join(self, msisdn: str) -> str:
        """Have somebody in the organisation; give the user id."""
        known = next((user_id for user_id, phone in self.users.items() if phone == msisdn), None)
        return known or self._new("user", self.users, msisdn)

    def credentials(self) -> Iterable[Credential]:
        for group in self.groups.values():
            for user_id in group.members:
                for permission in group.permissions.values():
                    yield Credential(
                        key=group.name,
                        method=Method.MOBILE_KEY,
                        value=SecretStr(self.users[user_id]),
                        windows=frozenset({_window(permission)}),
                    )

    def happen(self, count: int) -> None:
        for _ in range(count):
            key = f"hub-2480-I-{len(self._told)}"
            group_id = self._new("group", self.groups, Group(key))
            message = f"Dörrar till din bokning ({key}/{group_id})"
            invitation = Invitation(f"+4670999{len(self._told):04}", message, [group_id])
            self._told.append((self._new("invitation", self.invitations, invitation), key))
            self.answer(invitation, "ACCEPTED")

    def emitted(self) -> Sequence[Message]:
        return [CredentialTouched(key=key) for _, key in self._told]

    def callbacks(self) -> Sequence[Callback]:
        headers = {"accessy-webhook-signature": SIGNATURE, "x-axs-event-type": "MEMBERSHIP_CREATED"}
        bodies = [
            {"userId": "user-9", "organizationId": ORGANIZATION, "invitationId": invitation_id, "role": "USER"}
            for invitation_id, _ in self._told
        ]
        return [Callback(headers, json.dumps(body).encode()) for body in bodies]

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        asked: dict[str, Any] = json.loads(request.content) if request.content else {}
        if request.url.path == "/auth/oauth/token":
            return self._let_in(asked)
        ends = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if ends is None or ends <= self.clock.now():
            return httpx.Response(401)
        parts = request.url.path.strip("/").split("/")
        match request.method:
            case "GET":
                shown = self._listed(parts, request.url.params) or self._one(parts)
                return httpx.Response(200, json=shown) if shown is not None else httpx.Response(404)
            case "DELETE":
                return self._deleted(parts)
        return self._changed(parts, asked, request.headers.get("Accept", ""))

    def _changed(self, parts: list[str], asked: dict[str, Any], accepts: str) -> httpx.Response:
        match parts:
            case [*_, "invitation"] if accepts == "application/vnd.axessions.v2+json":
                return self._invite(asked)
            case [*_, "access-permission-group"]:
                group_id = self._new("group", self.groups, Group(asked["name"]))
                return httpx.Response(200, json=_group(group_id, self.groups[group_id]))
            case [*_, group_id, "access-permission"] if group_id in self.groups:
                return self._permit(self.groups[group_id], asked)
            case [*_, group_id, "membership"] if group_id in self.groups:
                self.groups[group_id].members.add(asked["membership"].removeprefix("member-"))
                return httpx.Response(200)
        return httpx.Response(404)

    def _deleted(self, parts: list[str]) -> httpx.Response:
        match parts:
            case [*_, "access-permission-group", group_id]:
                return httpx.Response(200 if self.groups.pop(group_id, None) else 404)
            case [*_, "access-permission", permission_id]:
                gone = [group.permissions.pop(permission_id, None) for group in self.groups.values()]
                return httpx.Response(200 if any(gone) else 404)
        return httpx.Response(404)

    def _let_in(self, asked: dict[str, Any]) -> httpx.Response:
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT, SECRET):
            return httpx.Response(401)
        self.made += 1
        token = f"token-{self.made}"
        self.tokens[token] = self.clock.now() + TOKEN_LASTS
        lasts = str(int(TOKEN_LASTS.total_seconds() * 1000))
        return httpx.Response(200, json={"access_token": token, "token_type": "Bearer", "expires_in": lasts})

    def _listed(self, parts: list[str], params: httpx.QueryParams) -> dict[str, Any] | None:
        """Give a page of a list."""
        match parts:
            case [*_, "asset"]:
                items: list[Any] = [{"id": f"asset-of-{door}", "allowGuestAccess": False} for door in self.doors]
            case [*_, "access-permission-group"]:
                items = [_group(group_id, group) for group_id, group in self.groups.items()]
            case [*_, group_id, "access-permission"] if group_id in self.groups:
                items = [{"id": one} | told for one, told in self.groups[group_id].permissions.items()]
            case [*_, "access-permission-group", group_id, "membership"] if group_id in self.groups:
                items = [self._membership(user_id) for user_id in sorted(self.groups[group_id].members)]
            case [*_, "user"]:
                items = [_user(user_id, phone) for user_id, phone in self.users.items()]
            case _:
                return None
        size = min(int(params["page_size"]), self.page_size)
        begin = int(params["page_number"]) * size
        return {"items": items[begin : begin + size], "totalItems": len(items), "pageSize": size}

    def _one(self, parts: list[str]) -> object | None:
        """Give what is no page."""
        match parts:
            case [*_, "organization-membership"]:
                return [self._membership("user-app")]
            case [*_, "asset", asset_id, "asset-publication"]:
                return {"id": asset_id.removeprefix("asset-of-"), "listingState": "UNLISTED"}
            case ["org", "admin", "user", user_id] if user_id in self.users:
                return _user(user_id, self.users[user_id])
            case ["asset", "admin", "user", user_id, *_, "membership"] if user_id in self.users:
                return self._membership(user_id)
            case [*_, "invitation"]:
                return [_invitation(one, invitation) for one, invitation in self.invitations.items()]
        return None

    def _permit(self, group: Group, asked: dict[str, Any]) -> httpx.Response:
        if asked["assetPublication"] not in self.doors:
            return httpx.Response(404)
        permission_id = self._new("permission", group.permissions, asked)
        return httpx.Response(200, json={"id": permission_id} | asked)

    def _invite(self, asked: dict[str, Any]) -> httpx.Response:
        groups = asked["accessPermissionGroupIds"]
        made = [
            self._new("invitation", self.invitations, Invitation(phone, asked["message"], groups))
            for phone in asked["msisdns"]
        ]
        return httpx.Response(200, json=[_invitation(one, self.invitations[one]) for one in made])

    def _membership(self, user_id: str) -> dict[str, Any]:
        return {"id": f"member-{user_id}", "userId": user_id, "organizationId": ORGANIZATION, "roles": ["USER"]}

    def _new(self, kind: str, where: dict[str, Any], what: object) -> str:
        self.made += 1
        where[f"{kind}-{self.made}"] = what
        return f"{kind}-{self.made}"


def _always(door: str) -> dict[str, Any]:
    return {"assetPublication": door, "constraints": {}}


def _window(permission: dict[str, Any]) -> Window:
    span, door = permission["constraints"].get("dateTimeSpanConstraint"), permission["assetPublication"]
    if span is None:
        return Window.always(door)
    return Window(door=door, starts_at=_moment(span["start"]), ends_at=_moment(span["end"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _group(group_id: str, group: Group) -> dict[str, Any]:
    return {"id": group_id, "name": group.name, "description": "", "constraints": {}, "childConstraints": True}


def _user(user_id: str, msisdn: str) -> dict[str, Any]:
    return {"id": user_id, "firstName": "Åsa", "lastName": "Öberg", "msisdn": msisdn, "application": False}


def _invitation(invitation_id: str, invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation_id,
        "recipientMsisdn": invitation.msisdn,
        "invitationMessage": invitation.message,
        "status": invitation.status,
    }
