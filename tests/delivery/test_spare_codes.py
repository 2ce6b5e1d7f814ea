"""Spare codes of a pool: each is given once, taken back when the door works, and rests until staff says so."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.errors import NotFoundError, RefusedError
from hub.model.configuration import Configuration
from hub.model.event_data import AccessFallback
from hub.model.ladder import Rung, SpareState
from hub.service.doors import allocating
from hub.store import spares
from hub.store.engine.writer import Writer
from tests.delivery.harness import TOWN, Stage, hour
from tests.delivery.test_ladders import BOOKER, CUSTOMER, pause, town, works

Staging = Callable[..., Stage]
FREE, GIVEN, RESTING = SpareState.FREE, SpareState.GIVEN, SpareState.RESTING
TELLING = BOOKER | {"tell_code": True}


def spared(pool: Path, *tells: tuple[int, str], booker: dict[str, Any] | None = None) -> Configuration:
    """The hall of test_ladders; half an hour before a door that is not confirmed it gives a code of the file."""
    more: dict[str, Any] = {"booker": booker} if booker else {}
    made = town(*tells or ((10, "vakt"),), **more)
    hall = made.facilities["hall"]
    assert hall.access
    steps = (Rung(minutes_before=30, spare_codes=f"${{file:{pool}}}"), *hall.access.fallback)
    access = hall.access.model_copy(update={"fallback": steps})
    return made.model_copy(update={"facilities": {"hall": hall.model_copy(update={"access": access})}})


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    file = tmp_path / "reserv"
    file.write_text("73915\n\n82604\n60718\n")
    return file


@pytest.fixture
def hall(staging: Staging, pool: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Its locks are paused from the morning; the pool is read."""
    drawn = iter([f"{n}1" for n in range(1000, 2000)])
    monkeypatch.setattr(allocating, "drawn_pin", lambda _length, **_: next(drawn))
    stage = staging(spared(pool, booker=TELLING))
    pause(stage)
    look(stage)
    return stage


def look(stage: Stage) -> None:
    """As is done every minute."""
    stage.run(stage.sparing.look())


def states(stage: Stage) -> list[str]:
    return [one.state for one in stage.run(stage.sparing.listed(TOWN))]


def told(stage: Stage, number: str = "B-1") -> list[tuple[str, str, str | None]]:
    found = [
        AccessFallback.model_validate_json(event.body)
        for event in stage.events("access.fallback")
        if event.subject == number
    ]
    return [(one.rung, one.state, one.why) for one in found]


def codes(stage: Stage, number: str = "B-1") -> list[str | None]:
    return [one.value for one in stage.view(number).fallback if one.rung == "spare_code"]


def test_a_code_is_given_once_when_the_time_left_falls_under_the_limit(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    hall.at("11:14")
    assert states(hall) == [FREE, FREE, FREE]
    hall.at("11:30")
    assert sorted(states(hall)) == [FREE, FREE, GIVEN]
    assert told(hall) == [("spare_code", "given", None)]
    (code,) = codes(hall)
    (notice,) = hall.mail.to("kim@example.org")
    assert code in {"73915", "82604", "60718"}
    assert f"Använd reservkoden {code}:" in notice.text
    assert "lördag 2026-11-21" in notice.text


def test_a_code_is_in_no_event_and_nowhere_in_clear(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    hall.at("11:30")
    works(hall)
    (code,) = codes(hall)
    assert code
    everything = [
        str(row)
        for table in ("events", "lanes", "rungs", "watches", "deliveries", "audit_leaves")
        for row in hall.rows(f"SELECT * FROM {table}")  # noqa: S608 - the names above
    ]
    assert everything
    assert not [row for row in everything if code in row]
    ((sealed, hash_),) = hall.rows("SELECT sealed, hash FROM spare_codes WHERE rung IS NOT NULL")
    assert code.encode() not in bytes(sealed) + bytes(hash_)


def test_who_may_not_see_codes_sees_that_one_was_given(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    hall.at("11:30")
    view = hall.run(hall.look_up.booking(TOWN, "B-1", with_values=False))
    assert [(one.rung, one.role, one.value) for one in view.fallback] == [("spare_code", "booker", None)]


def test_a_booker_who_is_told_no_codes_is_told_to_ask_for_it(staging: Staging, pool: Path) -> None:
    hall = staging(spared(pool, booker=BOOKER))
    pause(hall)
    look(hall)
    hall.put(customer=CUSTOMER)
    hall.at("11:30")
    (code,), (notice,) = codes(hall), hall.mail.to("kim@example.org")
    assert code
    assert code not in notice.text
    assert "Det finns en reservkod till dig" in notice.text


@pytest.mark.parametrize("protection", ["yes", "unknown"])
def test_the_message_names_nobody(hall: Stage, protection: str) -> None:
    hall.put(customer=CUSTOMER | {"protected": protection})
    hall.at("11:30")
    texts = [notice.text for notice in hall.mail.came]
    assert [text for text in texts if "Testberg" in text] == []


def test_two_bookings_never_have_the_same(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:20")
    assert len({*codes(hall, "B-1"), *codes(hall, "B-2")}) == 2
    assert sorted(states(hall)) == [FREE, GIVEN, GIVEN]


def test_two_that_look_at_once_give_two_bookings_two_codes(hall: Stage) -> None:
    for n in (1, 2):
        hall.put(f"B-{n}", **hour(of=f"hall.court-{n}"))
    hall.at("11:14")
    hall.skip(minutes=1)
    hall.two_look_at_once()
    assert len({*codes(hall, "B-1"), *codes(hall, "B-2")}) == 2
    assert sorted(states(hall)) == [FREE, GIVEN, GIVEN]
    assert [told(hall, f"B-{n}") for n in (1, 2)] == [[("spare_code", "given", None)]] * 2


def test_two_processes_that_take_at_once_take_two(hall: Stage) -> None:
    other = Writer(hall.url)

    async def both() -> list[int | None]:
        def taking(writer: Writer) -> Any:
            return writer.call(lambda c: spares.take(c, TOWN, "hall", now=hall.now()))

        return list(await asyncio.gather(*(taking(one) for one in (hall.writer, other) for _ in range(3))))

    try:
        taken = hall.run(both())
    finally:
        other.stop()
    assert len([one for one in taken if one is not None]) == len({*taken} - {None}) == 3


@pytest.mark.parametrize(
    "where",
    ["hub.store.spares.belongs", "hub.store.ladders.give", "hub.store.lanes.raise_all", "hub.store.lanes.take"],
)
def test_a_death_while_a_code_is_given_neither_gives_two_nor_loses_one(
    hall: Stage, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    hall.put(customer=CUSTOMER)
    hall.at("11:14")
    hall.skip(minutes=2)
    hall.dies_at(monkeypatch, where)
    assert states(hall) == [FREE, FREE, FREE]
    hall.restart()
    hall.at("11:30")
    assert sorted(states(hall)) == [FREE, FREE, GIVEN]
    assert told(hall) == [("spare_code", "given", None)]


def test_it_is_withdrawn_when_the_door_works_after_all_and_rests(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    hall.at("11:20")
    works(hall)
    hall.at("11:30")
    assert told(hall) == [("spare_code", "given", None), ("spare_code", "withdrawn", "works")]
    texts = [notice.text for notice in hall.mail.to("kim@example.org") if "reservkoden" in notice.text]
    assert "Använd det, och inte reservkoden:" in texts[-1]
    assert sorted(states(hall)) == [FREE, FREE, RESTING]
    look(hall)
    assert sorted(states(hall)) == [FREE, FREE, RESTING], "its line says nothing of who knows it"


def test_it_rests_when_the_booking_is_over_or_gone(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:20")
    hall.cancel("B-2")
    assert sorted(states(hall)) == [FREE, GIVEN, RESTING]
    hall.at("14:30")
    assert sorted(states(hall)) == [FREE, RESTING, RESTING]


def test_one_that_rests_is_free_when_staff_says_so_and_no_other(hall: Stage) -> None:
    hall.put()
    hall.at("11:20")
    (mine,) = [one for one in hall.run(hall.sparing.listed(TOWN)) if one.state is GIVEN]
    assert mine.number == "B-1"
    with pytest.raises(RefusedError, match="is given"):
        hall.run(hall.sparing.changed(TOWN, mine.id))
    with pytest.raises(NotFoundError):
        hall.run(hall.sparing.changed(TOWN, 77))
    hall.cancel("B-1")
    assert hall.run(hall.sparing.changed(TOWN, mine.id)).state is FREE
    assert states(hall) == [FREE, FREE, FREE]


def test_an_empty_pool_has_the_next_rung_taken_at_once(staging: Staging, pool: Path) -> None:
    pool.write_text("73915\n")
    hall = staging(spared(pool))
    pause(hall)
    look(hall)
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:16")
    first, second = sorted([told(hall, "B-1"), told(hall, "B-2")])
    assert (first, second) == ([("spare_code", "given", None)], [("tell", "given", None)])
    hall.at("11:40")
    assert sorted(len(told(hall, number)) for number in ("B-1", "B-2")) == [1, 2], "each rung is taken once"


def test_a_code_that_is_free_again_is_given_to_whoever_waits_for_one(staging: Staging, pool: Path) -> None:
    pool.write_text("73915\n")
    hall = staging(spared(pool))
    pause(hall)
    look(hall)
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:16")
    pool.write_text("73915\n82604\n")
    look(hall)
    hall.at("11:18")
    assert {*codes(hall, "B-1"), *codes(hall, "B-2")} == {"73915", "82604"}


def test_few_free_codes_are_a_problem_until_there_are_more(staging: Staging, pool: Path) -> None:
    hall = staging(spared(pool))
    pause(hall)
    look(hall)
    assert [one.code for one in hall.problems()] == []
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:20")
    look(hall)
    (problem,) = hall.problems()
    assert (problem.code, problem.connection) == ("spare-codes-low", "locks")
    assert "hall" in problem.detail
    pool.write_text("73915\n82604\n60718\n11223\n")
    look(hall)
    assert hall.problems() == []


@pytest.mark.parametrize("text", [None, "", "\n \n", "73915\nkod två\n"])
def test_a_file_that_cannot_be_used_is_a_problem_and_what_was_known_stands(
    staging: Staging, pool: Path, text: str | None
) -> None:
    hall = staging(spared(pool))
    look(hall)
    pool.unlink() if text is None else pool.write_text(text)
    look(hall)
    assert [one.code for one in hall.problems()] == ["spare-codes-unread"]
    assert states(hall) == [FREE, FREE, FREE]
    pool.write_text("73915\n82604\n60718\n")
    look(hall)
    assert hall.problems() == []


def test_a_file_that_is_not_there_at_the_start_is_a_problem(staging: Staging, tmp_path: Path) -> None:
    hall = staging(spared(tmp_path / "none"))
    look(hall)
    assert sorted(one.code for one in hall.problems()) == ["spare-codes-low", "spare-codes-unread"]


def test_a_code_that_leaves_the_file_is_given_no_more_and_forgotten(hall: Stage, pool: Path) -> None:
    hall.put()
    hall.at("11:20")
    works(hall)
    (rested,) = codes(hall)
    assert rested
    pool.write_text(pool.read_text().replace(rested, "55661"))
    look(hall)
    assert sorted(states(hall)) == [FREE, FREE, FREE, RESTING]
    pool.write_text(pool.read_text().replace("55661", rested))
    look(hall)
    assert RESTING in states(hall), "a file that is read while it is written frees nothing"
    pool.write_text(pool.read_text().replace(rested, "55661"))
    look(hall)
    hall.skip(minutes=6)
    look(hall)
    assert states(hall) == [FREE, FREE, FREE]


def test_a_code_that_somebody_has_is_not_forgotten(hall: Stage, pool: Path) -> None:
    hall.put()
    hall.at("11:20")
    (mine,) = codes(hall)
    assert mine
    pool.write_text("55661\n66772\n")
    look(hall)
    hall.at("11:30")
    look(hall)
    assert codes(hall) == [mine]
    assert sorted(states(hall)) == [FREE, FREE, GIVEN]
