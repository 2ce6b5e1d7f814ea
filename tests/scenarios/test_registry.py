"""S11: applications and decisions are registered, in every kind of registry, once however often they are sent.

A registry that loses its answers after it has given a number is asked before it gets anything again; one that cannot be
asked has at most one, and a person decides about the rest.
"""

import asyncio
import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic import BaseModel, SecretStr

from hub.clock import DomainClock
from hub.demo.stage import MUNICIPALITY, Stage
from hub.discovery import load_connector, load_simulator
from hub.sdk import Diarium
from tests.scenarios.plays import FOLDER, at, booking, events, occasion, play

LOST = 3
"""Answers that are lost after the registry has changed."""
AT_ONCE = 50
PDF = b"%PDF-1.7 ans\xf6kan" * 1000
PERSON = {"kind": "person", "name": "Lena Norberg"}
APPLICATION = {
    "title": "Ansökan om bidrag från Lena Norberg", "direction": "incoming", "authority": "Fritidsnämnden",
    "received_at": "2026-11-22T23:59:10+01:00", "counterpart": PERSON, "classification": "3.7.1",
    "files": [{
        "name": "ansökan.pdf", "media_type": "application/pdf", "content": base64.b64encode(PDF).decode(),
        "sha256": hashlib.sha256(PDF).hexdigest(),
    }],
}  # fmt: skip
DECISION = {
    "title": "Beslut om föreningsbidrag", "direction": "outgoing", "authority": "Fritidsnämnden", "case_key": "D-1",
    "counterpart": {"kind": "association", "name": "Umeå Badmintonklubb"}, "dated": "2026-11-23",
}  # fmt: skip


class Kind(NamedTuple):
    """A connector, whether its system can be asked, and whether it has cases."""

    connector: str
    asked: bool = True
    cases: bool = True


KINDS = (
    Kind("registry_p360"),
    Kind("registry_rest", cases=False),
    Kind("registry_fgs"),
    Kind("registry_byggr", asked=False),
)


def folder(home: Path, kind: Kind) -> Path:
    """The example, whose documents go to such a registry."""
    shutil.copytree(FOLDER, home)
    settings = dict(load_simulator(kind.connector)(DomainClock()).config())
    config = load_connector(kind.connector).config_type.model_validate(settings)
    settings |= _without_secrets(config)
    told = f"connector: {kind.connector}\nmode: live\nsettings: {json.dumps(settings)}\n"
    (home / "connections" / "diarium.yaml").write_text(told, encoding="utf-8")
    town = (home / "municipality.yaml").read_text(encoding="utf-8")
    duty = "registry: {connection: diarium, documents: {authorities: {Fritidsnämnden: {series: FRI}}}}\n"
    (home / "municipality.yaml").write_text(re.sub(r"registry:\n(?: .*\n)+", duty, town), encoding="utf-8")
    return home


def _without_secrets(config: BaseModel) -> dict[str, Any]:
    """The secrets among settings, and those that hold some, with references for them."""
    told: dict[str, Any] = {}
    for name, value in config:
        if isinstance(value, SecretStr):
            told[name] = "${env:REGISTRY}"
        elif isinstance(value, BaseModel):
            told[name] = value.model_dump(mode="json", exclude_none=True) | _without_secrets(value)
    return told


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What got no answer has landed at once: nobody waits for half a minute of the machine's time."""
    at_once = timedelta(milliseconds=100)
    for connector in [load_connector(kind.connector) for kind in KINDS if kind.connector != "registry_fgs"]:
        monkeypatch.setattr(connector, "pace", replace(connector.pace, timeout=at_once, lands_within=at_once))


def diarium(here: Stage) -> Diarium:
    found: Diarium = here.simulators.find(MUNICIPALITY, "diarium").diarium  # type: ignore[attr-defined]
    return found


async def put(client: httpx.AsyncClient, key: str, document: dict[str, Any]) -> dict[str, Any]:
    answer = await client.put(f"/documents/{key}", json=document)
    assert answer.status_code in {200, 202}, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.asked], ids=lambda kind: kind.connector)
@pytest.mark.usefixtures("soon")
def test_s11_application_and_decision_are_registered_once_each(tmp_path: Path, kind: Kind) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        register = diarium(here)
        register.silent = LOST
        await asyncio.gather(*(put(client, "D-1", APPLICATION) for _ in range(AT_ONCE)))
        await put(client, "D-2", DECISION)
        await here.play_until(at("2026-11-23 12:00"))
        assert [entry.document.key for entry in register.entries] == ["D-1", "D-2"], "one each, in their order"
        application, decision = register.entries
        assert (application.case == decision.case) is kind.cases, "and one case, where there are cases"
        answers = await asyncio.gather(*(put(client, "D-1", APPLICATION) for _ in range(AT_ONCE)))
        assert {answer["number"] for answer in answers} == {application.number}
        assert (await put(client, "D-2", DECISION))["number"] == decision.number
        assert len(register.entries) == 2
        assert application.document.files[0].content == PDF
        assert application.document.received_at == at("2026-11-22 23:59:10")
        assert application.document.series == "FRI"
        mark = application.document.secrecy
        assert mark is not None
        assert mark.ground == "OSL 21:3"
        assert application.document.protected_title == APPLICATION["title"]
        public = register.public()
        assert [(one.title, one.counterpart) for one in public] == [
            ("Handling", ""), ("Beslut om föreningsbidrag", "Umeå Badmintonklubb"),
        ]  # fmt: skip
        assert "Norberg" not in repr(public)
        told = {event["subject"]: event["data"]["number"] for event in await events(client, "document.registered")}
        assert told == {"D-1": application.number, "D-2": decision.number}
        assert (await client.get("/problems")).json() == []

    play(story, folder=folder(tmp_path / "umea", kind))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.asked], ids=lambda kind: kind.connector)
@pytest.mark.usefixtures("soon")
def test_s11_a_registry_that_cannot_be_asked_has_one_at_most_and_a_person_decides(tmp_path: Path, kind: Kind) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        register = diarium(here)
        register.silent = 1
        await asyncio.gather(*(put(client, "D-1", APPLICATION) for _ in range(AT_ONCE)))
        await here.play_until(at("2026-11-23 12:00"))
        assert len(register.entries) <= 1
        answers = await asyncio.gather(*(put(client, "D-1", APPLICATION) for _ in range(AT_ONCE)))
        assert {(answer["number"], answer["delivery"]) for answer in answers} == {(None, "stuck")}
        problems = {one["code"] for one in (await client.get("/problems")).json()}
        assert "unknown-outcome" in problems

    play(story, folder=folder(tmp_path / "umea", kind))


def test_s11_a_booking_is_registered_as_application_and_as_decision(tmp_path: Path) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        hall = occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00")
        body = booking("B-1", hall, status="preliminary", registration={"required": True})
        for revision, status in enumerate(("preliminary", "preliminary", "confirmed", "cancelled"), 1):
            answer = await client.put("/bookings/B-1", json=body | {"revision": revision, "status": status})
            assert answer.status_code in {200, 202}, answer.text
        await here.quiet()
        entries = diarium(here).entries
        assert [entry.document.title for entry in entries] == [
            "Ansökan om bokning B-1", "Beslut om bokning B-1", "Återkallad bokning B-1",
        ]  # fmt: skip
        assert len({entry.case for entry in entries}) == 1
        said = json.loads(entries[1].document.files[0].content)
        assert said["occasions"][0]["resource"] == "tennishallen.bana-1"
        seen = (await client.get("/bookings/B-1")).json()["effects"]
        mine = [one for one in seen if one["target"].startswith("diarium/")]
        assert [one["state"] for one in mine] == ["done"] * 3

    play(story, folder=folder(tmp_path / "umea", KINDS[0]))
