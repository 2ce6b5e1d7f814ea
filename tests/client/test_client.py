import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from io import BytesIO

import httpx
import pytest

from hub.client import At, Client, Refused, _details
from hub.model.answers import ImportLine, ImportSummary
from hub.model.booking import Booking
from hub.model.closure import ClosureRequest
from hub.model.findings import What
from hub.model.identity import PersonNumber
from hub.model.person import PersonLookup
from hub.model.registering import DocumentToRegister
from hub.model.subscription import SubscriptionRequest
from tests.builders import a_file, raw_document
from tests.live import NOON, TOWN, UMEA, Live, booked, lines, settled


def test_a_booking_is_put_and_looked_up(town: At) -> None:
    answer = town.put_booking(Booking.model_validate(booked("C-1")))
    assert (answer.number, answer.outcome) == ("C-1", "accepted")
    view = settled(town, "C-1", "arx")
    assert view.booking.number == "C-1"
    assert view.credentials[0].value == answer.credentials[0].value


def test_a_plan_is_asked_for_and_then_put_or_refused(town: At) -> None:
    body = Booking.model_validate(booked("P-1", court=4, after=9000))
    planned = town.plan_booking(body)
    assert (planned.outcome, {claim.change for claim in planned.difference}) == ("accepted", {"added"})
    with pytest.raises(Refused, match="no booking"):
        town.get_booking("P-1")
    assert town.put_booking(body, token=planned.state_token).outcome == "accepted"
    with pytest.raises(Refused) as refused:
        town.put_booking(Booking.model_validate(booked("P-1", revision=2)), token=planned.state_token)
    assert refused.value.details.code == "state-changed"


def test_a_resource_is_closed_and_opened_and_events_tell_it(town: At) -> None:
    after = None
    while (page := town.events(after)).events:
        after = page.next
    times = {"starts_at": NOON, "ends_at": NOON + timedelta(hours=1)}
    snow = ClosureRequest.model_validate({"revision": 1, "resource": "konstgras.helplan", **times})
    assert town.close_resource("client-snow", snow).state == "in_force"
    assert town.lift_closure("client-snow").revision == 2
    assert [one.state for one in town.closures() if one.id == "client-snow"] == ["lifted"]
    told = [event.type for event in town.events(after).events if event.subject == "client-snow"]
    assert told == ["closure.in_force", "closure.lifted"]


def test_events_are_subscribed_to(town: At) -> None:
    wanted = SubscriptionRequest(url="https://booking.example.se/hooks", paused=True)
    made = town.subscribe("client", wanted)
    assert made.secret
    assert made.secret.startswith("whsec_")
    assert town.subscribe("client", wanted).secret is None
    assert [one.state for one in town.subscriptions()] == ["paused"]
    town.unsubscribe("client")
    assert town.subscriptions() == []


def test_a_document_is_registered_and_looked_up(town: At) -> None:
    wanted = DocumentToRegister.model_validate(raw_document(files=[a_file()]))
    told = town.register("client-1", wanted, wait=0)
    assert (told.key, told.direction, told.kept) == ("client-1", wanted.direction, True)
    assert town.document("client-1").files == told.files
    with pytest.raises(Refused, match="no application"):
        town.application("client-1")
    with pytest.raises(Refused) as refused:
        town.register("client-1", wanted.model_copy(update={"title": "Another"}))
    assert refused.value.details.code == "document-conflict"


def test_a_number_with_colons_is_one_number(town: At) -> None:
    town.put_booking(json.dumps(booked("C:1", court=2)).encode(), "C:1")
    assert town.get_booking("C:1").booking.number == "C:1"


def test_the_list_goes_over_every_page(town: At, monkeypatch: pytest.MonkeyPatch) -> None:
    list(town.import_lines([lines([booked(f"L-{n}", after=600 + 60 * n) for n in range(5)])]))
    monkeypatch.setattr("hub.client._PAGE", 2)
    numbers = [line.number for line in town.bookings()]
    assert {f"L-{n}" for n in range(5)} <= set(numbers)
    assert numbers == sorted(numbers)
    assert len({delivery.id for delivery in town.deliveries()}) >= 5


def test_a_refusal_carries_every_fault(town: At) -> None:
    with pytest.raises(Refused) as refused:
        town.put_booking(b'{"number": "C-2"}', "C-2")
    assert refused.value.details.status == 422
    assert {"/revision", "/status", "/customer"} <= {fault.pointer for fault in refused.value.details.errors}


def test_what_is_not_there_is_refused_by_code(town: At) -> None:
    with pytest.raises(Refused, match="no booking 'nobody'") as refused:
        town.get_booking("nobody")
    assert refused.value.details.code == "not-found"


def test_an_import_is_refused_as_a_whole_without_a_key(live: Live) -> None:
    with live.town("kp_wrong") as town, pytest.raises(Refused) as refused:
        list(town.import_lines(BytesIO(lines([booked("C-3")]))))
    assert refused.value.details.code == "unauthorised"


def test_answers_of_an_import_come_while_its_lines_go(town: At) -> None:
    answered = threading.Event()

    def season() -> Iterator[bytes]:
        for n in range(700):
            yield lines([booked(f"S-{n}", after=5000 + n, status="preliminary")])
        assert answered.wait(10), "the client sends all before it reads any"
        yield lines([booked("S-700", status="preliminary")])

    told = []
    for answer in town.import_lines(season()):
        told.append(answer)
        answered.set()
    *answers, summary = told
    assert [answer.line for answer in answers if isinstance(answer, ImportLine)] == list(range(1, 702))
    assert isinstance(summary, ImportSummary)
    assert (summary.lines, summary.accepted) == (701, 701)


def test_whoever_stops_listening_stops_the_import(town: At) -> None:
    answers = town.import_lines(BytesIO(lines([booked(f"T-{n}", status="preliminary") for n in range(20)])))
    assert isinstance(next(answers), ImportLine)
    answers.close()  # type: ignore[attr-defined]
    assert town.status().municipality == TOWN


def test_connections_are_tried_paused_and_resumed(town: At) -> None:
    assert {one.name for one in town.connections()} == {file.stem for file in (UMEA / "connections").glob("*.yaml")}
    assert town.test("arx-tennishallen").ok
    assert town.pause("mqtt-kulturhuset").paused_by == "operator"
    assert town.resume("mqtt-kulturhuset").state == "running"


def test_a_connection_is_reconciled_and_a_finding_that_is_not_there_refused(town: At) -> None:
    assert town.reconcile("arx-tennishallen", apply=[What.ORPHAN]).outcome == "compared"
    assert town.findings("arx-tennishallen") == town.findings(language="sv") == []
    for decide in (town.revoke, partial(town.adopt, reason="x"), partial(town.ignore, until=NOON)):
        with pytest.raises(Refused, match="no finding 4711"):
            decide(4711)


def test_everything_else_is_asked_for_by_type(town: At) -> None:
    assert town.status().municipality == TOWN
    assert town.readiness(hours=48).from_ >= NOON
    assert len(town.resources()) == 19
    assert town.get_resource("tennishallen.bana-1").identities["mqtt-tennishallen"] == ("bana-1", "gemensam")
    assert town.problems() == town.problems(ended=True, language="sv") == []
    assert list(town.deliveries(state="stuck", connection="arx-tennishallen", before=NOON)) == []
    assert town.retry_deliveries(resource="tennishallen.bana-1", dry_run=True).deliveries == 0
    assert town.dismiss_deliveries(id=1, reason="nothing is stuck").deliveries == 0
    with pytest.raises(Refused):
        town.retry_problem(1)


def test_nobody_is_looked_up_where_there_is_no_register(town: At) -> None:
    lookup = PersonLookup(
        identity_number=PersonNumber.parse("199001019802"), purpose="bidrag", legal_basis="9 § LOK", asked_by="anna.ek"
    )
    with pytest.raises(Refused) as refused:
        town.look_up(lookup)
    assert refused.value.details.code == "no-register"


def test_the_installation_tells_what_the_key_is_for(live: Live) -> None:
    with Client(live.key, live.url) as client:
        assert client.installation().municipalities == (TOWN,)


def test_nobody_there_is_the_wires_own_error() -> None:
    with Client("key", "http://127.0.0.1:1") as client:
        with pytest.raises(httpx.ConnectError):
            client.installation()
        with pytest.raises((httpx.ConnectError, httpx.ConnectTimeout)):
            list(client.at(TOWN).import_lines([b"{}"]))


def test_something_between_that_is_not_the_hub_is_said_to_be_so() -> None:
    details = _details(httpx.Response(502, html="<h1>Bad gateway</h1>"))
    assert (details.code, details.title) == ("not-the-hub", "502 Bad Gateway")
