"""S10: a grant application's applicant and their address are checked in the population register."""

import asyncio
import logging
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.conformance.record_examples import CHILD, KNOWN, PERSON_NAMES, PERSONS
from hub.delivery.lookups.population import SAME_TIME
from hub.demo.stage import MUNICIPALITY, Stage
from hub.model import Person, PersonNumber, Protected
from hub.sdk import HasPersons
from hub.service.keeping.keys import Scope, create
from tests.delivery.fake_register import SetTime, number
from tests.scenarios.plays import FOLDER, play
from tests.vendors.people_register.simulator import HIDDEN

WHY = {"purpose": "bidragsprövning", "legal_basis": "9 § LOK", "asked_by": "anna.ek"}
NAMED = dict(zip(PERSON_NAMES, PERSONS, strict=True))
GUARDIAN = PersonNumber.parse("198112189876")
"""Of the child, with one who has no number."""
NOBODY = number("19790524928")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, with a stranger's register."""
    package = tmp_path / "stranger" / "people_register-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: people-register\nVersion: 1.0\n")
    register = "people_register = tests.vendors.people_register"
    (package / "entry_points.txt").write_text(
        f"[hub.connectors]\n{register}:PeopleRegister\n[hub.simulators]\n{register}.simulator:PeopleSimulator\n"
    )
    monkeypatch.syspath_prepend(str(package.parent))
    here = shutil.copytree(FOLDER, tmp_path / "umea")
    told = (here / "municipality.yaml").read_text(encoding="utf-8")
    told = told.replace("population: {}", "population: {connection: people}")
    (here / "municipality.yaml").write_text(told, encoding="utf-8")
    settings = "{base_url: https://people.example/, password: '${env:PEOPLE_PASSWORD}'}"
    (here / "connections" / "people.yaml").write_text(f"connector: people_register\nmode: live\nsettings: {settings}\n")
    return here


def _content(folder: Path) -> list[bytes]:
    """Of the database and what it writes ahead."""
    return [file.read_bytes() for file in folder.glob("*.db*")]


class Desk:
    """Handlers of grants, with keys of two kinds; the hub's time class is ours."""

    def __init__(self, here: Stage, client: httpx.AsyncClient) -> None:
        self._here, self._client, self.time = here, client, SetTime()
        here.hub.desk.population.time = self.time
        register = here.simulators.find(MUNICIPALITY, "people")
        assert isinstance(register, HasPersons)
        for person in PERSONS:
            register.register(person, knows=KNOWN)
        register.register(Person(identity_number=GUARDIAN, protected=Protected.NO, name="O'Brien"), knows=KNOWN)

    async def key(self, *scopes: Scope) -> str:
        made: str = await self._here.hub.writer.call(
            lambda connection: create(
                connection, municipality=MUNICIPALITY, name="+".join(scopes), scopes=scopes, now=0
            )
        )
        return made

    async def ask(self, key: str, of: PersonNumber, **more: Any) -> httpx.Response:
        return await self._client.post(
            "/persons/lookup",
            json={"identity_number": of.digits} | WHY | more,
            headers={"Authorization": f"Bearer {key}"},
        )

    async def patiently(self, key: str, *of: PersonNumber, **more: Any) -> list[httpx.Response]:
        """Those of whom nothing is told, until they are answered."""
        asking = [asyncio.create_task(self.ask(key, one, **more)) for one in of]
        await self.time.waited_for(len(asking))
        self.time.move(SAME_TIME.total_seconds())
        return list(await asyncio.gather(*asking))


def test_s10_a_handler_gets_name_and_address_or_that_a_person_must_look_and_only_some_learn_why(folder: Path) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        desk = Desk(here, client)
        grants, group = (
            await desk.key(Scope.PERSONS_LOOKUP),
            await desk.key(Scope.PERSONS_LOOKUP, Scope.PERSONS_PROTECTION),
        )
        ordinary = (await desk.ask(grants, NAMED["ordinary"].identity_number)).json()
        assert (ordinary["outcome"], ordinary["person"]["name"]) == ("found", KNOWN["name"])
        assert ordinary["person"]["address"]["lines"] == [KNOWN["street"]]
        assert ordinary["person"]["municipality"] == "2480"
        sent_on = (await desk.ask(grants, NAMED["forwarding"].identity_number)).json()["person"]
        assert (sent_on["address"]["kind"], sent_on["registered_address"]["kind"]) == ("forwarding", "registered")
        hidden = [NAMED["protected"].identity_number, NAMED["perhaps protected"].identity_number, NOBODY]
        answers = await desk.patiently(grants, *hidden)
        assert {answer.content for answer in answers} == {b'{"outcome":"manual_handling_required"}'}
        causes = [(await desk.ask(group, of)).json()["cause"] for of in hidden]
        assert causes == ["protected", "unknown", "missing"]

    play(story, folder=folder)


def test_s10_deceased_emigrated_and_renumbered_are_told_and_a_child_only_with_its_guardians(
    folder: Path,
) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        desk = Desk(here, client)
        key = await desk.key(Scope.PERSONS_LOOKUP, Scope.PERSONS_PROTECTION)

        async def told(name: str) -> dict[str, Any]:
            found: dict[str, Any] = (await desk.ask(key, NAMED[name].identity_number)).json()["person"]
            return found

        assert (await told("dead since a year"))["deceased"] == "2019"
        assert (await told("found dead"))["deceased"] == ""
        away = await told("abroad")
        assert (away["emigrated"], away["address"]["country"]) == ("2020-05", "SPANIEN")
        assert (await told("renumbered"))["replaced_by"] == NAMED["ordinary"].identity_number.digits
        child = (await desk.ask(key, CHILD.identity_number)).json()
        assert (child["outcome"], child["whose"]) == ("manual_handling_required", "guardian")

    play(story, folder=folder)


def test_s10_a_protected_persons_address_is_in_no_answer_log_store_or_event(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        desk = Desk(here, client)
        key = await desk.key(Scope.PERSONS_LOOKUP, Scope.PERSONS_PROTECTION)
        protected = NAMED["protected"].identity_number
        answer = await desk.ask(key, protected, guardians=True)
        events = await client.get("/events", params={"limit": 1000})
        figures = await client.get(client.base_url.copy_with(path="/metrics"))
        path = Path(here.hub.settings.database.removeprefix("sqlite:///"))
        stored = b"".join(await asyncio.to_thread(_content, path.parent))
        assert b"person.looked_up" in stored
        said = answer.text + events.text + figures.text + caplog.text
        secrets = (KNOWN["street"], KNOWN["name"], HIDDEN["postcode"], protected.digits, protected.digits[2:])
        assert [one for one in secrets if str(one) in said or str(one).encode() in stored] == []

    with caplog.at_level(logging.INFO):
        play(story, folder=folder)
