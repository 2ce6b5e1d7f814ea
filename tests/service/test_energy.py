"""The month in light and heat, as a facility's manager reads it."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.clock import HOUR, micros
from hub.errors import InvalidError
from hub.model import Dim, Quantity
from hub.model.energy import FacilityMonth, MonthOfEnergy, ZoneMonth
from hub.planner.lasting import Month
from hub.service.zones.energy import Energy, as_csv
from hub.store import stretches
from hub.store.engine.database import Connection
from tests.delivery.harness import TOWN, Stage, hour
from tests.service.test_sensing import seen, tell
from tests.service.watched import watched


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    return staging(watched(), watched(key="2481"))


def energy(hall: Stage, month: Month | None = None, *, town: str = TOWN) -> MonthOfEnergy:
    return hall.run(Energy(hall.readers, hall.rulebook, hall.clock).month(town, month))


def facility(hall: Stage, *, town: str = TOWN) -> FacilityMonth:
    (found,) = energy(hall, town=town).facilities
    return found


def zone(hall: Stage, name: str) -> ZoneMonth:
    return next(one for one in facility(hall).zones if one.zone == name)


def told(one: ZoneMonth) -> list[str]:
    return [str(value) for value in (one.on, one.by_hand, one.booked, one.difference, one.unbooked)]


def test_a_zone_is_told_with_what_was_booked_and_what_was_not(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.put("B-2", **hour(180, of="hall.whole", minutes=90))
    hall.at("20:00")
    assert told(zone(hall, "court-1")) == ["3.33", "0.00", "2.50", "0.83", "0.83"]
    assert told(zone(hall, "court-2")) == ["1.92", "0.00", "1.50", "0.42", "0.42"]
    whole = facility(hall)
    assert whole.lit.on == sum(one.on for one in whole.zones)
    assert whole.heated.on == 0
    assert facility(hall, town="2481").lit.booked == 0


def test_what_is_still_on_counts_until_now_and_what_is_booked_later_does_not(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:30")
    assert told(zone(hall, "court-1")) == ["0.75", "0.00", "0.50", "0.25", "0.25"]
    assert not energy(hall).whole


def test_time_by_hand_is_told_apart(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=30)
    hall.hint("lamps", "court-1")
    hall.at("20:00")
    assert told(zone(hall, "court-1")) == ["0.25", "1.17", "1.00", "-0.75", "0.42"]


def test_what_a_closure_took_was_not_booked(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.close_resource("snow", of="hall.court-1")
    hall.at("20:00")
    assert told(zone(hall, "court-1")) == ["0.00", "0.00", "0.00", "0.00", "0.00"]


def test_a_cancelled_booking_was_none(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.cancel()
    hall.at("20:00")
    assert zone(hall, "court-1").booked == 0


def test_a_stretch_over_the_end_of_a_month_is_in_both(hall: Stage) -> None:
    """October 2026 ends with 25 hours on its 25th, and at 23:00 UTC."""
    hall.put("B-1", **hour())
    lane = hall.lane("court-1").id
    begins, ends = datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)

    def lit(c: Connection) -> None:
        stretches.follow(c, [stretches.Now(TOWN, lane, stretches.How.ON)], now=micros(begins) - 2 * HOUR)
        stretches.follow(c, [stretches.Now(TOWN, lane, None)], now=micros(ends) + HOUR)

    hall.run(hall.writer.call(lit))
    (october,) = energy(hall, Month(2026, 10)).facilities
    assert next(one for one in october.zones if one.zone == "court-1").on == 7 * 24 + 1
    assert zone(hall, "court-1").on == 1
    assert energy(hall, Month(2026, 10)).whole


def test_the_facilitys_own_meter_counts_for_it_and_a_zones_for_the_zone(hall: Stage) -> None:
    hall.skip(hours=12)
    meter = [seen(at, value, of="kwh", as_=Quantity.ENERGY) for at, value in ((-60, "100"), (0, "112.5"), (90, "120"))]
    tell(hall, *meter, *(seen(at, value, of="kwh-1", as_=Quantity.ENERGY) for at, value in ((0, "5"), (60, "7.25"))))
    found = facility(hall)
    assert found.kwh == 20
    assert {one.zone: one.kwh for one in found.zones if one.kwh is not None} == {"court-1": Decimal("2.25")}


def test_a_month_that_has_not_begun_is_refused(hall: Stage) -> None:
    with pytest.raises(InvalidError):
        energy(hall, Month(2026, 12))


def test_a_spreadsheet_gets_a_line_a_zone(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("20:00")
    tell(hall, *(seen(at, value, of="kwh", as_=Quantity.ENERGY) for at, value in ((0, "1"), (1, "2.5"))))
    lines = as_csv(energy(hall)).splitlines()
    assert lines[0] == "month;facility;zone;capability;on;by_hand;booked;difference;unbooked;kwh"
    assert lines[1] == "2026-11;hall;court-1;lighting;1,42;0,00;1,00;0,42;0,42;"
    assert lines[-1] == "2026-11;hall;;;;;;;;1,500"
