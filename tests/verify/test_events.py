"""The events that the hub really tells, held against their documented data; and the AsyncAPI document."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from hub.api import asyncapi
from hub.model import Answer, Dim, InvoiceAnswered
from hub.model.closure import ClosureRequest
from hub.model.event_data import EVENTS
from hub.model.events import EventType, enveloped
from hub.service.doors import allocating
from hub.service.governing.closing import Closing
from hub.service.money import ledger
from tests.builders import SATURDAY, a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN, Stage, hour

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "schemas/canonical/asyncapi.json").read_text(encoding="utf-8"))


def payload(type_: str) -> dict[str, Any]:
    """The schema of one event, with all that it refers to."""
    (message,) = [one for one in DOCUMENT["components"]["messages"].values() if one["name"] == type_]
    return {**message["payload"], "components": DOCUMENT["components"]}


def closed(hall: Stage, revision: int) -> None:
    """Close a court, or lift it."""
    closing = Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
    if revision > 1:
        hall.run(closing.lift(TOWN, "snow", revision))
        return
    until = SATURDAY.replace(hour=20)
    wanted = ClosureRequest(revision=1, resource="hall.court-1", starts_at=SATURDAY, ends_at=until, reason="snö")
    hall.run(closing.close(TOWN, "snow", wanted))


def a_day(hall: Stage) -> None:
    """A day in which everything happens that is ever told."""
    hall.put("B-1", **hour(minutes=180))
    hall.at("12:05")
    closed(hall, 1)
    closed(hall, 2)
    hall.settle()
    hall.lamps.levels["court-1"] = Dim(percent=10)
    hall.look_round()
    for _ in range(2):
        hall.locks.stands.clear()
        hall.look_round()
    hall.lamps.breaks(Fault.DOWN)
    hall.put("B-2", **hour(10, of="hall.court-2", minutes=30))
    hall.at("13:10")
    hall.lamps.recovers()
    hall.at("13:40")
    hall.cancel("B-1")
    hall.put("B-3", **hour(120, of="hall.court-3"))
    hall.at("15:30")


def money(hall: Stage) -> None:
    """An invoice that goes out and is answered, and a booking that was paid beforehand and is cancelled."""
    price = {"id": "c1", "occasion": "1", "article": "B60", "text": "Bana", "quantity": "1", "unit_price": "120.00"}
    costs: dict[str, Any] = {"charges": [price | {"vat": "exempt"}]}
    hall.put("M-1", **hour(A_DAY), **costs, payment={"kind": "invoice"})
    key, at = hall.ledger.came[0].key, hall.clock.now()
    answer = InvoiceAnswered(key=key, answer=Answer.PAID, at=at)
    hall.run(hall.writer.call(lambda c: ledger.answered(c, TOWN, answer, now=hall.now())))
    hall.put("M-2", **hour(2 * A_DAY), **costs, payment={"kind": "prepaid", "receipt": "SWISH-1"})
    hall.cancel("M-2")


def another_code(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A booking grows into a time when another has its code."""
    drawn = iter(["48291", "48291", "73915"])
    monkeypatch.setattr(allocating, "drawn_pin", lambda _length, **_: next(drawn))
    hall.put("C-1", **hour(3 * A_DAY))
    hall.put("C-2", **hour(30 * A_DAY))
    hall.put("C-1", 2, occasions=[occasion(id="1", after=3 * A_DAY), occasion(id="2", after=30 * A_DAY)])


def an_account_that_ends(hall: Stage) -> None:
    """Told two months ahead, and again as the day comes nearer."""
    for days in (0, 25):
        hall.skip(days=days)
        hall.run(hall.node.health.check_all())


A_DAY = 24 * 60
INCOMING = {EventType.ATTENDANCE_IMPORTED, EventType.ATTENDANCE_CHANGED, EventType.DOOR_PASSED, EventType.DOOR_REFUSED}
"""Told of what comes in from outside; held against their schemas in tests/intake."""
OF_LADDERS = {EventType.ACCESS_FALLBACK}
"""Of what is done instead of doors; held against their data in tests/delivery/test_ladders.py."""
OF_REGISTERS = {EventType.PERSON_PROTECTED, EventType.PERSON_CHANGED, EventType.APPLICATION_RECEIVED}
"""Of the population register and of e-services; held against their schemas in tests/service and tests/delivery."""
OF_SENSORS = {EventType.ZONE_BOOKED_BUT_EMPTY, EventType.ZONE_LIT_BUT_UNBOOKED}
"""Held against their schemas in tests/service."""


def test_what_a_day_tells_is_what_is_documented(staging: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    town = a_town(finance="ledger", registry={})
    ends = town.connections["lamps"].model_copy(
        update={"credentials_expire": str(SATURDAY.date() + timedelta(days=50))}
    )
    hall = staging(town.model_copy(update={"connections": town.connections | {"lamps": ends}}))
    a_day(hall)
    money(hall)
    hall.register()
    another_code(hall, monkeypatch)
    an_account_that_ends(hall)
    told = hall.events()
    for event in told:
        EVENTS[EventType(event.type)].data.model_validate_json(event.body)
        envelope = enveloped(TOWN, event.id, event.type, event.subject, event.body, event.at)
        jsonschema.validate(json.loads(envelope.model_dump_json()), payload(event.type))
    expected = set(EventType) - INCOMING - OF_LADDERS - OF_REGISTERS - OF_SENSORS
    assert {event.type for event in told} == expected, expected - {EventType(event.type) for event in told}


def test_data_that_is_not_documented_is_refused() -> None:
    body = json.dumps({"revision": 1, "status": "confirmed", "customer": "Lena"})
    envelope = enveloped(TOWN, 1, EventType.BOOKING_ACCEPTED, "B-1", body, 0)
    with pytest.raises(jsonschema.ValidationError, match="customer"):
        jsonschema.validate(json.loads(envelope.model_dump_json()), payload("booking.accepted"))


def test_every_type_has_its_message_and_its_line() -> None:
    assert set(EVENTS) == set(EventType)
    assert {one["name"] for one in DOCUMENT["components"]["messages"].values()} == {str(type_) for type_ in EventType}
    page = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` ", page, re.MULTILINE)) == {str(type_) for type_ in EventType}


def test_every_reference_in_the_document_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT)):
        at: Any = DOCUMENT
        for step in reference.split("/"):
            at = at[step]
    assert json.loads(json.dumps(asyncapi.document())) == DOCUMENT
