"""What operators see and do: resources, deliveries, problems, connections, readiness, everything counted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.answers import SpareCodeAnswer
from hub.model.audit import Act
from hub.model.booking import Instant
from hub.model.standing import (
    ConnectionAnswer,
    ProblemAnswer,
    Readiness,
    ResourceAnswer,
    Retried,
    StatusAnswer,
    Tested,
    ZoneLine,
)
from hub.service.keeping.keys import Holder, Scope

ROUTER = APIRouter(prefix="/v1/{municipality}", responses=problems("not-found"))

_Here = Annotated[Desk, Depends(desk)]
_READ = [Depends(require(Scope.BOOKINGS_READ))]
_OPERATE = [Depends(require(Scope.OPERATOR))]


@ROUTER.get("/resources", tags=["resources"], dependencies=_READ)
async def list_resources(municipality: str, here: _Here) -> list[ResourceAnswer]:
    """List resources, with their identities in each system."""
    return await here.resources.listed(municipality)


@ROUTER.get("/resources/{resource}", tags=["resources"], dependencies=_READ)
async def get_resource(municipality: str, resource: str, here: _Here) -> ResourceAnswer:
    """Give one resource, what its targets should be like now, and who claims them."""
    return await here.resources.one(municipality, resource)


@ROUTER.get("/zones:explain", tags=["resources"], dependencies=_OPERATE, responses=problems("invalid-request"))
async def explain_zone(
    municipality: str,
    here: _Here,
    zone: Annotated[str, Query(max_length=200, description="its key, its name, or facility/zone")],
    since: Annotated[Instant | None, Query(alias="from", description="left out: now")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="left out: a day later")] = None,
) -> ZoneLine:
    """Tell what a zone should be from hour to hour, and which bookings and rules make each edge."""
    return await here.zone_lines.line(municipality, zone, since, until)


@ROUTER.get("/problems", tags=["problems"], dependencies=_OPERATE)
async def list_problems(
    municipality: str, here: _Here, *, ended: bool = False, language: Annotated[Literal["sv", "en"], Query()] = "en"
) -> list[ProblemAnswer]:
    """Tell causes, not symptoms: the open problems, the oldest first."""
    return await here.operating.problems(municipality, ended=ended, language=language)


@ROUTER.post(
    "/problems/{problem}:retry", tags=["problems"], dependencies=_OPERATE, responses=problems("connection-held")
)
async def retry_problem(municipality: str, problem: Annotated[int, Path(ge=1, le=2**53)], here: _Here) -> Retried:
    """Try what waits behind a problem again."""
    return Retried(deliveries=await here.operating.retry(municipality, problem))


@ROUTER.get("/spare-codes", tags=["problems"], dependencies=_OPERATE)
async def list_spare_codes(municipality: str, here: _Here) -> list[SpareCodeAnswer]:
    """List the spare codes of each facility, without their values: which are free, given, or rest since they were."""
    return await here.sparing.listed(municipality)


@ROUTER.post(
    "/spare-codes/{spare}:changed", tags=["problems"], dependencies=_OPERATE, responses=problems("not-resting")
)
async def spare_code_changed(
    municipality: str, spare: Annotated[int, Path(ge=1, le=2**53)], here: _Here
) -> SpareCodeAnswer:
    """Say of a code that rests that nobody who was told it can use it any more: it is free."""
    return await here.sparing.changed(municipality, spare)


@ROUTER.get("/connections", tags=["connections"], dependencies=_OPERATE)
async def list_connections(municipality: str, here: _Here) -> list[ConnectionAnswer]:
    """List connections and their health."""
    return await here.health.listed(municipality)


@ROUTER.post("/connections/{name}:test", tags=["connections"], dependencies=_OPERATE)
async def test_connection(municipality: str, name: str, here: _Here) -> Tested:
    """Ask the system what it says of itself; changes nothing there."""
    running = here.health.running(municipality, name)
    await here.witness.saw(municipality, Act.CONNECTION_TESTED, name)
    about, failed = await here.health.check(running)
    return Tested(ok=about is not None, failed=failed, about=await _one(here, municipality, name))


@ROUTER.post("/connections/{name}:pause", tags=["connections"])
async def pause_connection(
    municipality: str, name: str, here: _Here, holder: Annotated[Holder, Depends(require(Scope.OPERATOR))]
) -> ConnectionAnswer:
    """Send nothing more to the system until it is resumed."""
    await here.health.set_paused(municipality, name, holder.name)
    return await _one(here, municipality, name)


@ROUTER.post("/connections/{name}:resume", tags=["connections"], dependencies=_OPERATE)
async def resume_connection(municipality: str, name: str, here: _Here) -> ConnectionAnswer:
    """Go on: what waits is due at once."""
    await here.health.set_paused(municipality, name, None)
    return await _one(here, municipality, name)


async def _one(here: Desk, municipality: str, name: str) -> ConnectionAnswer:
    return next(one for one in await here.health.listed(municipality) if one.name == name)


@ROUTER.get("/readiness", tags=["readiness"], dependencies=_READ)
async def get_readiness(
    municipality: str,
    here: _Here,
    hours: Annotated[int, Query(ge=1, le=168)] = 24,
    language: Annotated[Literal["sv", "en"], Query(description="of details")] = "en",
) -> Readiness:
    """Answer whether tonight is ready: resource by resource, each system, with its proof."""
    return await here.readiness.board(municipality, hours=hours, language=language)


@ROUTER.get("/status", tags=["readiness"], dependencies=_READ)
async def get_status(municipality: str, here: _Here) -> StatusAnswer:
    """Count everything."""
    return await here.operating.status(municipality)
