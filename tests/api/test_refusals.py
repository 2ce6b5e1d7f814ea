"""What the hub refuses: with a stable code, pointing at the fault, and with nothing changed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hub.service.accept.bookings import LINE_LIMIT
from hub.service.keeping.keys import EVERY_MUNICIPALITY, Scope
from tests.api.site import PROBLEM, Site
from tests.builders import a_charge, occasion, raw_booking


@pytest.fixture(autouse=True)
def nothing_has_changed(shared: Site) -> Iterator[None]:
    yield
    assert shared.stored() == []
    assert shared.locks.commands() == shared.lamps.commands() == []


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer tells."""
    assert answer.headers["content-type"] == PROBLEM, answer.text
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert told["type"] == f"urn:knutpunkt:problem:{code}"
    assert told["title"]
    return told


def test_every_fault_of_a_booking_is_told_at_once(shared: Site) -> None:
    raw = raw_booking(
        revision=0,
        colour="red",
        notify=["husmor"],
        occasions=[
            occasion("hall.court-9", id="a"),
            occasion(id="b") | {"starts_at": "2026-11-21T12:00:00"},
            occasion(id="c", after=180) | {"ends_at": "2026-11-21T12:00:00Z"},
            occasion(id="d", after=1000, minutes=32 * 24 * 60),
        ],
        charges=[a_charge(occasion="a", unit_price="1.005")],
    )
    told = refused(shared.put_raw(json.dumps(raw).encode()), 422, "invalid-booking")
    assert {(fault["pointer"], fault["code"]) for fault in told["errors"]} == {
        ("/revision", "invalid-value"),
        ("/colour", "unknown-field"),
        ("/notify/0", "unknown-role"),
        ("/occasions/0/resource", "unknown-resource"),
        ("/occasions/1/starts_at", "naive-time"),
        ("/occasions/2/ends_at", "invalid-value"),
        ("/occasions/3/ends_at", "invalid-value"),
        ("/charges/0/unit_price", "invalid-value"),
    }
    assert all(fault["detail"] for fault in told["errors"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe\x00",
        b'{"number": "\xe5"}',
        b'{"number": "B-1"} trailing',
        b"nonsense",
        b"",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_told_as_such(shared: Site, body: bytes) -> None:
    refused(shared.put_raw(body), 400, "invalid-json")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"B-1"', b"7", b"{}"])
def test_json_that_is_no_booking_has_faults(shared: Site, body: bytes) -> None:
    assert refused(shared.put_raw(body), 422, "invalid-booking")["errors"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-ndjson", "", "application/jsonp"])
def test_a_body_of_another_kind_is_refused(shared: Site, kind: str) -> None:
    refused(shared.put_raw(json.dumps(raw_booking()).encode(), kind=kind), 415, "wrong-content-type")


def test_a_body_over_its_limit_is_refused(shared: Site) -> None:
    body = json.dumps(raw_booking() | {"padding": "x" * LINE_LIMIT}).encode()
    refused(shared.put_raw(body), 413, "too-large")


def test_a_body_at_its_limit_is_read(shared: Site) -> None:
    body = json.dumps(raw_booking(colour="red")).encode()
    full = body + b" " * (LINE_LIMIT - len(body))
    assert refused(shared.put_raw(full), 422, "invalid-booking")["errors"][0]["pointer"] == "/colour"


def test_the_address_and_the_booking_must_name_the_same_number(shared: Site) -> None:
    told = refused(shared.put_raw(json.dumps(raw_booking("B-1")).encode(), number="B-2"), 422, "invalid-booking")
    assert [(fault["pointer"], fault["code"]) for fault in told["errors"]] == [("/number", "other-number")]


@pytest.mark.parametrize("query", ["dryrun=true", "wait=3", "x=", "dry_run=true&x=1"])
@pytest.mark.parametrize("method, path", [("PUT", "/bookings/B-1"), ("POST", "/bookings")])
def test_a_parameter_that_is_not_understood_is_refused(shared: Site, method: str, path: str, query: str) -> None:
    kind = "application/json" if method == "PUT" else "application/x-ndjson"
    body = json.dumps(raw_booking()).encode()
    answer = shared.ask(method, f"{path}?{query}", content=body, headers={"Content-Type": kind})
    refused(answer, 400, "unknown-parameter")


def test_no_answer_repeats_what_is_personal(shared: Site) -> None:
    customer = raw_booking()["customer"] | {"identity_number": "194107081112", "phone": "0701740605", "email": "lena"}
    answer = shared.put_raw(json.dumps(raw_booking(customer=customer)).encode())
    pointers = {fault["pointer"] for fault in refused(answer, 422, "invalid-booking")["errors"]}
    assert pointers == {"/customer/identity_number", "/customer/phone", "/customer/email"}
    assert [word for word in ("0708", "0701740605", "lena", "Badminton") if word in answer.text] == []


# ---------------------------------------------------------------- who may what


@pytest.mark.parametrize("told", [None, "", "Bearer", "Bearer ", "Bearer kp_unknown", "Basic abc", "kp_unknown"])
def test_without_a_key_in_force_nothing_is_told(shared: Site, told: str | None) -> None:
    headers = {} if told is None else {"Authorization": told}
    answer = shared.client.get("/v1/2480/bookings", headers=headers)
    refused(answer, 401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "scope, method, path",
    [
        (Scope.BOOKINGS_READ, "PUT", "/bookings/B-1"),
        (Scope.BOOKINGS_READ, "POST", "/bookings"),
        (Scope.BOOKINGS_WRITE, "GET", "/bookings"),
        (Scope.BOOKINGS_WRITE, "GET", "/bookings/B-1"),
        (Scope.BOOKINGS_WRITE, "GET", "/deliveries"),
        (Scope.BOOKINGS_READ, "GET", "/problems"),
        (Scope.BOOKINGS_READ, "POST", "/problems/1:retry"),
        (Scope.BOOKINGS_READ, "POST", "/connections/locks:pause"),
        (Scope.BOOKINGS_READ, "POST", "/connections/locks:resume"),
        (Scope.BOOKINGS_READ, "POST", "/connections/locks:test"),
        (Scope.CREDENTIALS_READ, "GET", "/readiness"),
    ],
)
def test_a_key_without_the_right_is_refused(shared: Site, scope: Scope, method: str, path: str) -> None:
    told = refused(shared.ask(method, path, key=shared.key(scope), json={}), 403, "forbidden")
    assert "lacks scope" in told["detail"]


@pytest.mark.parametrize("scope", [Scope.BOOKINGS_READ, Scope.OPERATOR, Scope.ADMIN])
def test_a_key_of_another_municipality_is_refused(shared: Site, scope: Scope) -> None:
    refused(shared.get("/bookings", key=shared.key(scope, town="1480")), 403, "forbidden")


def test_a_key_is_refused_before_its_request_is_read(shared: Site) -> None:
    answer = shared.ask("PUT", "/bookings/B-1", key="kp_unknown", content=b"{", headers={"Content-Type": "text/plain"})
    refused(answer, 401, "unauthorised")


def test_figures_are_for_a_key_of_the_whole_installation(shared: Site) -> None:
    headers = {"Authorization": f"Bearer {shared.operator}"}
    refused(shared.client.get("/metrics", headers=headers), 403, "forbidden")


# ---------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/bookings/B-9"),
        ("GET", "/resources/hall.court-9"),
        ("POST", "/problems/99:retry"),
        ("POST", "/connections/nothing:test"),
        ("POST", "/connections/nothing:pause"),
        ("POST", "/connections/nothing:resume"),
        ("GET", "/nothing"),
    ],
)
def test_what_is_not_there_is_told_as_such(shared: Site, method: str, path: str) -> None:
    refused(shared.ask(method, path, key=shared.key(Scope.ADMIN)), 404, "not-found")


def test_a_municipality_that_is_not_served_is_not_there(shared: Site) -> None:
    everywhere = {"Authorization": f"Bearer {shared.key(Scope.ADMIN, town=EVERY_MUNICIPALITY)}"}
    for path in ("bookings", "resources", "readiness", "problems", "status", "deliveries", "connections"):
        refused(shared.client.get(f"/v1/9999/{path}", headers=everywhere), 404, "not-found")
    answer = shared.client.put("/v1/9999/bookings/B-1", json=raw_booking(), headers=everywhere)
    refused(answer, 404, "not-found")


def test_what_cannot_be_done_there_is_told_as_such(shared: Site) -> None:
    refused(shared.ask("DELETE", "/bookings/B-1"), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "path, pointer",
    [
        ("/bookings?limit=0", "/query/limit"),
        ("/bookings?limit=1001", "/query/limit"),
        ("/readiness?hours=0", "/query/hours"),
        ("/readiness?hours=i+kväll", "/query/hours"),
        ("/deliveries?state=lost", "/query/state"),
        ("/deliveries?before=2026-11-21T12:00:00", "/query/before"),
        ("/problems?language=fi", "/query/language"),
    ],
)
def test_a_parameter_with_a_fault_is_pointed_at(shared: Site, path: str, pointer: str) -> None:
    told = refused(shared.get(path, key=shared.key(Scope.ADMIN)), 422, "invalid-request")
    assert [fault["pointer"] for fault in told["errors"]] == [pointer]
