"""What came in expires by decision, and not without one."""

from dataclasses import replace
from datetime import timedelta

from hub.demo.stage import MUNICIPALITY
from hub.model.configuration import Retention
from hub.store.engine.database import Connection
from tests.intake.place import NAME, Place, play

LINES = [f"{n};a;2026-11-{n:02} 18:00;2026-11-{n:02} 19:00;kid-{n}" for n in range(1, 6)]


def decide(place: Place, retention: Retention | None) -> None:
    """The municipality's decision, as if it stood in its folder."""
    known = place.here.hub.rulebook.town(MUNICIPALITY)
    town = known.configuration.municipality.model_copy(update={"retention": retention})
    configuration = known.configuration.model_copy(update={"municipality": town})
    place.here.hub.rulebook._towns[MUNICIPALITY] = replace(known, configuration=configuration)


def later(place: Place, days: int) -> None:
    place.here.clock.move_to(place.here.clock.now() + timedelta(days=days))


def rows(connection: Connection) -> int:
    ((count,),) = connection.rows("SELECT count(*) FROM intake")
    return int(count)


def test_nothing_expires_without_a_decision() -> None:
    async def story(place: Place) -> None:
        await place.send(*LINES, "x;a;bad")
        later(place, 4000)
        await place.intake.forgetting.forget()
        assert await place.here.hub.readers.read(rows) == 6
        assert len(await place.attendance()) == 5

    play(story)


def test_raw_rows_and_attendance_expire_each_by_its_days_and_so_does_the_problem() -> None:
    async def story(place: Place) -> None:
        decide(place, Retention(decision="FN 2027/14", bookings_days=730, intake_days=30, attendance_days=60))
        await place.send(*LINES, "x;a;bad")
        assert len(await place.get("/problems")) == 1
        later(place, 31)
        await place.intake.forgetting.forget()
        assert await place.here.hub.readers.read(rows) == 0
        assert len(await place.attendance()) == 5
        assert await place.get("/problems") == []
        later(place, 9)  # 2 January at 07:00: so long since the second ended, and the third not yet
        await place.intake.forgetting.forget()
        assert [one["code"] for one in await place.attendance()] == ["3", "4", "5"]
        later(place, 30)
        await place.intake.forgetting.forget()
        assert await place.attendance() == []

    play(story)


def test_passages_expire_by_days_of_their_own() -> None:
    async def story(place: Place) -> None:
        decide(place, Retention(decision="FN 2027/14", bookings_days=730, passages_days=30))
        place.source.lines = [f"{n};a;passed;hall-a;2026-11-{n:02}T18:00:00+01:00" for n in (1, 20)]
        await place.post(f"/connections/{NAME}:fetch")
        later(place, 15)
        await place.intake.forgetting.forget()
        assert await place.here.hub.readers.read(lambda c: c.rows("SELECT count(*) FROM passages")) == [(1,)]
        later(place, 15)
        await place.intake.forgetting.forget()
        assert await place.here.hub.readers.read(lambda c: c.rows("SELECT count(*) FROM passages")) == [(0,)]

    play(story)
