"""Deliveries: what is where; and, for operators, tried again or given up."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.api.problems import ProblemError
from hub.clock import micros
from hub.model.booking import Instant
from hub.model.standing import DeliveryPage, Handled
from hub.model.states import Delivery
from hub.service.keeping.keys import Holder, Scope
from hub.service.operators.choosing import Wish
from hub.service.operators.handling import Dismissal

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["deliveries"], responses=problems("not-found"))

_Here = Annotated[Desk, Depends(desk)]
_Operator = Annotated[Holder, Depends(require(Scope.OPERATOR))]


def wish(
    *,
    state: Delivery | None = None,
    connection: Annotated[str | None, Query(max_length=100)] = None,
    resource: Annotated[str | None, Query(max_length=120, description="its zones, and what its bookings own")] = None,
    before: Annotated[Instant | None, Query(description="due before this moment")] = None,
    id: Annotated[int | None, Query(ge=1, le=2**53, description="one of them")] = None,  # noqa: A002 - as it is shown
) -> Wish:
    """Which deliveries the caller means."""
    return Wish(state, connection, resource, micros(before) if isinstance(before, datetime) else None, id)


_Wish = Annotated[Wish, Depends(wish)]
_DryRun = Annotated[bool, Query(description="change nothing: say how many, and which are the first")]


@ROUTER.get("/deliveries", dependencies=[Depends(require(Scope.OPERATOR))])
async def list_deliveries(
    municipality: str,
    here: _Here,
    meant: _Wish,
    after: Annotated[int, Query(ge=0, le=2**53, description="an id; the page begins after it")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    language: Annotated[Literal["sv", "en"], Query(description="of details")] = "en",
) -> DeliveryPage:
    """Tell what is where."""
    return await here.handling.listed(municipality, meant, after=after, limit=limit, language=language)


@ROUTER.post("/deliveries:retry", dependencies=[Depends(require(Scope.OPERATOR))])
async def retry_deliveries(municipality: str, here: _Here, meant: _Wish, *, dry_run: _DryRun = False) -> Handled:
    """Try again, with a fresh start, what is stuck, retrying, awaiting its user or dismissed."""
    return await here.handling.retry(municipality, meant, dry_run=dry_run)


class Reason(BaseModel):
    """Why something is given up."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=500, description="kept in clear: no names of persons")] = ""


@ROUTER.post("/deliveries:dismiss", responses=problems("one-at-a-time", "reason-needed", "invalid-request"))
async def dismiss_deliveries(
    municipality: str,
    here: _Here,
    holder: _Operator,
    meant: _Wish,
    told: Reason | None = None,
    *,
    dry_run: _DryRun = False,
) -> Handled:
    """Give up what is stuck, retrying or awaiting its user (or, when that is said, due) until something else is wanted.

    What takes something away (a revoke, a light-off, a credit) is given up one at a time, with a reason, and stays in
    what `POST /verify` finds. What is in hand just now is left.
    """
    if meant == Wish() and not dry_run:
        raise ProblemError("invalid-request", "say which are meant: by id, state, connection, resource or before")
    dismissal = Dismissal(holder.name, told.reason.strip() if told else "")
    return await here.handling.dismiss(municipality, meant, dismissal, dry_run=dry_run)
