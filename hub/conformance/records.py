"""Records: each arrives once and as it was, or a person is asked. Persons: told of only as they may be."""

import random
from datetime import timedelta
from itertools import product
from typing import Any, ClassVar

import pytest

from hub.conformance import record_examples
from hub.conformance.base import Suite, test
from hub.conformance.driver import Bench, Outcome
from hub.conformance.faults import Fault
from hub.conformance.network import FAULTS
from hub.model import Person, PersonLookup, Protected
from hub.sdk import Misbehaviour, Notifier, OnUnknown, RepeatsSafely, on_unknown

PAIRS_WITHIN = timedelta(seconds=24)
"""How long two faults in a row may take, were each pair to cost the connector's patience; of more, a seeded few."""


class RecordTests(Suite):
    """What registries, ledgers and messages have in common."""

    send: ClassVar[str]
    find: ClassVar[str]

    @property
    def examples(self) -> tuple[Any, ...]:
        """Awkward but legal records, that such a connector takes."""
        raise NotImplementedError

    @property
    def unknown(self) -> OnUnknown:
        """What an unknown outcome means here."""
        return on_unknown(self.connector)

    def sought(self, record: Any, key: str | None = None) -> Any:  # noqa: ANN401 - of any kind
        """What a record is looked for by; `key`: that of another."""
        return record.key if key is None else key

    async def deliver(self, stand: Bench, record: Any, *, ask_first: bool = False) -> Outcome:  # noqa: ANN401 - of any kind
        """Send, ask, resend, as the hub does; what was done has a reference to show."""
        find = getattr(stand.connector, self.find, None)
        outcome, receipt = await stand.record(
            lambda: getattr(stand.connector, self.send)(record),
            self.unknown,
            (lambda: find(self.sought(record))) if find else None,
            ask_first=ask_first,
        )
        assert outcome is not Outcome.DONE or (receipt and receipt.reference), "no reference to show anyone"
        return outcome

    def arrived(self, stand: Bench) -> list[Any]:
        """Everything that has, each time that it has."""
        return list(stand.simulator.records())

    @test
    async def test_every_record_arrives_once_as_it_was(self) -> None:
        async with self.bench() as stand:
            for record in self.examples:
                assert await self.deliver(stand, record) is Outcome.DONE
            assert self.arrived(stand) == [stand.simulator.keeps(record) for record in self.examples]

    @test
    async def test_no_fault_makes_two_or_hides_a_loss(self) -> None:
        async def story(stand: Bench) -> None:
            self.judge(stand, await self.deliver(stand, self.examples[1]))

        await self.with_each_call_broken(story)

    @test
    async def test_no_two_faults_in_a_row_make_two_or_hide_a_loss(self) -> None:
        async with self.bench() as stand:
            await self.deliver(stand, self.examples[0])
            calls = stand.network.calls
        faults = self.applicable(FAULTS)
        pairs = list(product(range(1, calls + 1), faults, faults))
        most = min(len(pairs), PAIRS_WITHIN // self.patience)

        async def broken(at: int, first: Fault, second: Fault) -> None:
            async with self.bench(first, at) as stand:
                stand.network.then = second
                try:
                    self.judge(stand, await self.deliver(stand, self.examples[0]))
                except BaseException as error:
                    error.add_note(f"kit: {first.name} at call {at} of {calls}, then {second.name}")
                    raise

        await self.all_of(broken(*pair) for pair in random.Random(calls).sample(pairs, most))

    @test
    async def test_every_record_arrives_once_though_our_clock_is_two_hours_off(self) -> None:
        async def story(stand: Bench) -> None:
            for record in self.examples:
                assert await self.deliver(stand, record) is Outcome.DONE
            assert self.arrived(stand) == [stand.simulator.keeps(record) for record in self.examples]

        await self.with_our_clock_off(story)

    def judge(self, stand: Bench, outcome: Outcome) -> None:
        """Once, as far as the system can be asked; and done only when it is there."""
        count = len(self.arrived(stand))
        if outcome is Outcome.DONE:
            assert count == 1 if self.unknown is not OnUnknown.REPEAT else count >= 1
        else:
            careful = self.unknown is OnUnknown.STOP and outcome is Outcome.STUCK
            assert careful or outcome is Outcome.WAITING, (outcome, stand.said)
            assert count <= 1 or self.unknown is OnUnknown.REPEAT

    @test
    async def test_a_node_that_takes_over_asks_and_gets_the_same_reference(self) -> None:
        if self.unknown is not OnUnknown.ASK:
            pytest.skip("exempt, it cannot be asked: delivery stops, or repeats")
        async with self.bench() as stand:
            for _ in range(2):
                assert await self.deliver(stand, self.examples[0], ask_first=True) is Outcome.DONE
            assert len(self.arrived(stand)) == 1
            sent = await getattr(stand.connector, self.find)(self.sought(self.examples[0]))
            assert sent is not None
            assert sent.reference

    @test
    async def test_finding_creates_nothing_and_finds_nothing_of_others(self) -> None:
        if self.unknown is not OnUnknown.ASK:
            pytest.skip("exempt, it cannot be asked: delivery stops, or repeats")
        async with self.bench() as stand:
            await self.deliver(stand, self.examples[0])
            key = self.examples[0].key
            for other in (f"{key}1", key[:-1], "nothing"):
                found = await getattr(stand.connector, self.find)(self.sought(self.examples[0], other))
                assert found is None, f"{other} is taken for {key}"
            assert len(self.arrived(stand)) == 1

    @test
    async def test_sending_again_leaves_one_where_that_is_promised(self) -> None:
        if not issubclass(self.connector, RepeatsSafely):
            pytest.skip("exempt, it does not promise that a second one is known for the first")
        async with self.bench() as stand:
            references = set()
            for _ in range(2):
                _, receipt = await stand.deliver(lambda: getattr(stand.connector, self.send)(self.examples[0]))
                references.add(receipt.reference)
            assert len(references) == 1, "the second is known for the first by its reference"

    @test
    async def test_a_refusal_in_its_own_words_is_for_a_person(self) -> None:
        self.can(Misbehaviour.REFUSES)
        async with self.bench() as stand:
            stand.simulator.misbehave(Misbehaviour.REFUSES)
            assert await self.deliver(stand, self.examples[0]) is Outcome.STUCK
            assert self.arrived(stand) == []

    @test
    async def test_a_lasting_fault_ends_where_it_should(self) -> None:
        async def send(stand: Bench) -> Outcome:
            outcome = await self.deliver(stand, self.examples[0])
            assert self.arrived(stand) == []
            return outcome

        await self.ends_where_it_should(send)

    @test
    async def test_a_lasting_fault_is_never_taken_for_nothing_there(self) -> None:
        async def find(stand: Bench) -> Outcome:
            return (await stand.deliver(lambda: getattr(stand.connector, self.find)(self.sought(self.examples[0]))))[0]

        if self.unknown is not OnUnknown.ASK:
            pytest.skip("exempt, it cannot be asked: delivery stops, or repeats")
        await self.ends_where_it_should(find)


class RegistryTests(RecordTests):
    """Documents."""

    send, find = "register_document", "find_document"

    @property
    def examples(self) -> tuple[Any, ...]:
        """Of each kind that there is."""
        return record_examples.DOCUMENTS


class FinanceTests(RecordTests):
    """Invoices and credit notes."""

    send, find = "send_invoice", "find_invoice"

    @property
    def examples(self) -> tuple[Any, ...]:
        """Of each kind that there is."""
        return record_examples.INVOICES


class NotifierTests(RecordTests):
    """Messages to people."""

    send, find = "send_notice", "find_notice"

    @property
    def examples(self) -> tuple[Any, ...]:
        """Of the ways that it sends."""
        channels = self.connector.channels if issubclass(self.connector, Notifier) else frozenset()
        return tuple(notice for notice in record_examples.NOTICES if notice.channel in channels)


class AcknowledgementTests(RecordTests):
    """What e-services are told of applications that are registered."""

    send, find = "acknowledge", "find_acknowledgement"

    @property
    def examples(self) -> tuple[Any, ...]:
        """Of numbers as registries write them."""
        return record_examples.ACKNOWLEDGEMENTS

    def sought(self, record: Any, key: str | None = None) -> Any:  # noqa: ANN401 - of any kind
        """All of it; of another, its number is another too."""
        return record if key is None else record.model_copy(update={"key": key, "number": f"{record.number} {key}"})


class PopulationTests(Suite):
    """Who somebody is, and what may not be told."""

    def looking(self, person: Person) -> PersonLookup:
        """A question with its reasons."""
        return PersonLookup(
            identity_number=person.identity_number,
            purpose="grants",
            legal_basis="9 § LOK",
            asked_by="handler",
            guardians=bool(person.guardians),
        )

    async def told(self, stand: Bench, person: Person) -> Person | None:
        """What the register tells; custody is asked for where it can say."""
        lookup = self.looking(stand.simulator.keeps(person))
        found: Person | None = await stand.look(lambda: stand.connector.look_up(lookup))
        return found

    @pytest.mark.parametrize("person", record_examples.PERSONS, ids=record_examples.PERSON_NAMES)
    @test
    async def test_whoever_is_registered_is_told_of_as_they_may_be(self, person: Person) -> None:
        async with self.bench() as stand:
            stand.simulator.register(person, knows=record_examples.KNOWN)
            assert await self.told(stand, person) == stand.simulator.keeps(person)

    @test
    async def test_who_has_custody_is_told_only_where_it_is_asked(self) -> None:
        async with self.bench() as stand:
            child = record_examples.CHILD
            stand.simulator.register(child, knows=record_examples.KNOWN)
            alone = child.model_copy(update={"guardians": ()})
            assert await self.told(stand, alone) == stand.simulator.keeps(alone)

    @test
    async def test_nobody_is_none(self) -> None:
        async with self.bench() as stand:
            assert await self.told(stand, record_examples.PERSONS[0]) is None

    @test
    async def test_one_person_is_never_taken_for_another(self) -> None:
        async with self.bench() as stand:
            one, *others = record_examples.PERSONS
            for person in others:
                stand.simulator.register(person, knows=record_examples.KNOWN)
            assert await self.told(stand, one) is None

    @test
    async def test_no_fault_tells_more_or_another_than_there_is(self) -> None:
        async def story(stand: Bench) -> None:
            for person in record_examples.PERSONS:
                stand.simulator.register(person, knows=record_examples.KNOWN)
                assert await self.told(stand, person) == stand.simulator.keeps(person)

        await self.with_each_call_broken(story)

    @test
    async def test_our_clock_two_hours_off_tells_nobody_another_thing(self) -> None:
        async def story(stand: Bench) -> None:
            for person in record_examples.PERSONS:
                stand.simulator.register(person, knows=record_examples.KNOWN)
                assert await self.told(stand, person) == stand.simulator.keeps(person)

        await self.with_our_clock_off(story)

    @test
    async def test_a_lasting_fault_is_never_taken_for_nobody(self) -> None:
        async def asked(stand: Bench) -> Outcome:
            lookup = self.looking(record_examples.PERSONS[0])
            return (await stand.deliver(lambda: stand.connector.look_up(lookup)))[0]

        await self.ends_where_it_should(asked)

    @pytest.mark.parametrize("protected", [Protected.YES, Protected.UNKNOWN])
    @test
    async def test_a_protected_persons_address_comes_nowhere(self, protected: Protected) -> None:
        async with self.bench() as stand:
            person = Person(identity_number=record_examples.PERSONS[0].identity_number, protected=protected)
            stand.simulator.register(person, knows=record_examples.KNOWN)
            found = await self.told(stand, person)
            text = repr(found) + (found.model_dump_json() if found else "")
            assert found is not None
            assert found.protected is protected, "protection that is not known is not a no"
            assert not [secret for secret in record_examples.KNOWN.values() if secret in text]
