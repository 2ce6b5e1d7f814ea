"""The wire of Accessy, in its own words: groups with permissions, memberships, invitations, a token that is renewed.

Source: Accessy's tutorial (github accessy/ApiExamples, caa405a8) and a client in production (github
makerspace/makeradmin, `accessy.py` at 02a94194, `views.py` at 0fdc8099), read 2026-11-21 and 2026-11-26.
"""

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Generic, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, SecretStr, TypeAdapter, model_validator

from hub.sdk import Answer, Clock, CredentialsError, Http, TransientError

T = TypeVar("T", bound=BaseModel)
PAGE_SIZE = 250
"""The most that the server gives at once, since late 2025."""
MOST_PAGES = 400
"""More than that is a list without an end."""
AHEAD = timedelta(minutes=5)
"""A token is renewed so long before it ends."""
INVITATION_V2 = {"Accept": "application/vnd.axessions.v2+json"}
GONE = frozenset({HTTPStatus.NOT_FOUND})
Id = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,100}$")]
"""Stands in paths, so it is held to what an id may be."""


class Token(BaseModel):
    """What opens the API, and for how long."""

    access_token: SecretStr
    expires_in: int
    """Milliseconds, as a string."""


class Thing(BaseModel):
    """Whatever has an id."""

    id: Id


class Membership(BaseModel):
    """Somebody in an organisation."""

    id: Id
    userId: Id  # noqa: N815  (Accessy's)
    organizationId: Id  # noqa: N815


class User(BaseModel):
    """A person or an application; no name is read."""

    id: Id
    msisdn: SecretStr | None = None


class Asset(BaseModel):
    """A door, or something else that can be operated."""

    id: Id


class Publication(BaseModel):
    """An asset as permissions name it."""

    id: Id


class Group(BaseModel):
    """Permissions that its members share."""

    id: Id
    name: Annotated[str, BeforeValidator(lambda told: told or "")]


class Span(BaseModel):
    """From when until when; UTC."""

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end <= self.start:
            raise ValueError(self.start)
        return self


class Constraints(BaseModel):
    """When a permission holds; without a span it holds for ever."""

    dateTimeSpanConstraint: Span | None = None  # noqa: N815


class Permission(BaseModel):
    """One door of a group, and when."""

    id: Id
    assetPublication: Id  # noqa: N815
    constraints: Constraints = Constraints()


class Invitation(BaseModel):
    """Somebody is asked to become a member, of a group too."""

    id: Id
    recipientMsisdn: SecretStr = SecretStr("")  # noqa: N815
    invitationMessage: str | None = None  # noqa: N815
    status: str
    """`PENDING`, or how it ended."""


class Paged(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    totalItems: int  # noqa: N815


INVITATIONS, MEMBERSHIPS = TypeAdapter(list[Invitation]), TypeAdapter(list[Membership])


class AccessyClient:
    """The calls of the API that are used here."""

    def __init__(self, http: Http, clock: Clock, login: Mapping[str, str]) -> None:
        """Log in with the first call; `login` is audience, client id and secret."""
        self._http, self._clock, self._login = http, clock, login
        self._token: SecretStr | None = None
        self._renew_at: datetime | None = None
        self._organization = ""

    async def organization(self) -> str:
        """Give the organisation that the credentials act for; it is never another."""
        if not self._organization:
            answer = await self._ask("GET", "asset/user/organization-membership")
            self._organization = answer.read(_first_organization)
        return self._organization

    async def publications(self) -> frozenset[str]:
        """Give every door as permissions name it: one call for each."""
        org = await self.organization()
        found = set()
        for asset in await self._all(f"asset/admin/organization/{org}/asset", Asset):
            path = f"asset/admin/organization/{org}/asset/{asset.id}/asset-publication"
            found.add((await self._ask("GET", path)).read(Publication.model_validate_json).id)
        return frozenset(found)

    async def groups(self) -> list[Group]:
        """Give every group."""
        org = await self.organization()
        return await self._all(f"asset/admin/organization/{org}/access-permission-group", Group)

    async def create_group(self, name: str) -> Group:
        """Make a group; there is no key that would keep a second call from making a second one."""
        org = await self.organization()
        body = {"organization": org, "name": name, "description": f"reference: {name}", "constraints": {}}
        answer = await self._ask("POST", "asset/admin/access-permission-group", body)
        return answer.read(Group.model_validate_json)

    async def delete_group(self, group_id: str) -> None:
        """Remove a group with all its permissions; harmless when it is gone."""
        _done(await self._ask("DELETE", f"asset/admin/access-permission-group/{group_id}", also_ok=GONE))

    async def permissions(self, group_id: str) -> list[Permission]:
        """Give the doors of a group."""
        return await self._all(f"asset/admin/access-permission-group/{group_id}/access-permission", Permission)

    async def create_permission(self, group_id: str, publication: str, span: Mapping[str, str]) -> None:
        """Open a door to a group for a span: without one it would be for ever, so there always is one."""
        path = f"asset/admin/access-permission-group/{group_id}/access-permission"
        body = {"assetPublication": publication, "constraints": {"dateTimeSpanConstraint": dict(span)}}
        (await self._ask("POST", path, body)).read(Permission.model_validate_json)

    async def delete_permission(self, permission_id: str) -> None:
        """Take a door from its group; harmless when it is gone."""
        _done(await self._ask("DELETE", f"asset/admin/access-permission/{permission_id}", also_ok=GONE))

    async def members(self, group_id: str) -> list[Membership]:
        """Give who is in a group."""
        return await self._all(f"asset/admin/access-permission-group/{group_id}/membership", Membership)

    async def add_member(self, group_id: str, membership_id: str) -> None:
        """Let a member into a group; again is harmless."""
        path = f"asset/admin/access-permission-group/{group_id}/membership"
        _done(await self._ask("PUT", path, {"membership": membership_id}))

    async def users(self) -> list[User]:
        """Give everybody in the organisation; a phone number is looked for here, for in an address it would be told."""
        return await self._all(f"org/organization/{await self.organization()}/user", User)

    async def user(self, user_id: str) -> User:
        """Give one user."""
        return (await self._ask("GET", f"org/admin/user/{user_id}")).read(User.model_validate_json)

    async def membership(self, user_id: str) -> Membership:
        """Give a user's membership in the organisation."""
        path = f"asset/admin/user/{user_id}/organization/{await self.organization()}/membership"
        return (await self._ask("GET", path)).read(Membership.model_validate_json)

    async def invitations(self) -> list[Invitation]:
        """Give every invitation, whatever became of it."""
        path = f"org/admin/organization/{await self.organization()}/invitation"
        return (await self._ask("GET", path)).read(INVITATIONS.validate_json)

    async def invite(self, msisdn: str, group_id: str, message: str) -> None:
        """Ask somebody to become a member, and of a group; Accessy sends a text message."""
        path = f"org/admin/organization/{await self.organization()}/invitation"
        body = {"message": message, "msisdns": [msisdn], "accessPermissionGroupIds": [group_id]}
        (await self._ask("POST", path, body, headers=INVITATION_V2)).read(INVITATIONS.validate_json)

    async def _all(self, path: str, kind: type[T]) -> list[T]:
        """Read a list to its end; one that grew shorter meanwhile is read again later."""
        found: list[T] = []
        for number in range(MOST_PAGES):
            params = {"page_number": str(number), "page_size": str(PAGE_SIZE)}
            page = (await self._ask("GET", path, params=params)).read(Paged[kind].model_validate_json)  # type: ignore[valid-type]
            found += page.items
            if len(found) >= page.totalItems:
                return found
            if not page.items:
                break
        raise TransientError(f"GET {path}: ended after {len(found)} items, before its end")

    async def _ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        also_ok: Container[int] = (),
    ) -> Answer:
        """Ask with a token; one that is refused before its time is renewed once."""

        async def send() -> Answer:
            shown = {"Authorization": f"Bearer {(await self._valid_token()).get_secret_value()}", **(headers or {})}
            return await self._http.request(
                method, path, json=body, params=params or {}, headers=shown, also_ok=also_ok
            )

        old = self._token
        try:
            return await send()
        except CredentialsError:
            if old is None or old is not self._token:
                raise
        self._token = None
        return await send()

    async def _valid_token(self) -> SecretStr:
        now = self._clock.now()
        if self._token is None or self._renew_at is None or now >= self._renew_at:
            body = {"grant_type": "client_credentials", **self._login}
            answer = await self._http.post("auth/oauth/token", safe=True, json=body)
            told = answer.read(Token.model_validate_json)
            self._token, self._renew_at = told.access_token, now + timedelta(milliseconds=told.expires_in) - AHEAD
        return self._token


def _first_organization(body: bytes) -> str:
    memberships = MEMBERSHIPS.validate_json(body)
    return memberships[0].organizationId


def _done(answer: Answer) -> None:
    """Read an answer that has nothing to say: none at all, or the thing itself."""
    if answer.status not in GONE and answer.content:
        answer.read(Thing.model_validate_json)
