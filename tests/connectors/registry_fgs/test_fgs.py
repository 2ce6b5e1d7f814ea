"""FGS in a folder: how far a document has come is told at any moment, and what is laid is valid, the same each time."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pydantic import ValidationError

from connectors.registry_fgs import FgsRegistry
from connectors.registry_fgs.client import NOTED, PREPARED
from connectors.registry_fgs.config import FgsConfig
from connectors.registry_fgs.simulator import DropSimulator
from connectors.registry_fgs.translate import delivery, schema
from hub.conformance.driver import Memory, SetClock
from hub.conformance.record_examples import DOCUMENTS
from hub.model import Document
from hub.sdk import Condition, Lent, RejectedError, TransientError
from hub.sdk.http import transport

APPLICATION, DECISION, FOLLOWING, LONG = DOCUMENTS
NAMESPACES = {"e": "http://xml.ra.se/e-arkiv/FGS-ERMS"}


class Folders:
    """A registry's folders on this machine, and the connector before them."""

    def __init__(self, home: Path) -> None:
        self.inside, self.receipts = home / "in", home / "receipts"
        self.inside.mkdir()
        self.receipts.mkdir()
        config = FgsConfig(folder=str(self.inside), receipts=str(self.receipts))
        lent = Lent(transport=transport(), clock=SetClock(), state=Memory(), log=logging.getLogger("fgs"))
        self.registry = FgsRegistry(config, lent)

    def register(self, document: Document = APPLICATION) -> Any:
        return run(self.registry.register_document(document))

    def find(self, key: str = "doc-1") -> Any:
        return run(self.registry.find_document(key))

    def acknowledge(self, **told: str) -> None:
        (self.receipts / "doc-1.ack.json").write_text(json.dumps({"key": "doc-1"} | told))

    def taken(self) -> list[str]:
        """Have the registry take all that is there."""
        names = sorted(path.name for path in self.inside.iterdir() if path.name[0] != ".")
        for name in names:
            (self.inside / name).unlink()
        return names


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def test_a_number_is_coming_from_when_it_is_laid_until_the_receipt_is_there(folders: Folders) -> None:
    assert folders.find() is None
    assert folders.register().condition is Condition.COMING
    assert folders.find().condition is Condition.COMING
    assert folders.taken() == ["doc-1.xml"]
    assert folders.find().condition is Condition.COMING, "taken, and not numbered yet"
    assert folders.register().condition is Condition.COMING
    assert folders.taken() == [], "what was taken is not laid again"
    folders.acknowledge(number="FRI 2026/17")
    assert folders.find().reference == folders.register().reference == "FRI 2026/17"


@pytest.mark.parametrize("state", ["nothing", "prepared", "noted"])
def test_whoever_was_stopped_on_the_way_has_handed_nothing_over_and_goes_on(folders: Folders, state: str) -> None:
    told = delivery(DECISION)
    if state != "nothing":
        (folders.inside / PREPARED).mkdir()
        (folders.inside / PREPARED / "doc-10.xml").write_bytes(told.xml)
        (folders.inside / told.enclosed[0][0]).write_bytes(told.enclosed[0][1])
    if state == "noted":
        (folders.inside / NOTED).mkdir()
        (folders.inside / NOTED / "doc-10.json").write_bytes(told.note)
    assert folders.find("doc-10") is None
    folders.register(DECISION)
    assert folders.taken() == [told.enclosed[0][0], "doc-10.xml"]


def test_another_document_under_the_same_key_is_never_laid_over_it(folders: Folders) -> None:
    folders.register()
    folders.taken()
    with pytest.raises(RejectedError, match="with other content"):
        folders.register(APPLICATION.model_copy(update={"title": "Annat"}))
    assert folders.taken() == []


def test_what_is_enclosed_is_there_before_what_names_it(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    rename = Path.rename

    def noted(path: Path, target: Any) -> Path:
        order.append(Path(target).name)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", noted)
    folders.register(LONG)
    assert order[-1] == "doc-3.xml"
    assert len(folders.taken()) == len(LONG.files) + 1
    assert not list(folders.inside.rglob("*.tmp"))


@pytest.mark.parametrize(
    "told, match",
    [
        ({"error": "case-closed"}, r"refuses it \(case-closed\)"),
        ({"error": "Lena Norberg finns inte"}, "refuses it: doc-1.ack.json says why"),
        ({}, "refuses it"),
        ({"number": ""}, "refuses it"),
        ({"number": "1", "key": "doc-10"}, "of another key"),
    ],
)
def test_a_receipt_without_a_number_or_of_another_is_a_persons_and_repeats_no_name(
    folders: Folders, told: dict[str, str], match: str
) -> None:
    folders.register()
    folders.taken()
    folders.acknowledge(**told)
    for look in (folders.find, folders.register):
        with pytest.raises(RejectedError, match=match) as rejected:
            look()
        assert "Norberg" not in str(rejected.value)


def test_half_a_receipt_is_none(folders: Folders) -> None:
    (folders.receipts / "doc-1.ack.json").write_text('{"key": "doc-1", "numb')
    with pytest.raises(RejectedError, match="is no receipt"):
        folders.find()


def test_a_folder_for_receipts_that_is_not_there_is_told(folders: Folders) -> None:
    folders.receipts.rmdir()
    with pytest.raises(TransientError, match="receipts"):
        run(folders.registry.check())


# ---------------------------------------------------------------- what is written


def case(document: Document) -> etree._Element:
    found = etree.fromstring(delivery(document).xml).find("e:ArkivobjektListaArenden/e:ArkivobjektArende", NAMESPACES)
    assert found is not None
    return found


def text(element: etree._Element, path: str) -> str | None:
    return element.findtext(path, None, NAMESPACES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.key)
def test_what_is_written_is_valid_and_the_same_bytes_each_time(document: Document) -> None:
    told = delivery(document)
    assert list(schema().iter_errors(etree.fromstring(told.xml))) == []
    assert delivery(document) == told


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = (
        case(APPLICATION.model_copy(update={"received_at": datetime(2026, 10, 25, hour, 30, tzinfo=UTC)}))
        for hour in (0, 1)
    )
    handling = "e:ArkivobjektListaHandlingar/e:ArkivobjektHandling"
    zoned = f"{handling}/e:EgnaElement/e:EgetElement[@Namn='InkommenMedZon']/e:Varde"
    assert text(first, f"{handling}/e:Inkommen") == text(second, f"{handling}/e:Inkommen") == "2026-10-25T02:30:00"
    assert (text(first, zoned), text(second, zoned)) == ("2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00")


def test_titles_and_mark_stand_where_the_registry_looks_for_them() -> None:
    told = case(DECISION)
    assert text(told, "e:Arendemening") == DECISION.title
    assert text(told, "e:Restriktion/e:Lagrum") == "OSL 21:1"
    assert text(told, "e:Restriktion/e:ForklarandeText") == "Sekretessmarkering 2026-02-27 av Fritidsnämnden"
    assert text(told, "e:Motpart/e:SkyddadIdentitet") == "true"
    protected = etree.tostring(told, encoding="unicode").split("SkyddadRubrik")
    assert len(protected) == 2
    assert str(DECISION.protected_title) not in protected[0]


def test_a_character_that_xml_has_no_room_for_is_refused_and_nothing_is_laid(folders: Folders) -> None:
    with pytest.raises(RejectedError, match="no room for"):
        folders.register(APPLICATION.model_copy(update={"title": "x\x00"}))
    assert folders.taken() == []


@pytest.mark.parametrize(
    "settings",
    [
        {"folder": "in", "receipts": "/out"},
        {"folder": "/in", "receipts": "/in/"},
        {"folder": "/in", "receipts": "/out", "sftp": {"host": "x", "username": "y", "host_key": "z"}},
    ],
)
def test_settings_that_lead_nowhere_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FgsConfig.model_validate(settings)


def test_a_registry_that_takes_its_time_is_asked_again_over_sftp() -> None:
    async def story() -> list[str]:
        simulator = DropSimulator(SetClock())
        await simulator.start()
        simulator.diarium.silent = 3
        config = FgsConfig.model_validate(dict(simulator.config()))
        lent = Lent(transport=transport(), clock=SetClock(), state=Memory(), log=logging.getLogger("fgs"))
        registry = FgsRegistry(config, lent)
        try:
            receipts = [await registry.register_document(APPLICATION)]
            receipts += [one for _ in range(2) if (one := await registry.find_document("doc-1"))]
            return [one.reference or one.condition for one in receipts]
        finally:
            await simulator.stop()

    assert run(story()) == [Condition.COMING, "DNR 2026/1-1", "DNR 2026/1-1"]
