"""S10: somebody is looked up; of whomever protection is not a clear no nothing is told, and nobody learns why."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.delivery.lookups.population import SAME_TIME, Population
from hub.delivery.lookups.registers import Registers
from hub.errors import RefusedError
from hub.model import AddressKind, Guardian, Person, PersonAddress, PersonLookup, PersonNumber, Protected
from hub.model.audit import Act, AuditRow
from hub.model.configuration import PopulationDuty
from hub.model.person import NotTold, PersonAnswer
from hub.service.audit.acting import Actor, act_as
from hub.service.audit.audited import Wish, page
from hub.service.persons.budget import Renewing
from hub.service.protected.protecting import Protecting
from hub.store.engine.database import connect
from tests.builders import a_town
from tests.databases import in_a_folder
from tests.delivery.fake_register import REGISTERS, RegisterSystem, SetTime, number
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN, Stage, staged

STREET, CITY = "Hemliga vägen 7", "Umeå"
HOME = PersonAddress(kind=AddressKind.REGISTERED, lines=(STREET,), postcode="90326", city=CITY)
LENA, ANNA, ERIK = number("19800101980"), number("19830202981"), number("19810303982")
CHILD = number("20150611346")
HERE: dict[str, Any] = {
    "protected": Protected.NO, "name": "Lena Norberg", "address": HOME, "registered_address": HOME,
    "municipality": "2480",
}  # fmt: skip
CLASS = SAME_TIME.total_seconds()


def person(of: PersonNumber = LENA, **more: Any) -> Person:
    return Person(identity_number=of, **HERE | more)


def hidden(of: PersonNumber, protected: Protected = Protected.YES) -> Person:
    return Person(identity_number=of, protected=protected)


def child(*guardians: PersonNumber | None, **more: Any) -> Person:
    return person(CHILD, guardians=[Guardian(identity_number=one, name="Å") for one in guardians], **more)


class Office:
    """A hub's population register, and those who ask."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.time = stage, SetTime()
        self.population = self.another_process()

    def another_process(self) -> Population:
        """The same use case in one more process."""
        stage = self.stage
        protecting = Protecting(stage.writer, stage.readers, stage.seal, stage.rulebook, stage.clock)
        registers = Registers(
            stage.node.connections, stage.writer, stage.seal, stage.rulebook, protecting, stage.clock
        )  # fmt: skip
        made = Population(registers, stage.readers, stage.seal)
        made.time = self.time
        return made

    @property
    def register(self) -> RegisterSystem:
        return REGISTERS[f"{TOWN}/people"]

    async def ask(
        self, of: PersonNumber = LENA, by: str = "anna", *, may_know: bool = True, **more: Any
    ) -> PersonAnswer:
        act_as(Actor("grants", by))
        wanted = {"purpose": "bidrag", "legal_basis": "9 § LOK", "asked_by": by} | more
        lookup = PersonLookup(identity_number=of, **wanted)
        return await self.population.look_up(TOWN, lookup, may_know=may_know)

    def told(self, of: PersonNumber = LENA, **more: Any) -> PersonAnswer:
        return self.stage.run(self.ask(of, **more))

    def why(self, of: PersonNumber = LENA, **more: Any) -> tuple[NotTold | None, str | None]:
        answer = self.told(of, **more)
        assert (answer.outcome, answer.person) == ("manual_handling_required", None)
        return answer.cause, answer.whose

    def rows(self) -> list[AuditRow]:
        """Lookups in the audit, the oldest first."""
        with closing(connect(self.stage.url)) as connection:
            found = page(connection, self.stage.seal, TOWN, Wish(act=Act.PERSON_LOOKED_UP), limit=1000).rows
        return list(reversed(found))

    @property
    def numbers(self) -> list[PersonNumber]:
        """Whom the register was asked of."""
        return [lookup.identity_number for lookup in self.register.asked]


@pytest.fixture
def opening(staging: Callable[..., Stage]) -> Callable[..., Office]:
    def opened(*, people: dict[str, Any] | None = None, **population: Any) -> Office:
        return Office(staging(a_town(population=population, connectors={"people": people or {}})))

    return opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """One on SQLite: what is stored besides the audit is not what these tests are about."""
    with ExitStack() as stack:
        url = stack.enter_context(in_a_folder())
        yield Office(stack.enter_context(staged(url, tmp_path, monkeypatch, a_town(population={}))))


# ---- what is told


def test_of_whomever_protection_is_a_clear_no_all_is_told_at_once(office: Office) -> None:
    office.register.register(person())
    assert office.told(may_know=False) == PersonAnswer(outcome="found", person=person())
    assert office.register.asked[0].asked_by == "anna"


def test_deceased_and_emigrated_are_told_when_protection_is_a_clear_no(office: Office) -> None:
    gone = {"address": None, "registered_address": None, "municipality": None}
    dead = person(LENA, deceased="2019", deregistered="AV", **gone)
    away = person(ANNA, emigrated="", **gone)
    office.register.register(dead, away)
    assert (office.told(LENA).person, office.told(ANNA).person) == (dead, away)


def test_a_number_that_was_replaced_is_reported_and_never_followed(office: Office) -> None:
    office.register.register(person(LENA, replaced_by=ANNA, deregistered="GN"), person(ANNA))
    told = office.told()
    where = {"address": None, "registered_address": None, "municipality": None}
    assert told.person == person(LENA, replaced_by=ANNA, deregistered="GN", **where)
    assert office.numbers == [LENA]


# ---- what is not


def broken_of(register: RegisterSystem, of: PersonNumber, fault: Fault = Fault.REJECTS) -> None:
    register.register(person(of))
    register.breaks(fault, of.digits)


def broken(office: Office, fault: Fault, of: PersonNumber) -> None:
    broken_of(office.register, of, fault)


WAYS: dict[str, tuple[Callable[[Office, PersonNumber], object], NotTold]] = {
    "protected": (lambda o, of: o.register.register(hidden(of)), NotTold.PROTECTED),
    "perhaps protected": (lambda o, of: o.register.register(hidden(of, Protected.UNKNOWN)), NotTold.UNKNOWN),
    "nobody": (lambda _o, _of: None, NotTold.MISSING),
    "another": (lambda o, of: o.register.persons.update({of.digits: person(ERIK)}), NotTold.FAILED),
    "refused": (lambda o, of: broken(o, Fault.REJECTS, of), NotTold.FAILED),
    "no answer": (lambda o, of: broken(o, Fault.LOST, of), NotTold.FAILED),
    "no connection": (lambda o, of: broken(o, Fault.DOWN, of), NotTold.FAILED),
    "a bug": (lambda o, of: broken(o, Fault.BUG, of), NotTold.FAILED),
    "hangs": (lambda o, of: broken(o, Fault.HANGS, of), NotTold.LATE),
}
NUMBERS = dict(zip(WAYS, (number(f"1970{n:02}01980") for n in range(1, 13)), strict=False))


def test_whatever_is_not_told_of_looks_the_same_and_comes_at_the_same_time(office: Office) -> None:
    for name, (happens, _) in WAYS.items():
        happens(office, NUMBERS[name])

    async def story() -> list[PersonAnswer]:
        asking = [asyncio.create_task(office.ask(of, may_know=False)) for of in NUMBERS.values()]
        await office.time.waited_for(len(asking))
        known = [one.answer for one in office.population._under_way.values()]
        while sum(one.done() for one in known) < len(known) - 1:  # all but the one that hangs
            await asyncio.wait([one for one in known if not one.done()], return_when=asyncio.FIRST_COMPLETED)
        office.time.move(CLASS - 0.001)
        await asyncio.wait(asking, timeout=0)  # whoever was to be answered by now is
        assert not any(one.done() for one in asking), "too soon tells something"
        office.time.move(0.001)
        told = await asyncio.gather(*asking)
        await office.population.stop()
        return told

    told = office.stage.run(story())
    assert {one.model_dump_json(exclude_none=True) for one in told} == {'{"outcome":"manual_handling_required"}'}


@pytest.mark.parametrize("name", [name for name, (_, cause) in WAYS.items() if cause is not NotTold.LATE])
def test_whoever_may_know_learns_the_cause_at_once(office: Office, name: str) -> None:
    happens, cause = WAYS[name]
    happens(office, NUMBERS[name])
    assert office.why(NUMBERS[name]) == (cause, "person")


def test_what_takes_longer_is_not_waited_for_by_anybody(office: Office) -> None:
    broken(office, Fault.HANGS, LENA)

    async def story() -> PersonAnswer:
        asking = asyncio.create_task(office.ask())
        await office.time.waited_for(1)
        office.time.move(CLASS)
        told = await asking
        await office.population.stop()
        return told

    assert office.stage.run(story()).cause is NotTold.LATE


def test_a_register_that_tells_of_a_protected_person_all_the_same_is_not_heard(office: Office) -> None:
    for protected in (Protected.YES, Protected.UNKNOWN, None, "J", False, 0):
        leaks = Person.model_construct(identity_number=LENA, **HERE | {"protected": protected})
        office.register.persons[LENA.digits] = leaks
        assert office.why()[0] in {NotTold.PROTECTED, NotTold.UNKNOWN}


# ---- who has custody


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(
    "guardians, cause",
    [
        ((ANNA, ERIK), NotTold.PROTECTED),
        ((ERIK,), NotTold.PROTECTED),
        ((number("19710101980"),), NotTold.MISSING),
        ((number("19720101980"),), NotTold.UNKNOWN),
        ((number("19730101980"),), NotTold.UNKNOWN),
        ((ANNA, None), NotTold.UNKNOWN),
        ((ANNA, ANNA, ANNA), NotTold.UNKNOWN),
    ],
    ids=["one of two", "the only", "nobody", "perhaps", "renumbered", "without a number", "too many"],
)
def test_of_a_child_nothing_is_told_unless_all_who_have_custody_are_a_clear_no(
    office: Office, guardians: tuple[PersonNumber | None, ...], cause: NotTold, *, asked: bool
) -> None:
    office.register.register(child(*guardians), person(ANNA), hidden(ERIK))
    office.register.register(hidden(number("19720101980"), Protected.UNKNOWN))
    office.register.register(person(number("19730101980"), replaced_by=ANNA))
    assert office.why(CHILD, guardians=asked) == (cause, "guardian")


def test_guardians_are_told_where_they_are_asked_for_and_all_are_a_clear_no(office: Office) -> None:
    office.register.register(child(ANNA, LENA), person(ANNA), person(LENA))
    assert office.told(CHILD, guardians=True).person == child(ANNA, LENA)
    assert office.told(CHILD).person == child()
    assert office.numbers == [CHILD, ANNA, LENA] * 2


def test_a_guardian_of_whom_there_is_no_answer_hides_the_child(office: Office) -> None:
    office.register.register(child(ANNA), person(ANNA))
    office.register.breaks(Fault.DOWN, ANNA.digits)
    assert office.why(CHILD)[0] is NotTold.FAILED


def test_of_grown_ups_nobody_is_looked_at_unless_it_is_asked(office: Office) -> None:
    office.register.register(person(ANNA, guardians=[Guardian(identity_number=ERIK)]), hidden(ERIK))
    assert office.told(ANNA).outcome == "found"
    assert office.why(ANNA, guardians=True) == (NotTold.PROTECTED, "guardian")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_flags_are_no_address_comes_out_unless_all_are_a_clear_no(
    office: Office, data: st.DataObject
) -> None:
    """A lenient connector's persons too: what they hold besides a flag was never checked."""
    no = st.just(Protected.NO)
    flag = st.one_of(no, no, st.sampled_from([Protected.YES, Protected.UNKNOWN, None, "no", "N", "", 0, False]))
    known = st.sampled_from([ANNA, ERIK, LENA, None])
    guardians = data.draw(st.lists(known, max_size=3))
    flags = {of.digits: data.draw(flag) for of in (CHILD, ANNA, ERIK, LENA)}
    custody = tuple(Guardian(identity_number=of, name="Å") for of in guardians)
    office.register.persons = {
        digits: Person.model_construct(
            identity_number=PersonNumber(digits), **HERE | {"protected": told, "guardians": custody}
        )
        for digits, told in flags.items()
        if data.draw(st.integers(0, 9))
    }
    asked = data.draw(st.sampled_from([CHILD, ANNA]))
    lookup = {"guardians": data.draw(st.booleans())}
    told = office.told(asked, **lookup)
    custodians = guardians if asked == CHILD or lookup["guardians"] else []
    there = office.register.persons
    clear = all(of and of.digits in there and there[of.digits].protected is Protected.NO for of in (asked, *custodians))
    assert (STREET in told.model_dump_json()) == (told.outcome == "found") == (clear and len(custodians) <= 2)


# ---- the audit


def test_each_lookup_is_on_record_before_the_register_is_asked(opening: Callable[..., Office]) -> None:
    office = opening()
    office.register.register(child(ANNA), hidden(ANNA))
    seen: list[int] = []

    async def meanwhile() -> None:
        seen.append(len(office.rows()))

    office.register.meanwhile = meanwhile
    office.told(CHILD, by="Anna Ek", guardians=True)
    assert seen == [1]
    first, second = office.rows()
    assert (first.who, first.person, first.private) == ("grants", "Anna Ek", '["bidrag", "9 § LOK"]')
    assert first.told == {"connection": "people", "guardians": "asked", "causes": "shown"}
    assert (second.told, second.person) == ({"connection": "people", "of": "guardian"}, "Anna Ek")
    assert first.subject != second.subject
    assert CHILD.digits not in repr((first, second))


def test_the_same_question_by_the_same_person_is_asked_once_and_stands_there_twice(office: Office) -> None:
    office.register.register(person())

    async def both(*who: str) -> list[PersonAnswer]:
        return list(await asyncio.gather(*(asyncio.create_task(office.ask(by=one)) for one in who)))

    one, other = office.stage.run(both("anna", "anna"))
    assert one == other == PersonAnswer(outcome="found", person=person())
    assert len(office.numbers) == 1
    office.stage.run(both("anna", "bo"))
    assert [lookup.asked_by for lookup in office.register.asked] == ["anna", "anna", "bo"]
    assert [row.person for row in office.rows()] == ["anna", "anna", "anna", "bo"]
    office.told()
    assert len(office.numbers) == 4, "an answer is kept no longer than the question lasts"


# ---- the budget


def test_a_days_lookups_are_refused_when_they_are_spent_and_begin_anew_at_midnight(
    opening: Callable[..., Office],
) -> None:
    office = opening(per_day=4)
    office.register.register(person(), child(ANNA), person(ANNA))
    assert office.told(CHILD).outcome == "found"
    assert office.told(may_know=False).outcome == "found"
    with pytest.raises(RefusedError, match="the 4 lookups of people for 2026-11-21 are spent") as refused:
        office.told(may_know=False)
    assert refused.value.code == "lookups-spent"
    office.stage.clock.moment += timedelta(days=1)
    assert office.told(may_know=False).outcome == "found"


def test_a_spent_day_is_a_problem_that_ends_at_midnight_or_with_a_larger_budget(opening: Callable[..., Office]) -> None:
    office = opening(per_day=1)
    stage = office.stage
    renewing = Renewing(stage.writer, stage.readers, stage.rulebook, stage.clock)

    def problems() -> list[str]:
        stage.run(renewing.look())
        return [f"{one.code} {one.connection}: {one.detail}" for one in stage.problems()]

    office.register.register(person())
    office.told()
    assert problems() == []
    for _ in range(2):
        with pytest.raises(RefusedError, match="spent"):
            office.told()
    assert problems() == [
        "lookups-spent people: the 1 lookups of people for 2026-11-21 are spent: per_day, municipality.yaml"
    ]
    stage.clock.moment += timedelta(days=1)
    assert problems() == []
    office.told()
    with pytest.raises(RefusedError, match="spent"):
        office.told()
    raised = PopulationDuty(connection="people", per_day=10)
    stage.run(stage.writer.call(renewing._look, TOWN, raised))
    assert [one.code for one in stage.problems()] == []


def test_a_question_costs_the_same_whatever_the_answer(opening: Callable[..., Office]) -> None:
    office = opening(per_day=6)
    office.register.register(hidden(CHILD))
    for _ in range(2):
        assert office.why(CHILD)[0] is NotTold.PROTECTED
    with pytest.raises(RefusedError, match="spent"):
        office.told()
    assert office.numbers == [CHILD, CHILD]


def test_processes_spend_of_one_budget(opening: Callable[..., Office]) -> None:
    office = opening(per_day=2)
    office.register.register(person())
    office.told()
    office.population = office.another_process()
    office.told()
    with pytest.raises(RefusedError, match="spent"):
        office.told()


# ---- test numbers


TESTED = PersonNumber.parse("193801248471")


def test_published_test_numbers_are_refused_where_the_register_is_the_real_one(
    staging: Callable[..., Stage], tmp_path: Path
) -> None:
    listed = tmp_path / "numbers.csv"
    listed.write_text(f"testpersonnummer\n{LENA.digits[:8]}-{LENA.digits[8:]}\n")
    office = Office(staging(a_town(population={"production": True, "test_numbers": str(listed)})))
    office.register.register(person(), person(TESTED), person(ANNA), child(TESTED))
    for of in (TESTED, LENA):
        with pytest.raises(RefusedError, match="the real register") as refused:
            office.told(of)
        assert refused.value.code == "test-number"
        assert of.digits not in str(refused.value)
    assert office.told(ANNA).outcome == "found"
    assert office.why(CHILD) == (NotTold.UNKNOWN, "guardian")
    assert office.numbers == [ANNA, CHILD]
    listed.unlink()
    with pytest.raises(RefusedError, match="cannot be read"):
        office.told(ANNA)


def test_a_test_register_knows_test_numbers(office: Office) -> None:
    office.register.register(person(TESTED))
    assert office.told(TESTED).outcome == "found"


# ---- a register in trouble


def test_a_register_that_is_down_is_asked_again_only_when_it_is_there(office: Office) -> None:
    office.register.register(person())
    office.register.breaks(Fault.DOWN)
    assert office.why() == (NotTold.FAILED, "person")
    assert office.stage.running("people").gate.failing_since is not None
    asked = len(office.numbers)
    assert office.told().detail == "it does not answer, and is not asked just now"
    assert len(office.numbers) == asked
    office.register.recovers()
    office.stage.clock.moment += timedelta(minutes=10)
    assert office.told().outcome == "found"
    assert office.stage.running("people").gate.is_open


def test_an_account_that_is_refused_pauses_the_connection_and_is_a_problem(opening: Callable[..., Office]) -> None:
    office = opening()
    office.register.register(person())
    office.register.breaks(Fault.REFUSES)
    assert office.told().detail == "wrong password"
    (problem,) = office.stage.problems()
    assert (problem.connection, problem.code, problem.detail) == ("people", "credentials", "wrong password")
    office.register.recovers()
    assert office.why() == (NotTold.PAUSED, "person")
    office.stage.run(office.stage.node.health.set_paused(TOWN, "people", None))
    assert office.told().outcome == "found"


def test_nothing_is_asked_of_a_register_that_is_worked_on(opening: Callable[..., Office]) -> None:
    office = opening(people={"maintenance": [{"weekdays": ["saturday"], "from": "09:00", "until": "13:30"}]})
    assert office.why() == (NotTold.MAINTENANCE, "person")
    assert office.register.asked == []


def test_texts_of_a_register_name_nobody(office: Office) -> None:
    broken(office, Fault.REJECTS, LENA)
    assert office.told().detail == "no such thing as ********"


def test_what_nobody_waits_for_any_more_is_not_asked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    running = office.stage.running("people")
    monkeypatch.setattr(running.ways, "part", 1)
    broken(office, Fault.HANGS, LENA)
    office.register.register(person(ANNA))

    async def story() -> PersonAnswer:
        asking = [asyncio.create_task(office.ask(of)) for of in (LENA, ANNA)]
        await office.time.waited_for(2)
        office.time.move(CLASS)
        _, told = await asyncio.gather(*asking)
        (hangs,) = [one.answer for one in office.population._under_way.values()]
        hangs.cancel()  # there is room again
        await asyncio.wait([hangs])
        await asyncio.sleep(0)
        await office.population.stop()
        return told

    assert office.stage.run(story()).cause is NotTold.LATE
    assert office.numbers == [LENA]


def test_a_process_without_a_part_of_the_register_says_so_of_whomever(office: Office) -> None:
    office.stage.running("people").ways.part = 0
    with pytest.raises(RefusedError, match="other processes have all of people") as refused:
        office.told()
    assert refused.value.code == "connection-elsewhere"
    office.stage.running("people").carries = False
    with pytest.raises(RefusedError, match="calls no system"):
        office.told()
