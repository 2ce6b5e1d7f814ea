"""Who is calling, and what they may: a Bearer key with scopes, bound to a municipality."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from hub.api.desk import desk
from hub.api.problems import ProblemError
from hub.service.audit.acting import Actor, act_as
from hub.service.keeping.keys import Holder, Scope

_SCHEME = HTTPBearer(auto_error=False, description="An API key, made by `knutpunkt key create`")
_LONGEST_NAME = 200
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


async def known(request: Request, _key: Annotated[object, Security(_SCHEME)] = None) -> Holder:
    """The holder of the request's key, whatever it may; also a dependency.

    Raises:
        ProblemError: 401 without a key in force.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    holder = await desk(request).holder(key.strip()) if scheme.lower() == "bearer" and key else None
    if holder is None:
        raise ProblemError("unauthorised", "send Authorization: Bearer with a key in force", headers=_CHALLENGE)
    act_as(Actor(holder.name, sent_by(request)))
    return holder


def sent_by(request: Request) -> str:
    """Who stands behind the caller, as X-Sent-By tells; empty when it does not. UTF-8, though headers know Latin-1."""
    told = request.headers.get("x-sent-by", "")
    if not told.isascii():
        with suppress(UnicodeError):
            told = told.encode("latin-1").decode()
    return told[:_LONGEST_NAME]


async def authorised(request: Request, municipality: str, scope: Scope) -> Holder:
    """The holder of the request's key.

    Raises:
        ProblemError: 401 without a key in force, 403 when it does not give this right in this municipality.
    """
    holder = await known(request)
    if not holder.may(scope, municipality):
        raise ProblemError("forbidden", f"the key {holder.name!r} lacks scope {scope} in {municipality}")
    return holder


def require(scope: Scope) -> Callable[..., Awaitable[Holder]]:
    """A dependency: the caller has that right in the municipality of the address."""

    async def required(
        request: Request, municipality: str, _key: Annotated[object, Security(_SCHEME)] = None
    ) -> Holder:
        return await authorised(request, municipality, scope)

    return required
