"""What is personal or secret reaches no log, no file in clear, and nobody without the right to it."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.api.around import MOST_BYTES
from hub.api.keeping import Kept
from hub.service.keeping.keys import Scope
from hub.store.engine.database import connect
from hub.store.seals.keyring import key_from
from hub.store.seals.sealed import BOOKING_PERSONS
from hub.store.seals.sealing import Seal
from tests.api.site import PROBLEM, Site
from tests.builders import a_holder, occasion

CARD = "0090421357"
UNREADABLE = [
    {"kind": "person", "name": "Hemlig Person", "phone": "070-CANARY", "identity_number": "194107081112"},
    [[{"name": "Lena Canary", "credential": {"kind": "card", "number": CARD}, "email": "no address"}]],
]
SECRETS = ("Hemlig", "070-CANARY", "194107081112", "Lena Canary", CARD, "no address")


@pytest.fixture
def broken(site: Site) -> Site:
    """A hub with a booking whose persons it cannot read."""
    site.put()
    seal = Seal(key_from(Path(site.url.removeprefix("sqlite:///")).with_suffix(".key")))
    sealed = seal.close(json.dumps(UNREADABLE).encode(), BOOKING_PERSONS.place("2480", "B-1"))
    connection = connect(site.url)
    with connection.transaction():
        connection.run("UPDATE bookings SET persons = ?", (sealed,))
    connection.close()
    return site


def test_a_fault_of_ours_is_logged_without_what_it_was_about(broken: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = broken.get("/bookings/B-1", headers={"X-Request-Id": "core-17"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert [word for word in SECRETS if word in caplog.text or word in answer.text] == []
    (logged,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert "request core-17, GET /v1/{municipality}/bookings/{number}: ValidationError" in logged.getMessage()
    assert "asking/preparing.py:" in logged.getMessage()
    assert logged.exc_info is None


def test_a_fault_has_the_requests_id_too(broken: Site) -> None:
    assert broken.get("/bookings/B-1", headers={"X-Request-Id": "core-17"}).headers["x-request-id"] == "core-17"


@pytest.mark.parametrize("told", ["a\tb", "a b", "x" * 129, "ö"])
def test_an_id_that_would_confuse_a_log_is_replaced(shared: Site, told: str) -> None:
    answer = shared.get("/bookings", headers={"X-Request-Id": told.encode()})
    assert answer.headers["x-request-id"].isalnum()
    assert answer.headers["x-request-id"] != told


@pytest.mark.parametrize("scopes, number", [((), "********"), ((Scope.CREDENTIALS_READ,), CARD)])
def test_a_cards_number_is_for_those_who_may_see_credentials(
    site: Site, scopes: tuple[Scope, ...], number: str
) -> None:
    holder = a_holder(credential={"kind": "card", "number": CARD})
    site.put(occasions=[occasion(holders=[holder])])
    told = site.get("/bookings/B-1", key=site.key(Scope.BOOKINGS_READ, *scopes))
    assert told.json()["booking"]["occasions"][0]["holders"][0]["credential"]["number"] == number
    assert (CARD in told.text) == bool(scopes)


def test_nobody_on_the_way_keeps_an_answer(shared: Site) -> None:
    assert shared.get("/bookings").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "method, path", [("PUT", "/closures/c"), ("PUT", "/subscriptions/s"), ("POST", "/subscriptions/s:replay")]
)
@pytest.mark.parametrize("key", ["kp_unknown", None])
def test_no_body_without_end_is_read(shared: Site, method: str, path: str, key: str | None) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while read < 100 * MOST_BYTES:
            read += 65_536
            yield b" " * 65_536

    kind = {"Content-Type": "application/json"}
    answer: Any = shared.ask(method, path, key=key or shared.key(Scope.ADMIN), content=endless(), headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_body_that_is_kept_on_disk_cannot_be_read_there() -> None:
    kept = Kept(in_memory=10)
    body = [b"Lena Norberg, " * 5000, b"+46701740606"]
    for chunk in body:
        kept.write(chunk)
    file = Path(f"/proc/self/fd/{kept._file.fileno()}")
    written = file.read_bytes()
    assert len(written) >= 65_536
    assert b"Norberg" not in written
    assert b"".join(kept.read()) == b"".join(body)
