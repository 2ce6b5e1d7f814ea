"""S12: attendance from the systems of associations comes as files, however often, and counts once."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx

from connectors.attendance_dak.simulator import DakExports
from hub.conformance.driver import SetClock
from hub.demo.stage import MUNICIPALITY, Stage
from hub.intake.inlets import Inlet
from hub.model.connection import Arrival, WatchedFolder
from tests.scenarios.plays import play

WHOLE_YEAR: dict[str, str | int] = {"from": "2026-01-01", "to": "2026-12-31", "limit": 500}


def exported(count: int, **more: Any) -> bytes:
    return DakExports(SetClock()).file(count, **more)


async def send(client: httpx.AsyncClient, content: bytes, **params: str) -> dict[str, Any]:
    answer = await client.post(
        "/attendance/imports", params={"format": "dak", "name": "höst.xml"} | params, content=content
    )
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def attendance(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/attendance", params=WHOLE_YEAR)).json()["gatherings"]
    return found


def test_s12_an_upload_counts_once_however_often_it_comes_and_names_what_is_bad() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        bad, place = DakExports(SetClock()).with_a_bad_item(40)
        dry = await send(client, bad, dry_run="true")
        assert (dry["id"], dry["new"], dry["quarantined"]) == (None, 41, 1)
        assert await attendance(client) == []
        report = await send(client, bad)
        assert (report["new"], report["quarantined"], report["doubles"]) == (41, 1, 0)
        assert report["receipt"] == dry["receipt"]
        assert place in report["faults"][0]["place"]
        assert re.match(r"line \d+, /Aktivitetskort/Kommun", report["faults"][0]["place"])
        before = await attendance(client)
        assert len(before) == 40
        again = await send(client, bad)
        assert (again["new"], again["changed"], again["doubles"]) == (0, 0, 41)
        assert await attendance(client) == before
        corrected = await send(client, exported(41, changed=frozenset({3})))
        assert (corrected["new"], corrected["changed"], corrected["doubles"]) == (0, 2, 39)
        assert (await client.get("/quarantine")).json() == []
        after = {one["code"]: one["participants"] for one in await attendance(client)}
        assert after["K000003"] == {one["code"]: one["participants"] for one in before}["K000003"] - 2

    play(story)


def test_s12_a_file_in_a_folder_and_the_same_uploaded_count_once(tmp_path: Path) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        known = here.hub.intake.inlets.find(MUNICIPALITY, "dak")
        arrives = Arrival(folder=WatchedFolder(path=str(tmp_path), pattern="*.xml", settle_seconds=0))
        here.hub.intake.inlets.add(
            Inlet(MUNICIPALITY, "dak", known.kind, known.connector, known.meaning, known.reading, arrives)
        )
        await asyncio.to_thread((tmp_path / "höst.xml").write_bytes, exported(25))
        fetched = (await client.post("/connections/dak:fetch")).json()
        assert (fetched["files"], fetched["new"], fetched["failed"]) == (1, 25, None)
        assert (await send(client, exported(25)))["doubles"] == 25
        assert len(await attendance(client)) == 25

    play(story)


def test_s12_a_person_in_two_overlapping_activities_is_reported_and_not_counted_twice() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        system = DakExports(SetClock())
        first = system.gathering(1)
        second = first.replace('kod="K000001"', 'kod="K999999"').replace("18:00:00", "18:30:00")
        report = await send(client, system.document(first + second))
        (overlap,) = report["overlaps"]
        assert {overlap["gathering"]["code"], overlap["other"]["code"]} == {"K000001", "K999999"}
        counted = {one["code"]: one["participants"] for one in await attendance(client)}
        assert counted["K000001"] == 19
        assert counted["K999999"] == 0

    play(story)


def test_s12_no_event_or_store_shows_who_came() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        content = exported(10)
        numbers = set(re.findall(rb"<Personnummer>(\d{12})<", content))
        assert len(numbers) > 20
        await send(client, content)
        database = Path(here.hub.settings.database.removeprefix("sqlite:///"))
        files = await asyncio.to_thread(
            lambda: [path.read_bytes() for path in database.parent.iterdir() if path.is_file()]
        )
        events = (await client.get("/events", params={"limit": 1000})).content
        for number in numbers:
            assert all(number not in stored for stored in [*files, events])
        assert "Öberg".encode() not in b"".join([*files, events])

    play(story)
