"""The audit: what was changed, looked up or shown, by whom and when; for keys that are made for it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.audit import Act, AuditPage
from hub.model.booking import Instant
from hub.service.audit.audited import Wish, sought
from hub.service.keeping.keys import Scope

ROUTER = APIRouter(
    prefix="/v1/{municipality}", tags=["audit"], responses=problems("not-found", "invalid-cursor", "invalid-request")
)


def wish(
    *,
    act: Act | None = None,
    subject: Annotated[str | None, Query(max_length=200, description="a booking number, a connection, ...")] = None,
    who: Annotated[str | None, Query(max_length=200, description="the name of a key; cli; hub")] = None,
    since: Instant | None = None,
    until: Instant | None = None,
    before: Annotated[str | None, Query(max_length=40, description="the `next` of an earlier page")] = None,
) -> Wish:
    """Which rows the caller means. By person they are found on the command line: a name stands in no address."""
    begin, end = (each if isinstance(each, datetime) else None for each in (since, until))
    return Wish(act, subject, who, None, begin, end, before)


@ROUTER.get("/audit")
async def list_audit(
    municipality: str,
    here: Annotated[Desk, Depends(desk)],
    wish: Annotated[Wish, Depends(wish)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    _holder: Annotated[object, Depends(require(Scope.AUDIT_READ))] = None,
) -> AuditPage:
    """Tell what was changed, looked up or shown, the newest first. That it was asked for stands in it too."""
    page = await here.audited.page(municipality, wish, limit=limit)
    await here.witness.saw(municipality, Act.AUDIT_SEEN, "", private=sought(wish), rows=len(page.rows))
    return page
