"""Sources: nothing skipped, nothing counted twice, what changed is known for it, and what is bad is named."""

import gc
import io
import tracemalloc
from collections.abc import Iterable
from datetime import timedelta

import pytest

from hub.conformance.base import Suite, test
from hub.conformance.driver import Bench, Outcome
from hub.model import Message, Observation
from hub.sdk import Callback, CredentialsError, RawItem, RejectedError

MOST_STORIES = 120
"""Of a source that is asked much for each of its things; of more, a seeded few."""
LARGE = 2_000_000
"""Bytes of a file that is called large, with a thousand items at the least and ten thousand at the most."""
MOST_READINGS = 3
"""As often a file is read that seems to take memory: what other threads take meanwhile is counted with it."""
Known = dict[str, str]
"""Versions by source id."""


class SourceTests(Suite):
    """What the three ways of coming in have in common."""

    def meaning(self, stand: Bench, items: Iterable[RawItem]) -> list[Message]:
        """What items mean; every one must mean something."""
        return [message for item in items for message in stand.connector.translate(item)]

    def known(self, items: Iterable[RawItem]) -> Known:
        """What the hub would know items by; an id that stands twice at one version is one item."""
        return {item.source_id: item.version for item in items}

    def sound(self, stand: Bench, items: Iterable[RawItem]) -> tuple[list[Message], list[tuple[str, str]]]:
        """What the good ones mean, and place and reason of the others."""
        messages: list[Message] = []
        refused: list[tuple[str, str]] = []
        for item in items:
            try:
                told = [] if item.fault else list(stand.connector.translate(item))
            except RejectedError as error:
                refused.append((item.place, str(error)))
                stand.said.append(str(error))
            else:
                messages += told
                if item.fault:
                    refused.append((item.place, item.fault))
                    stand.said.append(item.fault)
        return messages, refused


class PollTests(SourceTests):
    """For those that can be asked what is new."""

    async def tell(self, stand: Bench) -> None:
        """Ask to the end, twice over: what comes again has the same ids, and nothing is skipped."""
        stand.simulator.happen(7)
        items, cursors = await self.all_from(stand, None)
        assert self.meaning(stand, items) == list(stand.simulator.emitted())
        stand.simulator.happen(3)
        more, _ = await self.all_from(stand, cursors[-1])
        kept = {item.source_id: item for item in [*items, *more]}
        assert self.meaning(stand, kept.values()) == list(stand.simulator.emitted())
        for cursor in cursors[:-1]:
            page = await stand.look(lambda cursor=cursor: stand.connector.poll(cursor))  # type: ignore[misc]
            assert {item.source_id for item in page.items} <= set(kept)
            assert page.items, "an old cursor gives what came after it, again"

    async def all_from(self, stand: Bench, cursor: str | None) -> tuple[list[RawItem], list[str | None]]:
        """Everything after a cursor, and the cursors on the way."""
        items: list[RawItem] = []
        cursors = [cursor]
        for _ in range(200):
            page = await stand.look(lambda: stand.connector.poll(cursors[-1]))
            items += page.items
            cursors.append(page.cursor)
            if not page.more:
                return items, cursors
        raise AssertionError("there is always more")

    @test
    async def test_nothing_is_skipped_whichever_call_fails(self) -> None:
        await self.with_each_call_broken(self.tell, most=MOST_STORIES)

    @test
    async def test_nothing_is_skipped_though_our_clock_is_two_hours_off(self) -> None:
        await self.with_our_clock_off(self.tell)

    @test
    async def test_a_lasting_fault_is_never_taken_for_nothing_new(self) -> None:
        async def asked(stand: Bench) -> Outcome:
            stand.simulator.happen(3)
            return (await stand.deliver(lambda: stand.connector.poll(None)))[0]

        await self.ends_where_it_should(asked)

    @test
    async def test_a_cursor_at_the_end_stays_there(self) -> None:
        async with self.bench() as stand:
            stand.simulator.happen(3)
            _, cursors = await self.all_from(stand, None)
            page = await stand.connector.poll(cursors[-1])
            assert (list(page.items), page.cursor, page.more) == ([], cursors[-1], False)

    @test
    async def test_what_was_polled_is_understood_without_its_source(self) -> None:
        async with self.bench() as stand:
            stand.simulator.happen(3)
            items, _ = await self.all_from(stand, None)
            calls = stand.network.calls
            first, second = self.meaning(stand, items), self.meaning(stand, items)
            assert first == second
            assert stand.network.calls == calls, "translate asks nobody"


class CallbackTests(SourceTests):
    """For those whose system calls us."""

    @test
    async def test_a_callback_means_what_was_meant_and_a_double_is_known(self) -> None:
        async with self.bench() as stand:
            stand.simulator.happen(5)
            calls = list(stand.simulator.callbacks())
            items = [item for call in calls for item in await stand.connector.receive(call)]
            again = [item for call in calls for item in await stand.connector.receive(call)]
            assert self.meaning(stand, items) == list(stand.simulator.emitted())
            assert self.known(items) == self.known(again)
            assert len(self.known(items)) == len(items)
            stand.simulator.happen(3)
            more = [item for call in stand.simulator.callbacks() for item in await stand.connector.receive(call)]
            kept = {item.source_id: item for item in [*items, *more]}
            assert self.meaning(stand, kept.values()) == list(stand.simulator.emitted()), "taken for what came before"

    @test
    async def test_an_unproven_sender_is_refused(self) -> None:
        async with self.bench() as stand:
            stand.simulator.happen(1)
            for good in stand.simulator.callbacks():
                told = good.headers.items()
                forged = (
                    dict.fromkeys(good.headers, "x"),
                    dict.fromkeys(good.headers, ""),
                    {name: value[:-1] for name, value in told},
                    {name: value[:-1] + ("0" if value[-1:] != "0" else "1") for name, value in told},
                )
                changed = [Callback(good.headers, good.body + b" ")] if stand.simulator.proves_content else []
                unproven = (Callback(headers, good.body) for headers in forged)
                for bad in (*changed, Callback({}, good.body), Callback({}, b""), *unproven):
                    with pytest.raises(CredentialsError):
                        await stand.connector.receive(bad)


class HearsTests(SourceTests):
    """For those that hold a connection over which they are told."""

    async def listen(self, stand: Bench) -> None:
        """Tell all twice, and what cannot be read twice: each is heard as it was meant, under one id."""
        assert stand.connector.pace.clients_at_once == 1, "several processes would each tell what they hear"
        await stand.look(stand.connector.check)
        stand.heard.clear()
        unreadable = ""
        for count in (5, 0, 2) if stand.simulator.has_times else (1, 1, 1, 1, 1, 1):
            stand.simulator.happen(count)
            stand.simulator.tell_all()
            unreadable = stand.simulator.tell_unreadable()
            await self._all_heard(stand)
            stand.clock.move(timedelta(seconds=1))
        messages, refused = self._once(stand)
        assert messages == self._meant(stand)
        assert len(refused) == 1, "what cannot be read has one id, however often it is told"
        assert unreadable in "".join(refused[0])

    async def _all_heard(self, stand: Bench) -> None:
        """Wait for the last of what was told."""

        async def heard() -> bool:
            known = {(item.source_id, item.version) for item in stand.heard if not item.fault}
            return len(known) >= len(stand.simulator.emitted())

        assert await stand.becomes(heard), f"not heard: the last of what was told; {stand.said}"

    def _once(self, stand: Bench) -> tuple[list[Message], list[tuple[str, str]]]:
        """What was heard, doubles left out as the hub knows them."""
        once = {(item.source_id, item.version): item for item in stand.heard}
        return self.sound(stand, once.values())

    def _meant(self, stand: Bench) -> list[Message]:
        """What should have been heard; without times of its own it is of our clock's."""
        meant = list(stand.simulator.emitted())
        return meant if stand.simulator.has_times else [_moved(one, stand.skew) for one in meant]

    @test
    async def test_what_is_told_over_its_link_is_heard_as_it_was_meant_and_a_double_is_known(self) -> None:
        async with self.bench() as stand:
            await self.listen(stand)

    @test
    async def test_what_is_heard_is_right_though_our_clock_is_two_hours_off(self) -> None:
        await self.with_our_clock_off(self.listen)


def _moved(message: Message, by: timedelta) -> Message:
    if not isinstance(message, Observation):
        return message
    at = message.at + by
    return message.model_copy(update={"at": at, "source_id": f"{message.sensor}@{at.isoformat()}"})


class FileTests(SourceTests):
    """For those that read files."""

    def read(self, stand: Bench, content: bytes) -> list[RawItem]:
        """All items of a file."""
        return list(stand.connector.read_file(io.BytesIO(content)))

    @test
    async def test_a_file_means_what_was_meant_and_a_second_reading_is_known(self) -> None:
        async with self.bench() as stand:
            content = stand.simulator.file(50)
            items = self.read(stand, content)
            assert self.meaning(stand, items) == list(stand.simulator.meant())
            assert self.known(items) == self.known(self.read(stand, content))
            assert len(self.known(items)) == len(items)
            assert all(item.place for item in items), "every item says where it stood"

    @test
    async def test_what_changed_has_another_version_and_nothing_else_has(self) -> None:
        async with self.bench() as stand:
            one = self.known(self.read(stand, stand.simulator.file(20)))
            items = self.read(stand, stand.simulator.file(20, changed=frozenset({3, 7})))
            two = self.known(items)
            assert set(one) == set(two), "a thing keeps its id when it changes"
            assert sum(one[key] != two[key] for key in one) == 2
            assert self.meaning(stand, items) == list(stand.simulator.meant())

    @test
    async def test_what_is_in_the_next_file_is_not_taken_for_a_double(self) -> None:
        async with self.bench() as stand:
            one, two = (self.known(self.read(stand, stand.simulator.file(20, first=first))) for first in (0, 20))
            assert set(one).isdisjoint(two)

    @test
    async def test_a_bad_item_is_named_and_stops_no_other(self) -> None:
        async with self.bench() as stand:
            content, place = stand.simulator.with_a_bad_item(20)
            messages, refused = self.sound(stand, self.read(stand, content))
            assert messages == list(stand.simulator.meant())
            assert len(refused) == 1
            assert place in refused[0][0]
            assert refused[0][1], "it says why"

    @test
    async def test_a_file_cut_short_loses_no_whole_item_and_invents_none(self) -> None:
        async with self.bench() as stand:
            content = stand.simulator.file(20)
            meant = list(stand.simulator.meant())
            for cut in range(len(content) // 2, len(content) - 1, max(1, len(content) // 200)):
                messages: list[Message] = []
                try:
                    for item in stand.connector.read_file(io.BytesIO(content[:cut])):
                        messages += self.sound(stand, [item])[0]
                except RejectedError:
                    assert messages == meant[: len(messages)]
                    continue
                assert messages == meant[: len(messages)]
                assert len(messages) >= content[:cut].count(b"\n") - (content.count(b"\n") - len(meant)) - 1

    @test
    async def test_another_encoding_or_no_content_is_refused_whole(self) -> None:
        async with self.bench() as stand:
            text = stand.simulator.file(3)
            for wrong in (text.decode().encode("utf-16"), b"", b"\x00" * 500, b"PK\x03\x04" + text):
                with pytest.raises(RejectedError):
                    self.read(stand, wrong)

    @test
    async def test_a_large_file_is_read_in_the_memory_of_a_small_one(self) -> None:
        async with self.bench() as stand:
            few = stand.simulator.file(100)
            many = stand.simulator.file(min(10_000, max(1_000, LARGE // len(few) * 100)))
            least, _ = self._grown(stand, few)
            for readings_left in reversed(range(MOST_READINGS)):
                most, count = self._grown(stand, many)
                assert count == len(stand.simulator.meant())
                if most - least < len(many) / 2:
                    break
                assert readings_left, (
                    f"{most} bytes for a file of {len(many)}, {least} for one of {len(few)}: reads all first"
                )

    def _grown(self, stand: Bench, content: bytes) -> tuple[int, int]:
        """Bytes of memory that all of the process takes at the most while it reads; and how many items there are."""
        file = io.BytesIO(content)
        gc.collect()
        tracemalloc.start()
        try:
            count = sum(1 for _ in stand.connector.read_file(file))
            return tracemalloc.get_traced_memory()[1], count
        finally:
            tracemalloc.stop()
