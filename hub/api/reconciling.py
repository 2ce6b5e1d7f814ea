"""Reconciling: what stands in a system against what the hub thinks, and what is to be done about each difference."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.clock import micros
from hub.model.audit import Act
from hub.model.booking import Instant
from hub.model.findings import Finding, Reconciled, What
from hub.service.keeping.keys import Holder, Scope
from hub.service.operators.handling import Dismissal

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["connections"], responses=problems("not-found"))

_Here = Annotated[Desk, Depends(desk)]
_Operator = Annotated[Holder, Depends(require(Scope.OPERATOR))]
_Language = Annotated[Literal["sv", "en"], Query(description="of details")]
_Id = Annotated[int, Path(ge=1, le=2**53)]


class Why(BaseModel):
    """Why it is decided so."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=500, description="kept in clear: no names of persons")] = ""


class Silence(Why):
    """Until when it is silent, and why."""

    until: Instant


def _said(holder: Holder, told: Why | None) -> Dismissal:
    return Dismissal(holder.name, told.reason.strip() if told else "")


@ROUTER.post(
    "/connections/{name}:reconcile",
    responses=problems("connection-held", "nothing-is-sent", "claimed-again", "in-hand"),
)
async def reconcile_connection(
    municipality: str,
    name: str,
    here: _Here,
    holder: _Operator,
    apply: Annotated[
        tuple[What, ...], Query(description="kinds of findings that are made as they should be, unless decided upon")
    ] = (),
    language: _Language = "en",
) -> Reconciled:
    """Compare what stands in the system with what the hub thinks; changes nothing, unless `apply` says what to mend.

    Only what carries our mark is told by its key and ever touched; what others have made is counted, where it is told.
    """
    await here.witness.saw(municipality, Act.CONNECTION_RECONCILED, name)
    found = await here.reconciler.reconcile(municipality, name, language=language)
    if not apply or not await here.findings.revoke_all(municipality, name, apply, Dismissal(holder.name, "applied")):
        return found
    mended = await here.findings.listed(municipality, name, language=language)
    return found.model_copy(update={"findings": tuple(mended)})


@ROUTER.get("/findings", dependencies=[Depends(require(Scope.OPERATOR))])
async def list_findings(
    municipality: str,
    here: _Here,
    connection: Annotated[str | None, Query(max_length=100)] = None,
    language: _Language = "en",
) -> list[Finding]:
    """Tell what stands otherwise than the hub thinks, as it was found last, and what has been decided of it."""
    return await here.findings.listed(municipality, connection, language=language)


@ROUTER.post("/findings/{finding}:adopt", responses=problems("reason-needed", "in-hand", "only-ignored"))
async def adopt_finding(municipality: str, finding: _Id, here: _Here, holder: _Operator, told: Why) -> Finding:
    """Let it stay, with a reason: a grant until its last window has ended, else until something else is wanted."""
    return await here.findings.adopt(municipality, finding, _said(holder, told))


@ROUTER.post(
    "/findings/{finding}:revoke", responses=problems("nothing-is-sent", "claimed-again", "in-hand", "only-ignored")
)
async def revoke_finding(
    municipality: str, finding: _Id, here: _Here, holder: _Operator, told: Why | None = None
) -> Finding:
    """Make it as it should be: what no booking asks for is taken away and read as gone, the rest comes back."""
    return await here.findings.revoke(municipality, finding, _said(holder, told))


@ROUTER.post("/findings/{finding}:ignore")
async def ignore_finding(municipality: str, finding: _Id, here: _Here, holder: _Operator, told: Silence) -> Finding:
    """Be silent about it until a time."""
    return await here.findings.ignore(municipality, finding, _said(holder, told), micros(told.until))
