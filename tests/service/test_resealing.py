"""Sealing anew on both databases: every value, by however many processes, and no change meanwhile is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import DomainClock
from hub.service.keeping import resealing
from hub.service.keeping.resealing import Resealing
from hub.service.keeping.rotating import StillNeededError, counted, retirable
from hub.service.rulebook import Rulebook
from hub.store import codes, connector_state
from hub.store.codes import Code
from hub.store.engine.database import Connection, connect
from hub.store.engine.writer import Readers, Writer
from hub.store.seals import keyring, rotation, sealed
from hub.store.seals.sealed import CODE, COLUMNS, CONNECTOR_STATE
from hub.store.seals.sealing import Seal

TOWNS = ("0180", "2480")
MANY = 230


class Place:
    """A database with many sealed values, and two processes at it."""

    def __init__(self, url: str, file: Path) -> None:
        self.url, self.file = url, file
        self.seals = [Seal(keyring.key_from(file), file) for _ in range(2)]
        self.writers, self.readers = [Writer(url) for _ in range(2)], [Readers(url, threads=1) for _ in range(2)]

    def nodes(self) -> list[Resealing]:
        return [
            Resealing(*told, Rulebook(told[2]), DomainClock(), settled=timedelta(0))
            for told in zip(self.writers, self.readers, self.seals, strict=True)
        ]

    def close(self) -> None:
        for reader, writer in zip(self.readers, self.writers, strict=True):
            reader.stop()
            writer.stop()

    def look(self) -> dict[str, bytes]:
        """Every value, by its place; each must open."""
        seal = Seal(keyring.read(self.file))
        with closing(connect(self.url)) as connection:
            found = [value for one in COLUMNS for value in sealed.after(connection, one, one.start, limit=10_000)]
        assert all(seal.open(value.sealed, value.place) == value.place.encode() for value in found)
        return {value.place: value.sealed for value in found}


@pytest.fixture
def place(database: str, tmp_path: Path) -> Iterator[Place]:
    made = Place(database, tmp_path / "hub.key")
    with closing(connect(database)) as connection, connection.transaction():
        for town in TOWNS:
            fill(connection, made.seals[0], town)
    try:
        yield made
    finally:
        made.close()


def fill(connection: Connection, seal: Seal, town: str) -> None:
    for n in range(MANY):
        where = CONNECTOR_STATE.place(town, f"arx-{n % 3}/k{n}")
        connector_state.put(connection, town, f"arx-{n % 3}", f"k{n}", seal.close(where.encode(), where))
        lane = n + 1 + MANY * TOWNS.index(town)
        at = CODE.place(town, str(lane))
        value = seal.close(at.encode(), at)
        codes.put(connection, [Code(lane, town, "arx", value[:16], 0, 9, "pin", 1, value, 0)])


def told(story: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(within())


async def walk(node: Resealing, url: str, seal: Seal) -> None:
    while not done(url, seal):
        await node.step()


def done(url: str, seal: Seal) -> bool:
    with closing(connect(url)) as connection:
        now = rotation.progress(connection)
    return now is not None and now.key == seal.newest.hex() and now.ended is not None


def test_two_processes_seal_everything_anew_between_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "ROWS", 17)

    async def story() -> None:
        before = place.look()
        assert len(before) == 2 * len(TOWNS) * MANY
        keyring.rotate(place.file, made="2026-12-01")
        both = place.nodes()
        assert await both[0].step()
        await asyncio.gather(*(walk(one, place.url, seal) for one, seal in zip(both, place.seals, strict=True)))
        after = place.look()
        assert after.keys() == before.keys()
        assert all(value.startswith(place.seals[0].newest) for value in after.values())
        with closing(connect(place.url)) as connection:
            old, new = counted(connection, place.seals[0])
            assert (sum(old.values.values()), sum(new.values.values())) == (0, len(after))
            ids = frozenset(retirable(connection, place.seals[0]))
        keyring.retire(place.file, ids)
        assert place.look() == after

    told(story)


def test_what_changes_while_the_walk_goes_on_stands_as_it_was_changed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "ROWS", 5)

    async def story() -> None:
        keyring.rotate(place.file, made="2026-12-01")
        node, seal = place.nodes()[0], place.seals[0]
        walking = asyncio.create_task(walk(node, place.url, seal))
        removed = {f"{town}/connector_state/sealed/arx-0/k{n}" for town in TOWNS for n in range(0, MANY, 3)}
        for town in TOWNS:
            for n in range(0, MANY, 3):
                await place.writers[0].call(connector_state.delete, town, "arx-0", f"k{n}")
                where = CONNECTOR_STATE.place(town, f"arx-0/new-{n}")
                fresh = place.seals[1].close(where.encode(), where)
                await place.writers[0].call(connector_state.put, town, "arx-0", f"new-{n}", fresh)
        await walking
        after = place.look()
        assert not removed & after.keys()
        assert {one for one in after if "/new-" in one} == {
            f"{town}/connector_state/sealed/arx-0/new-{n}" for town in TOWNS for n in range(0, MANY, 3)
        }
        with closing(connect(place.url)) as connection:
            assert [one for one in COLUMNS if sealed.not_under(connection, one, seal.newest, limit=1)] == []

    told(story)


def test_a_value_under_an_old_key_keeps_it_from_being_retired_whatever_the_walk_says(place: Place) -> None:
    async def story() -> None:
        old = Seal(keyring.read(place.file))
        keyring.rotate(place.file, made="2026-12-01")
        node, seal = place.nodes()[0], place.seals[0]
        await walk(node, place.url, seal)
        where = CONNECTOR_STATE.place(TOWNS[0], "arx-0/late")
        late = old.close(where.encode(), where)
        await place.writers[0].call(connector_state.put, TOWNS[0], "arx-0", "late", late)
        with closing(connect(place.url)) as connection, pytest.raises(StillNeededError, match="rotate once more"):
            retirable(connection, seal)

    told(story)


def test_a_process_with_an_older_key_file_seals_nothing_back(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        stale = tmp_path / "elsewhere.key"
        stale.write_text(place.file.read_text())
        keyring.rotate(place.file, made="2026-12-01")
        new, old = place.nodes()
        old._seal = Seal(keyring.read(stale), stale)
        await walk(new, place.url, place.seals[0])
        before = place.look()
        for _ in range(3):
            assert not await old.step()
            assert not await new.step()
        assert old._told is not None
        assert f"lacks key {place.seals[0].newest.hex()}" in old._told
        assert place.look() == before
        stale.write_text(place.file.read_text())
        await old.step()
        assert old._told == ""

    told(story)


def test_where_one_key_has_ever_sealed_there_is_nothing_to_walk(place: Place) -> None:
    async def story() -> None:
        node = place.nodes()[0]
        before = place.look()
        assert not await node.step()
        assert done(place.url, place.seals[0])
        assert place.look() == before

    told(story)
