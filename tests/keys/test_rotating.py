"""Keys are rotated while the hub runs: everything sealed is sealed anew, and then opens with the new key alone."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.app import Hub
from hub.cli.main import knutpunkt
from hub.delivery.reach.connections import SealedState
from hub.errors import ConfigurationError
from hub.model import PersonNumber
from hub.service.keeping import resealing
from hub.settings import Settings
from hub.store import applications, invoices, spares
from hub.store.applications import Applied
from hub.store.engine.database import connect, path_of
from hub.store.invoices import NewInvoice
from hub.store.seals import keyring, rotation, sealed
from hub.store.seals.rotation import Progress
from hub.store.seals.sealed import COLUMNS, Value
from hub.store.seals.sealing import Seal
from tests.builders import occasion, raw_booking
from tests.intake.place import ANNA, BO, Place, play
from tests.scenarios.plays import at

LIST = "{n};a;2026-11-0{n} 18:00;2026-11-0{n} 19:00;" + f"{ANNA}*,{BO}"
KEPT = "a durable string of a connector"


def database(place: Place) -> str:
    return place.here.hub.settings.database


def key(place: Place, *words: str) -> Result:
    """`knutpunkt key ...` on the running hub's database."""
    told = [*words, "--database", database(place)]
    return CliRunner().invoke(knutpunkt, ["key", *told], env={"LANG": "C"}, prog_name="knutpunkt")


def every(place: Place) -> list[Value]:
    connection = connect(database(place))
    found = [value for one in COLUMNS for value in sealed.after(connection, one, one.start, limit=1000)]
    connection.close()
    return found


def progress(place: Place) -> Progress:
    connection = connect(database(place))
    found = rotation.progress(connection)
    connection.close()
    assert found
    return found


async def fill(place: Place) -> None:
    """Something in every column that is sealed; a new column is filled here."""
    await book(place, 1)
    await place.send(LIST.format(n=1), "x;a;bad")
    never = {"url": "https://events.example.se/", "types": ["door.passed"]}
    made = await place.client.put("/subscriptions/core", json=never)
    assert made.is_success, made.text
    drawn = await place.client.put("/documents/D-1", json={"direction": "outgoing", "title": "Beslut"})
    assert drawn.is_success, drawn.text
    hub = place.here.hub
    await SealedState("2480", "arx-tennishallen", hub.writer, hub.readers, hub.seal).put("k", KEPT)
    sealed_invoice = hub.seal.close(b"{}", sealed.INVOICE.place("2480", "K-1.i1"))
    new = NewInvoice("2480", "K-1.i1", "invoice", "K-1", "ledger", None, "formed", sealed_invoice, 0, 0, 0, 0)
    await hub.writer.call(invoices.add, new)
    said = hub.seal.close(b"{}", sealed.APPLICATION.place("2480", "oep:1"))
    await hub.writer.call(applications.add, Applied("2480", "oep:1", "oep", "1", "bidrag", 0, 0, 0, said))
    spare = hub.seal.close(b"73915", sealed.SPARE_CODE.place("2480", "hall/00"))
    await hub.writer.call(lambda c: spares.add(c, "2480", [("hall", b"\0", spare)], now=0))
    assert hub.worker.protecting
    await hub.worker.protecting.protect("2480", PersonNumber.parse("199001019802"))
    assert {value.place.split("/")[1] for value in every(place)} == {one.table for one in COLUMNS}


async def book(place: Place, n: int) -> None:
    one = occasion(f"tennishallen.bana-{n % 4 + 1}", after=60 * n, since=at("2026-11-23 10:00"))
    await place.here.put(raw_booking(f"K-{n}", occasions=[one]))


async def told(place: Place) -> list[Any]:
    """All that is sealed, as callers and connectors get it."""
    booking = await place.get("/bookings/K-1")
    hub = place.here.hub
    kept = await SealedState("2480", "arx-tennishallen", hub.writer, hub.readers, hub.seal).get("k")
    return [booking["booking"], booking["credentials"], await place.attendance(), kept]


async def troubles(place: Place) -> list[dict[str, Any]]:
    """The problems of keys."""
    return [one for one in await place.get("/problems", language="sv") if one["connection"] == "key-file"]


async def walked(place: Place) -> None:
    """Wait until everything is under the newest key, without the minute in which the old one may still be used."""
    walk = place.here.hub.worker.resealing
    assert walk
    walk._settled = 0
    async with asyncio.timeout(20):
        await walk.step()
        while progress(place).ended is None or progress(place).key != place.here.hub.seal.newest.hex():
            await walk.step()


def test_everything_sealed_is_sealed_anew_while_the_hub_runs_and_the_old_key_is_retired() -> None:
    async def story(place: Place) -> None:
        await fill(place)
        before, old = await told(place), place.here.hub.seal.newest
        assert key(place, "rotate").exit_code == 0
        await book(place, 2)
        await walked(place)
        new = place.here.hub.seal.newest
        assert new != old
        assert [value for value in every(place) if not value.sealed.startswith(new)] == []
        assert await told(place) == before
        retired = key(place, "retire")
        assert retired.exit_code == 0, retired.output
        assert "keep a copy of the old key file" in retired.output
        alone = Seal(keyring.read(place.here.hub.key_file))
        assert [one.id for one in alone.keys.sealing] == [new]
        assert all(alone.open(value.sealed, value.place) for value in every(place))
        assert await troubles(place) == []
        report = await place.send(LIST.format(n=1))
        assert report["doubles"] == 1, "what is known by a keyed hash is known still"
        assert (await place.client.put("/bookings/K-1", json=before[0])).json()["outcome"] == "unchanged"

    play(story)


def test_a_database_from_before_keys_had_ids_is_read_and_sealed_anew() -> None:
    def of_one_key(home: Path) -> None:
        (home / "demo.key").write_text((b"7" * 32).hex() + "\n")

    async def story(place: Place) -> None:
        await fill(place)
        without_ids(place)
        first = place.here.hub.seal.newest
        assert not [value for value in every(place) if value.sealed.startswith(first)]
        before = await told(place)
        await book(place, 2)
        assert key(place, "rotate").exit_code == 0
        await walked(place)
        assert key(place, "retire").exit_code == 0
        assert {value.sealed[:4] for value in every(place)} == {place.here.hub.seal.newest}
        assert await told(place) == before

    play(story, prepare=of_one_key)


def without_ids(place: Place) -> None:
    """Leave the database as version 0.3 would have."""
    connection = connect(database(place))
    with connection.transaction():
        connection.run("DELETE FROM installation WHERE name = 'resealing'")
        for one in COLUMNS:
            found = sealed.after(connection, one, one.start, limit=1000)
            sealed.replace(connection, one, [(value, value.sealed[4:]) for value in found])
    connection.close()


def test_a_key_that_is_needed_is_not_retired_and_what_is_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "ROWS", 2)

    async def story(place: Place) -> None:
        await fill(place)
        assert "nothing to retire" in key(place, "retire").output
        for n in range(2, 12):
            await book(place, n)
        walk = place.here.hub.worker.resealing
        assert walk
        walk.stop()
        assert key(place, "rotate").exit_code == 0
        assert key(place, "retire").exit_code == 1, "nobody has begun"
        await walk.step()
        for _ in range(3):
            assert await walk.step()
        status = await place.get("/status")
        assert status["sealing"]["state"] == "resealing"
        assert 0 < status["sealing"]["percent"] < 100
        refused = key(place, "retire")
        assert refused.exit_code == 1
        assert f"({status['sealing']['percent']} %)" in refused.output
        shown = json.loads(key(place, "sealing", "--json").stdout)
        assert [one["seals"] for one in shown["keys"]] == [False, True]
        assert [sum(one["values"].values()) > 0 for one in shown["keys"]] == [True, True]
        assert shown["percent"] == status["sealing"]["percent"]
        walk._settled = 3600_000_000
        while await walk.step():
            pass
        assert key(place, "retire").exit_code == 1, "what was sealed with the old key may still be written"
        await walked(place)
        assert (await place.get("/status"))["sealing"] == {
            "key": place.here.hub.seal.newest.hex(), "state": "done", "percent": 100,
        }  # fmt: skip
        assert key(place, "retire").exit_code == 0
        assert "All is under the newest key" in key(place, "sealing").output

    play(story)


def test_what_is_written_with_the_old_key_behind_the_walk_is_met_by_the_next_one() -> None:
    async def story(place: Place) -> None:
        await fill(place)
        hub, old = place.here.hub, Seal(keyring.read(place.here.hub.key_file))
        assert key(place, "rotate").exit_code == 0
        walk = hub.worker.resealing
        assert walk
        walk.stop()
        while progress(place).walk == 1 or progress(place).ended:
            await walk.step()
        late = SealedState("2480", "arx-tennishallen", hub.writer, hub.readers, old)
        await late.put("late", "sealed before, written after")
        await walked(place)
        assert progress(place).walk > 2
        assert [value for value in every(place) if not value.sealed.startswith(hub.seal.newest)] == []
        assert await SealedState("2480", "arx-tennishallen", hub.writer, hub.readers, hub.seal).get("late")

    play(story)


def test_a_change_that_comes_between_reading_and_writing_stands() -> None:
    async def story(place: Place) -> None:
        await fill(place)
        hub = place.here.hub
        walk = hub.worker.resealing
        assert walk
        walk.stop()
        assert key(place, "rotate").exit_code == 0
        await walk.step()
        while not _renews(step := await hub.readers.read(walk._next), sealed.CONNECTOR_STATE):
            await _put(hub, step)
        state = SealedState("2480", "arx-tennishallen", hub.writer, hub.readers, hub.seal)
        await state.put("k", "newer")
        await _put(hub, step)
        assert await state.get("k") == "newer"
        again = progress(place)
        await _put(hub, step)
        assert progress(place) == again, "a step that another process has done moves nothing"

    play(story)


async def _put(hub: Hub, step: Any) -> None:
    assert isinstance(step, resealing.Step)
    await hub.writer.do(resealing.put, step)


def _renews(step: Any, column: sealed.Sealed) -> bool:
    return step.column is column and bool(step.renewed)


# ---------------------------------------------------------------- when keys are wrong or missing


def test_values_that_no_key_opens_are_a_problem_and_stop_nothing() -> None:
    async def story(place: Place) -> None:
        await fill(place)
        connection = connect(database(place))
        with connection.transaction():
            connection.run("UPDATE codes SET sealed = ?", (b"spoilt" * 10,))
        connection.close()
        assert key(place, "rotate").exit_code == 0
        await walked(place)
        walk = place.here.hub.worker.resealing
        assert walk
        await walk.step()
        (problem,) = await troubles(place)
        assert (problem["code"], problem["connection"]) == ("key-file", "key-file")
        assert re.fullmatch(r"\d+ skyddade uppgifter öppnas av ingen nyckel i filen", problem["detail"])
        assert "nyckelfilen" in problem["remedy"]
        assert key(place, "retire").exit_code == 0, "what no key opens needs none"

    play(story)


def test_a_key_file_that_goes_away_is_a_problem_until_it_is_back() -> None:
    async def story(place: Place) -> None:
        await fill(place)
        before, file = await told(place), place.here.hub.key_file
        walk = place.here.hub.worker.resealing
        assert walk
        copy = file.read_text()
        file.unlink()
        await walk.step()
        (problem,) = await troubles(place)
        assert problem["code"] == "key-file"
        assert "demo.key" in problem["detail"]
        assert await told(place) == before, "what is known in memory goes on"
        assert key(place, "rotate").exit_code == 2
        file.write_text(copy)
        await walk.step()
        assert await troubles(place) == []

    play(story)


def copied(url: str, key_file: Path, to: Path) -> Path:
    """The same database with the same key file in another place, where no hub runs."""
    with closing(sqlite3.connect(path_of(url))) as source, closing(sqlite3.connect(to.with_suffix(".db"))) as target:
        source.backup(target)
    if key_file.exists():
        shutil.copy(key_file, to.with_suffix(".key"))
    return to


def ruined(change: Callable[[Path], None], match: str) -> None:
    """A hub that ran, and whose key file was changed afterwards, does not start, and changes nothing."""
    homes: list[Path] = []

    async def story(place: Place) -> None:
        await fill(place)
        assert key(place, "rotate").exit_code == 0
        await walked(place)
        homes.append(place.home)
        file = place.here.hub.key_file
        whole = file.read_text()
        change(file)
        there = file.read_text() if file.exists() else None
        again = copied(database(place), file, place.home / "again")
        with pytest.raises((ValueError, ConfigurationError), match=match):
            await Hub(Settings(database=f"sqlite:///{again}.db", simulate=True), environment={}).start()
        copy = again.with_suffix(".key")
        assert (copy.read_text() if copy.exists() else None) == there
        assert key(place, "rotate").exit_code == 2
        assert key(place, "retire").exit_code == 2
        file.write_text(whole)
        place.here.hub.seal.follow()

    play(story)
    assert homes


def test_a_missing_key_file_stops_the_start_and_none_is_made() -> None:
    ruined(lambda file: file.unlink(), "put the newest copy of it back")


def test_a_key_file_of_another_database_stops_the_start() -> None:
    def other(file: Path) -> None:
        file.write_text(keyring.Keys.new("").text())

    ruined(other, "lacks key")


def test_a_copy_from_before_the_rotation_stops_the_start_and_names_the_key() -> None:
    def older(file: Path) -> None:
        keys = keyring.read(file)
        file.write_text(keyring.Keys(keys.content, keys.lookup, keys.sealing[:-1]).text())

    ruined(older, "lacks key [0-9a-f]{8}, which seals this database")


def test_a_database_from_before_keys_had_ids_does_not_start_with_another_key() -> None:
    async def story(place: Place) -> None:
        await fill(place)
        connection = connect(database(place))
        with connection.transaction():
            connection.run("DELETE FROM installation WHERE name = 'resealing'")
        with pytest.raises(ConfigurationError, match="opens nothing of this database"):
            resealing.fits(connection, Seal(b"8" * 32))
        resealing.fits(connection, place.here.hub.seal)
        connection.close()

    play(story)
