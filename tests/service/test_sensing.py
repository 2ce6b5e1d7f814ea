"""Observations that come in: each once, of sensors that a facility has, an hour a row."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.clock import HOUR, micros
from hub.intake.retention import Forgetting
from hub.model import Observation, ObservationUnit, Quantity
from hub.model.configuration import Retention
from hub.sdk import RawItem
from hub.service.documents.applying import Applying
from hub.service.doors.passing import Passing
from hub.service.incoming.taking_in import From, TakingIn, Understood
from hub.service.zones.sensing import Sensing
from hub.store import intake, noticed, readings
from hub.store.noticed import Noticed
from hub.store.readings import Hour, SensorKey
from tests.builders import SATURDAY
from tests.delivery.harness import TOWN, Stage, hour
from tests.service.watched import watched

_UNITS = {
    Quantity.OCCUPANCY: ObservationUnit.PRESENCE,
    Quantity.ENERGY: ObservationUnit.KILOWATT_HOURS,
    Quantity.TEMPERATURE: ObservationUnit.CELSIUS,
    Quantity.LUX: ObservationUnit.LUX,
}


def seen(minutes: float, value: str, *, of: str = "room", as_: Quantity = Quantity.TEMPERATURE) -> Observation:
    at = SATURDAY + timedelta(minutes=minutes)
    told = {"sensor": of, "quantity": as_, "value": value, "unit": _UNITS[as_], "at": at}
    return Observation.model_validate(told | {"source_id": f"{of}@{at}"})


def tell(hall: Stage, *some: Observation, town: str = TOWN) -> None:
    """Take observations in, in one transaction."""
    sensing = Sensing(hall.rulebook)
    hall.run(hall.writer.call(lambda c: sensing.keep(c, town, "lamps", some, now=hall.now())))


def hours(hall: Stage, of: str = "room", as_: Quantity = Quantity.TEMPERATURE, town: str = TOWN) -> list[Hour]:
    """All hours of a sensor."""
    key = SensorKey("lamps", of, as_)
    numbers = hall.read(readings.sensors, town, [key])
    if key not in numbers:
        return []
    return hall.read(lambda c: readings.hours(c, town, numbers[key], since=0, until=1 << 60))


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    made = staging(watched(), watched(key="2481"))
    made.skip(hours=6)
    return made


def test_an_hour_of_a_sensor_is_one_row_whatever_the_order(hall: Stage) -> None:
    tell(hall, seen(40, "21.5"), seen(-1, "17"))
    tell(hall, seen(0, "18.25"), seen(20, "23"))
    noon, early = micros(SATURDAY), micros(SATURDAY) - HOUR
    assert [(one.hour, one.readings, one.total) for one in hours(hall)] == [(early, 1, 17_000), (noon, 3, 62_750)]
    last = hours(hall)[1]
    assert (last.least, last.most, last.first, last.last) == (18_250, 23_000, 18_250, 21_500)


def test_the_same_time_of_a_sensor_counts_once(hall: Stage) -> None:
    tell(hall, seen(0, "18"), seen(0, "18"))
    tell(hall, seen(0, "18"), seen(1, "20"))
    assert [(one.readings, one.total) for one in hours(hall)] == [(2, 38_000)]


def test_what_no_facility_has_is_not_kept(hall: Stage) -> None:
    tell(hall, seen(0, "18", of="cellar"), seen(0, "5", as_=Quantity.LUX))
    assert hall.rows("SELECT count(*) FROM sensors") == [(0,)]


def test_neither_the_future_nor_the_impossible_is_kept(hall: Stage) -> None:
    tell(hall, seen(9 * 60, "18"), seen(0, "2000000000", of="kwh", as_=Quantity.ENERGY), seen(1, "18"))
    assert [one.readings for one in hours(hall)] == [1]
    assert hours(hall, "kwh", Quantity.ENERGY) == []


def test_a_reading_of_one_municipality_is_none_of_anothers(hall: Stage) -> None:
    tell(hall, seen(0, "18"))
    assert hours(hall, town="2481") == []
    tell(hall, seen(0, "3"), town="2481")
    assert [one.total for one in hours(hall)] == [18_000]


def test_readings_by_themselves_go_and_their_hours_stay(hall: Stage) -> None:
    tell(hall, seen(0, "18"), seen(30, "19"), seen(60, "20"))
    before = micros(SATURDAY + timedelta(minutes=45))
    assert hall.run(hall.writer.call(lambda c: readings.forget_lately(c, TOWN, before=before, limit=1))) == 1
    assert hall.run(hall.writer.call(lambda c: readings.forget_lately(c, TOWN, before=before, limit=5))) == 1
    assert hall.rows("SELECT count(*) FROM readings") == [(1,)]
    assert len(hours(hall)) == 2
    assert hall.run(hall.writer.call(lambda c: readings.forget(c, TOWN, before=before, limit=5))) == 1
    assert len(hours(hall)) == 1


def test_observations_come_in_as_all_else_does_and_a_raw_row_that_is_known_tells_nothing(hall: Stage) -> None:
    taking = TakingIn(
        hall.seal, hall.clock, Applying(hall.seal, hall.rulebook), Passing(hall.rulebook), Sensing(hall.rulebook)
    )
    whence = From(TOWN, "lamps")
    for at, value in ((0, "18"), (30, "20"), (0, "99")):
        one = seen(at, value)
        hashed = taking.hashed(whence, [Understood(RawItem(one.source_id, b"{}", ""), (one,))])
        known = hall.read(lambda c, h=hashed: intake.latest(c, TOWN, "lamps", [h[0].source]))
        hall.run(hall.writer.call(taking.take, taking.batch(whence, hashed, known)))
    assert [(one.readings, one.total) for one in hours(hall)] == [(2, 38_000)]
    assert hall.rows("SELECT count(*) FROM intake") == [(2,)]


def test_hours_stretches_and_what_was_noticed_expire_by_decision_and_what_is_kept_by_itself_without(
    staging: Callable[..., Stage],
) -> None:
    kept = Retention(decision="FN 2027/14", bookings_days=730, readings_days=32)
    one, other = watched(), watched(key="2481")
    hall = staging(
        one.model_copy(update={"municipality": one.municipality.model_copy(update={"retention": kept})}), other
    )
    for town in (TOWN, "2481"):
        hall.put("B-1", **hour(), town=town)
    hall.at("14:00")
    for town in (TOWN, "2481"):
        tell(hall, seen(0, "18"), town=town)
        some = {Noticed("zone.lit_but_unbooked", "hall/court-1", "1")}
        hall.run(hall.writer.call(lambda c, t=town, s=some: noticed.add(c, t, s, now=hall.now())))
    forgetting = Forgetting(hall.writer, hall.seal, hall.rulebook, hall.clock)
    counted = (
        "SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM reading_hours),"
        " (SELECT count(*) FROM stretches), (SELECT count(*) FROM noticed)"
    )
    for days, left in ((1, (2, 2, 6, 2)), (3, (0, 2, 6, 2)), (33, (0, 1, 3, 1))):
        hall.skip(days=days)
        hall.run(forgetting.forget())
        assert hall.rows(counted) == [left]
