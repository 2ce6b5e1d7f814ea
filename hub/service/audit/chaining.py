"""Putting the audit's leaves in their chains, a moment after they were committed.

A leaf is put where it is once it can be seen, so nothing committed later ever stands before it; of those that are
first seen together the one that was begun first. Accepting waits for no other and holds nothing of a chain.
"""

from collections.abc import Iterable, Sequence

from hub.service.audit.auditing import head_proof, link, start
from hub.store import audit
from hub.store.audit import Head
from hub.store.engine import places
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.seals.sealing import Seal

LEAVES = 200
"""Of one transaction: no other waits long behind it."""


class Chaining:
    """Any number of processes may do it: one at a time does."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal) -> None:
        self._writer, self._readers, self._seal = writer, readers, seal

    async def chain(self) -> int:
        """Put all that is loose in place; gives how many leaves."""
        done = 0
        while await self._readers.read(audit.is_loose):
            some = await self._writer.do(self._chain, None, behind=True)
            if not some:
                break
            done += some
        return done

    def _chain(self, connection: Connection, asked: list[None]) -> list[int]:
        connection.hold([places.CHAINING])
        return [chained(connection, self._seal)] * len(asked)


def chained(connection: Connection, seal: Seal) -> int:
    """Put some leaves in place, in this transaction; nobody else does meanwhile. Gives how many."""
    loose = audit.loose(connection, limit=LEAVES)
    for town in sorted({town for _, town, _ in loose}):
        mine = [(id_, proof) for id_, of, proof in loose if of == town]
        end = audit.head(connection, town)
        place, before = (end.place, end.link) if end else (0, start(town))
        placed = list(_placed(seal, mine, place, before))
        audit.put_in_place(connection, placed)
        last, made, _ = placed[-1]
        audit.set_head(connection, town, Head(last, made, head_proof(seal, town, last, made)))
    return len(loose)


def _placed(
    seal: Seal, leaves: Sequence[tuple[int, bytes]], place: int, before: bytes
) -> Iterable[tuple[int, bytes, int]]:
    """(place, link, id) of each, in order."""
    for id_, proof in leaves:
        place, before = place + 1, link(seal, before, proof)
        yield place, before, id_
