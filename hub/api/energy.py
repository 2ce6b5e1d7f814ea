"""How long zones were lit and heated in a month, and how long they were booked; and the sensors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.energy import MonthOfEnergy
from hub.model.sensed import SensorAnswer
from hub.planner.lasting import Month
from hub.service.keeping.keys import Scope
from hub.service.zones.energy import as_csv

ROUTER = APIRouter(
    prefix="/v1/{municipality}",
    tags=["figures"],
    dependencies=[Depends(require(Scope.BOOKINGS_READ))],
    responses=problems("not-found", "invalid-request"),
)
_Here = Annotated[Desk, Depends(desk)]
_Month = Annotated[
    str | None,
    Query(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description="as 2026-11, local time; left out: the one that is now"),
]


@ROUTER.get("/sensors")
async def list_sensors(municipality: str, here: _Here) -> list[SensorAnswer]:
    """List the sensors that facilities have, with what each told last, and who has fallen silent."""
    return await here.sensors.all(municipality)


@ROUTER.get("/figures/energy")
async def show_energy(municipality: str, here: _Here, month: _Month = None) -> MonthOfEnergy:
    """Tell of each facility's zones how long they were on and booked, and what its meters counted."""
    return await here.energy.month(municipality, _month(month))


@ROUTER.get(
    "/figures/energy.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_energy(municipality: str, here: _Here, month: _Month = None) -> Response:
    """Give the same as a table for a Swedish spreadsheet: semicolons, and decimal commas."""
    found = await here.energy.month(municipality, _month(month))
    name = f'attachment; filename="energy-{municipality}-{found.month}.csv"'
    return Response(as_csv(found), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _month(told: str | None) -> Month | None:
    return Month.read(told) if told else None
