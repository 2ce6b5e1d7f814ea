"""Files of changes: whoever may be protected first, whatever becomes of the file, and what a delivery is made of."""

import io
from collections.abc import Iterable

from hub.conformance.base import test
from hub.conformance.driver import Bench
from hub.conformance.sources import SourceTests
from hub.model import ChangesFile, Message, PersonChanged, Protected
from hub.sdk import RawItem, RejectedError

MARKS = {15: Protected.YES, 3: Protected.UNKNOWN, 11: Protected.NO}


class ChangesTests(SourceTests):
    """For those that read files in which a population register tells of changes."""

    def read(self, stand: Bench, content: bytes) -> tuple[list[Message], bool]:
        """What a file means as far as it can be read, and whether that is to its end."""
        told: list[Message] = []
        try:
            for item in stand.connector.read_file(io.BytesIO(content)):
                told += stand.connector.translate(item)
        except RejectedError as error:
            stand.said.append(str(error))
            return told, False
        return told, True

    def marked(self, told: Iterable[Message]) -> list[PersonChanged]:
        """Those that mark somebody."""
        marks = {Protected.YES, Protected.UNKNOWN}
        return [one for one in told if isinstance(one, PersonChanged) and one.protected in marks]

    @test
    async def test_whoever_may_be_protected_is_told_first(self) -> None:
        async with self.bench() as stand:
            told, whole = self.read(stand, stand.simulator.marked(20, MARKS))
            assert whole
            assert told == list(stand.simulator.meant())
            marked = self.marked(told)
            assert told[:2] == list(marked)
            assert [one.protected for one in marked] == [Protected.UNKNOWN, Protected.YES]

    @test
    async def test_a_file_that_is_not_whole_marks_whom_it_can_and_tells_nothing_else(self) -> None:
        async with self.bench() as stand:
            content = stand.simulator.marked(20, MARKS)
            meant = self.marked(stand.simulator.meant())
            cut = [self.read(stand, content[: len(content) * tenths // 10]) for tenths in range(3, 10)]
            for told, whole in [*cut, self.read(stand, stand.simulator.short_of_one(20, MARKS))]:
                assert not whole
                assert told == list(meant[: len(told)])
            assert told == cut[-1][0] == list(meant), "what stands in it is told"

    @test
    async def test_a_delivery_says_what_it_is_made_of(self) -> None:
        async with self.bench() as stand:
            read = [self.read(stand, content)[0] for content in stand.simulator.parts(30, 3)]
            files = [told[-1] for told in read if isinstance(told[-1], ChangesFile)]
            assert [(one.part, one.parts) for one in files] == [(1, 3), (2, 3), (3, 3)]
            assert sum(one.posts for one in files) == 30
            persons = [one for told in read for one in told if isinstance(one, PersonChanged)]
            assert len(persons) == 30
            assert {one.delivery for one in persons} == {one.delivery for one in files}, "all of one delivery"
            assert len({one.delivery for one in files}) == 1

    @test
    async def test_no_name_and_no_address_is_kept(self) -> None:
        async with self.bench() as stand:
            items: list[RawItem] = list(stand.connector.read_file(io.BytesIO(stand.simulator.marked(20, MARKS))))
            kept = b"\n".join(item.content for item in items) + repr(items).encode()
            assert not [secret for secret in stand.simulator.secrets() if secret.encode() in kept]
