"""S11: a grant is applied for by Open ePlatform, registered in Public 360°, fetched by the core, answered: once each.

Answers are lost on the way out and on the way back; the same list is asked for again and again.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from connectors.eservice_oep import OpenEplatform
from connectors.eservice_oep.simulator import FORM, GRANTS, LENA, OepSimulator, _question
from hub.demo.stage import MUNICIPALITY, Stage
from hub.discovery import load_connector
from tests.scenarios.plays import at, events, play
from tests.scenarios.test_registry import Kind, diarium, folder


def town(home: Path) -> Path:
    """The example, with an e-service and a registry that loses answers."""
    made = folder(home, Kind("registry_p360"))
    settings = {
        "base_url": "https://e-tjanster.umea.example/", "user": "knutpunkt", "password": "${env:OEP}",
        "forms": {GRANTS: FORM}, "registered_status": "registered",
    }  # fmt: skip
    told = "connector: eservice_oep\nmode: live\narrives: {every_minutes: 5}\n"
    (made / "connections" / "oep.yaml").write_text(f"{told}settings: {json.dumps(settings)}\n", encoding="utf-8")
    return made


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What got no answer has landed at once."""
    at_once = timedelta(milliseconds=300)
    for connector in (OpenEplatform, load_connector("registry_p360")):
        monkeypatch.setattr(connector, "pace", replace(connector.pace, timeout=at_once, lands_within=at_once))


def portal(here: Stage) -> OepSimulator:
    found = here.simulators.find(MUNICIPALITY, "oep")
    assert isinstance(found, OepSimulator)
    return found


def test_s11_an_application_is_registered_and_answered_once_though_answers_are_lost(tmp_path: Path) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        register, eservice = diarium(here), portal(here)
        register.silent, eservice.silent, eservice.twice = 2, 2, True
        case = eservice.apply(_question("amount", Value="5000"), _question("applicant", citizenIdentifier=LENA))
        eservice.attach(case, "stadgar.pdf", b"%PDF-1.7 stadgar")
        for _ in range(3):
            fetched = await client.post("/connections/oep:fetch")
            assert fetched.json()["failed"] is None, fetched.text
        await here.play_until(at("2026-11-23 12:00"))
        await client.post("/connections/oep:fetch")
        await here.quiet()

        key = f"oep:{case.id}"
        (entry,) = register.entries
        assert entry.document.key == key
        assert (entry.document.title, entry.document.counterpart_protected) == (FORM["title"], True)
        assert [file.name for file in entry.document.files][2:] == ["stadgar.pdf"]
        assert "Lena" not in repr(register.public())
        told = (await client.get(f"/applications/{key}")).raise_for_status().json()
        assert case.number == (told["number"], "Knutpunkt"), "exactly as the registry gave it"
        assert len(eservice.log) == 1
        assert case.status[1] == "Diarieförd"
        assert (told["state"], told["answers"]) == ("done", {"amount": ["5000"]})
        assert (told["applicant"]["identity_number"], told["applicant"]["protected"]) == (LENA, "unknown")
        assert not told["manual_handling_required"]
        file = await client.get(f"/applications/{key}/files/3")
        assert (file.content, file.headers["content-disposition"]) == (b"%PDF-1.7 stadgar", "attachment")
        assert (await client.get(f"/applications/{key}/files/4")).status_code == 404
        assert (await client.get("/applications/oep:1")).status_code == 404
        heard = [one for one in await events(client) if one["subject"] == key]
        assert [one["type"] for one in heard] == ["application.received", "document.registered"]
        assert LENA not in json.dumps(heard)

    play(story, start="2026-11-23 07:00", folder=town(tmp_path / "umea"))
