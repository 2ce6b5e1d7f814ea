"""Answers that are given again: only where that is wanted, to who asked, for minutes, and never past a change."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from hub.errors import RefusedError
from hub.model.configuration import PopulationDuty
from hub.model.person import NotTold
from hub.service.protected.protecting import Protecting
from hub.store import changed
from tests.builders import a_town
from tests.delivery.harness import TOWN, Stage
from tests.delivery.test_population import ANNA, CHILD, LENA, STREET, Office, child, hidden, office, person

__all__ = ["office"]
Opening = Callable[..., Office]


@pytest.fixture
def opening(staging: Callable[..., Stage]) -> Opening:
    def opened(**population: Any) -> Office:
        made = Office(staging(a_town(population={"cache_minutes": 10} | population)))
        made.population.kept.seconds = made.time.now
        made.register.register(person())
        return made

    return opened


@pytest.fixture
def keeping(opening: Opening) -> Office:
    return opening()


def protecting(office: Office) -> Protecting:
    stage = office.stage
    return Protecting(stage.writer, stage.readers, stage.seal, stage.rulebook, stage.clock)


def test_no_answer_is_kept_unless_that_is_wanted(office: Office) -> None:
    office.register.register(person())
    assert office.told() == office.told()
    assert len(office.numbers) == 2


@pytest.mark.parametrize("minutes", [-1, 61])
def test_answers_are_kept_for_an_hour_at_the_most(minutes: int) -> None:
    with pytest.raises(ValidationError):
        PopulationDuty(cache_minutes=minutes)


def test_who_asked_is_told_the_same_again_for_minutes_unasked_unpaid_and_on_record(opening: Opening) -> None:
    office = opening(per_day=1)
    assert office.told(may_know=False) == office.told(may_know=False)
    office.time.move(599)
    assert office.told().person == person()
    assert len(office.numbers) == 1
    assert ["kept" in str(row.told) for row in office.rows()] == [False, True, True]
    office.time.move(1)
    with pytest.raises(RefusedError, match="are spent"):
        office.told()


def test_another_person_or_another_purpose_asks_anew(keeping: Office) -> None:
    keeping.told()
    keeping.told(by="bo")
    keeping.told(purpose="annat")
    keeping.told(guardians=True)
    assert len(keeping.numbers) == 4


def test_what_is_not_told_is_asked_anew_each_time(keeping: Office) -> None:
    keeping.register.register(hidden(ANNA), person(LENA, replaced_by=ANNA, deregistered="GN"))
    for _ in range(2):
        assert keeping.why(ANNA) == (NotTold.PROTECTED, "person")
        assert keeping.why(CHILD) == (NotTold.MISSING, "person")
        keeping.told(LENA)
    assert len(keeping.numbers) == 6


def test_a_flag_that_anybody_hears_of_ends_what_is_kept(keeping: Office) -> None:
    keeping.told()
    keeping.register.register(hidden(LENA))
    other = keeping.another_process()
    mine, keeping.population = keeping.population, other
    assert keeping.why(by="bo") == (NotTold.PROTECTED, "person")
    keeping.population = mine
    assert keeping.why() == (NotTold.PROTECTED, "person")


def test_a_guardian_who_is_marked_ends_what_is_kept_of_the_child(keeping: Office) -> None:
    keeping.register.register(child(LENA))
    assert keeping.told(CHILD).outcome == "found"
    keeping.register.register(hidden(LENA))
    keeping.stage.run(protecting(keeping).protect(TOWN, LENA))
    assert keeping.why(CHILD) == (NotTold.PROTECTED, "guardian")


def test_a_file_of_changes_ends_what_is_kept(keeping: Office) -> None:
    keeping.told()
    keeping.register.register(person(name="Lena Ek"))
    keeping.stage.run(keeping.stage.writer.call(lambda c: changed.grow(c, TOWN)))
    told = keeping.told().person
    assert told
    assert told.name == "Lena Ek"


def test_an_answer_that_was_asked_for_before_a_flag_is_not_kept_though_it_comes_after(keeping: Office) -> None:
    async def story() -> None:
        asked = asyncio.Event()
        go_on = asyncio.Event()
        look_up = keeping.register.look_up

        async def slow(lookup: Any) -> Any:
            told = await look_up(lookup)
            asked.set()
            await go_on.wait()
            return told

        keeping.register.look_up = slow  # type: ignore[method-assign]
        first = asyncio.ensure_future(keeping.ask())
        await asked.wait()
        await protecting(keeping).protect(TOWN, ANNA)
        go_on.set()
        assert (await first).outcome == "found"
        await keeping.ask()

    keeping.stage.run(story())
    assert len(keeping.numbers) == 2


def test_nothing_is_given_again_while_the_connection_is_paused_or_when_it_is_another(keeping: Office) -> None:
    keeping.told()
    running = keeping.stage.running("people")
    running.paused = "by-hand"
    assert keeping.why()[0] is NotTold.PAUSED
    running.paused = None
    keeping.told()
    assert len(keeping.numbers) == 1

    async def opened_anew() -> None:
        keeping.stage.node.connections._replace(TOWN, "people", running.settings, None)

    keeping.stage.run(opened_anew())
    keeping.told()
    assert len(keeping.numbers) == 2


def test_a_new_key_file_ends_what_is_kept(keeping: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping.told()
    seal = keeping.stage.seal
    monkeypatch.setattr(seal, "_newest", (b"next", seal._newest[1]))
    keeping.told()
    assert len(keeping.numbers) == 2


def test_what_is_kept_is_sealed_and_known_by_a_keyed_hash(keeping: Office) -> None:
    keeping.told()
    ((name, one),) = keeping.population.kept._kept.items()
    held = repr((name, one)).encode() + name + one.sealed
    assert not [secret for secret in (LENA.digits, LENA.digits[2:], STREET, "Norberg") if secret.encode() in held]
