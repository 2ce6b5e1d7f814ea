"""Documents by HTTP: put, held until there is a number, put again, and asked after."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.api import documents
from hub.service.keeping.keys import Scope
from tests.api.site import PROBLEM, Site, running
from tests.api.test_audit import acts
from tests.builders import a_file, raw_document
from tests.delivery.fake_registry import REGISTRIES
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN

WAITS = {"Prefer": "wait=20"}


class Desk:
    """A site, and a key that may register."""

    def __init__(self, site: Site) -> None:
        self.site, self.key = site, site.key(Scope.DOCUMENTS_WRITE)
        self.diary = REGISTRIES[f"{TOWN}/diary"]

    def put(self, key: str = "D-1", headers: Any = WAITS, **more: Any) -> Any:
        return self.site.ask("PUT", f"/documents/{key}", key=self.key, json=raw_document(**more), headers=headers)

    def get(self, key: str = "D-1", **more: Any) -> Any:
        return self.site.ask("GET", f"/documents/{key}", key=self.key, **more)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    with running(tmp_path, monkeypatch, registry={}) as site:
        yield Desk(site)


def test_a_document_is_answered_with_its_number_then_and_ever_after(desk: Desk) -> None:
    first = desk.put()
    assert (first.status_code, first.headers["preference-applied"]) == (200, "wait=20")
    assert (first.json()["state"], first.json()["number"]) == ("done", "FN 1/2026")
    again = desk.put(headers={})
    assert (again.status_code, again.json()) == (200, first.json())
    assert desk.get().json() == first.json()
    assert desk.diary.keys == ["D-1"]
    assert acts(desk.site) == [("document.accepted", "D-1", "documents:write", None)], "once, for what was taken"


def test_who_does_not_wait_is_answered_when_it_is_on_disk(desk: Desk) -> None:
    desk.diary.breaks(Fault.DOWN)
    answer = desk.put(headers={})
    assert (answer.status_code, answer.json()["number"]) == (202, None)
    assert desk.get().status_code == 200


def test_what_is_stuck_is_not_waited_for_and_says_why_in_either_language(desk: Desk) -> None:
    desk.diary.breaks(Fault.REJECTS)
    told = desk.put().json()
    assert (told["state"], told["delivery"]) == ("planned", "stuck")
    assert told["detail"]
    assert desk.get(params={"language": "sv"}).json()["delivery"] == "stuck"


def test_the_same_key_for_another_document_is_refused(desk: Desk) -> None:
    desk.put()
    answer = desk.put(title="Beslut")
    assert (answer.status_code, answer.json()["code"]) == (409, "document-conflict")


def test_every_fault_is_told_at_its_place(desk: Desk) -> None:
    answer = desk.put(title="", colour="red", files=[{"name": "x", "media_type": "text/plain", "content": "å"}])
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    places = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert places == {
        "/title": "invalid-value", "/colour": "unknown-field", "/files/0/content": "invalid-value",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["bookings", "operator"])
def test_only_who_may_register_documents_may(desk: Desk, key: str) -> None:
    wrong = desk.site.core if key == "bookings" else desk.site.operator
    for method in ("PUT", "GET"):
        answer = desk.site.ask(method, "/documents/D-1", key=wrong, json=raw_document() if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_what_nobody_has_sent_is_not_there(desk: Desk) -> None:
    assert desk.get("D-9").json()["code"] == "not-found"


def test_another_kind_of_body_and_one_that_is_too_large_are_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = desk.site.ask("PUT", "/documents/D-1", key=desk.key, content=b"x", headers={"Content-Type": "text/plain"})
    assert plain.json()["code"] == "wrong-content-type"
    monkeypatch.setattr(documents, "MOST_BYTES", 1000)
    file = {"name": "x", "media_type": "text/plain", "content": base64.b64encode(bytes(1000)).decode()}
    assert desk.put(files=[file]).json()["code"] == "too-large"
    broken = desk.site.ask(
        "PUT", "/documents/D-1", key=desk.key, content=b"{", headers={"Content-Type": "application/json"}
    )
    assert broken.json()["code"] == "invalid-json"


def test_a_file_of_a_few_megabytes_is_no_matter(desk: Desk) -> None:
    content = bytes(range(256)) * 12_000
    assert desk.put(files=[a_file(content=content)]).json()["number"] == "FN 1/2026"
    assert desk.diary.came[0].files[0].content == content


def test_where_nobody_registers_the_caller_is_told(site: Site) -> None:
    key = site.key(Scope.DOCUMENTS_WRITE)
    answer = site.ask("PUT", "/documents/D-1", key=key, json=raw_document())
    assert (answer.status_code, answer.json()["code"]) == (409, "no-registry")


def test_the_age_of_what_is_not_registered_is_a_figure(desk: Desk) -> None:
    desk.diary.breaks(Fault.DOWN)
    received = desk.site.clock.now().isoformat()
    desk.put(headers={}, received_at=received)
    desk.site.move_to(desk.site.clock.now().replace(hour=20))
    figure = f'knutpunkt_oldest_unregistered_document_seconds{{municipality="{TOWN}"}}'
    headers = {"Authorization": f"Bearer {desk.site.key(Scope.OPERATOR, town='*')}"}
    told = desk.site.client.get("/metrics", headers=headers).text
    (line,) = [one for one in told.splitlines() if one.startswith(figure)]
    assert float(line.split()[-1]) == 11 * 3600
