"""Whatever changes something, looks a person up or shows a secret leaves a row, and no row says what is personal."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hub.api.application import create_api
from hub.model.audit import Act, AuditRow, AuditVerified
from hub.service.audit.audited import Wish, page
from hub.service.audit.proving import verify
from hub.service.keeping.keys import Scope
from hub.store.engine.database import connect
from hub.store.seals.keyring import key_from
from hub.store.seals.sealing import Seal
from tests.api.site import Site
from tests.builders import raw_booking
from tests.delivery.harness import TOWN
from tests.live import until

ANNA = {"X-Sent-By": "Anna Ek"}
CLOSURE = {
    "revision": 1, "resource": "hall.court-3",
    "starts_at": "2026-11-22T00:00:00Z", "ends_at": "2026-11-23T00:00:00Z",
}  # fmt: skip
CORE = "bookings:read+bookings:write+credentials:read"
"""The name of the key that the booking core has."""
HOOK = {"url": "https://events.example.se/hub", "types": ["door.passed"], "paused": True}

LEAVES_A_ROW = {
    ("put", "/bookings/{number}"), ("post", "/bookings"), ("get", "/bookings/{number}"),
    ("get", "/applications/{key}"), ("get", "/applications/{key}/files/{place}"),
    ("put", "/documents/{key}"), ("put", "/closures/{closure}"), ("delete", "/closures/{closure}"),
    ("post", "/deliveries:retry"), ("post", "/deliveries:dismiss"), ("post", "/problems/{problem}:retry"),
    ("post", "/spare-codes/{spare}:changed"),
    ("post", "/connections/{name}:test"), ("post", "/connections/{name}:pause"),
    ("post", "/connections/{name}:resume"), ("post", "/connections/{name}:fetch"), ("post", "/verify"),
    ("post", "/attendance/imports"), ("get", "/attendance"),
    ("post", "/quarantine:rerun"), ("post", "/quarantine/{row}:dismiss"),
    ("put", "/subscriptions/{name}"), ("delete", "/subscriptions/{name}"), ("post", "/subscriptions/{name}:pause"),
    ("post", "/subscriptions/{name}:resume"), ("post", "/subscriptions/{name}:rotate"),
    ("post", "/subscriptions/{name}:replay"), ("get", "/audit"),
    ("post", "/persons/lookup"), ("post", "/persons/unsealings"),
    ("get", "/persons/unsealings/{unsealing}"),
    ("post", "/connections/{name}:reconcile"), ("post", "/findings/{finding}:adopt"),
    ("post", "/findings/{finding}:revoke"), ("post", "/findings/{finding}:ignore"),
}  # fmt: skip
TELLS_OF_NO_PERSON = {
    ("get", "/bookings"), ("get", "/closures"), ("get", "/resources"), ("get", "/resources/{resource}"),
    ("get", "/zones:explain"), ("get", "/figures/energy"), ("get", "/figures/energy.csv"), ("get", "/sensors"),
    ("get", "/deliveries"), ("get", "/problems"), ("get", "/connections"), ("get", "/readiness"), ("get", "/status"),
    ("get", "/events"), ("get", "/events/stream"), ("get", "/invoices"), ("get", "/imports"), ("get", "/quarantine"),
    ("get", "/findings"), ("get", "/spare-codes"), ("get", "/documents/{key}"), ("get", "/doors:explain"),
    ("get", "/subscriptions"), ("get", "/subscriptions/{name}"), ("get", "/subscriptions/{name}/deliveries"),
}  # fmt: skip
BY_A_SYSTEM = {("post", "/connections/{name}/inbox")}
"""Kept raw, as it came, before the answer."""


def seal(site: Site) -> Seal:
    return Seal(key_from(Path(site.url.removeprefix("sqlite:///")).with_suffix(".key")))


def rows(site: Site, wish: Wish | None = None, *, town: str = TOWN) -> list[AuditRow]:
    """The audit since the start, the oldest first."""
    with closing(connect(site.url)) as connection:
        found = page(connection, seal(site), town, wish or Wish(), limit=1000).rows
    return [row for row in reversed(found) if row.act != Act.CONFIGURATION_APPLIED]


def checked(site: Site) -> AuditVerified:
    with closing(connect(site.url)) as connection, connection.snapshot():
        return verify(connection, seal(site), TOWN)


def acts(site: Site) -> list[tuple[str, str, str, str | None]]:
    """(act, subject, key, person)."""
    return [(row.act, row.subject, row.who, row.person) for row in rows(site)]


def test_of_every_route_it_is_known_whether_it_leaves_a_row() -> None:
    paths = create_api().openapi()["paths"].items()
    own = {
        (method, path.removeprefix("/v1/{municipality}"))
        for path, methods in paths
        for method in methods
        if "{municipality}" in path
    }
    assert own == LEAVES_A_ROW | TELLS_OF_NO_PERSON | BY_A_SYSTEM, "a new route: say which, and leave a row"


def test_a_booking_from_first_to_last(site: Site) -> None:
    site.put(headers=ANNA)
    site.put(revision=1)
    site.put(revision=2, status="preliminary")
    site.put(revision=3, status="cancelled")
    site.put(revision=2)
    assert acts(site) == [
        ("booking.accepted", "B-1", CORE, "Anna Ek"),
        ("booking.codes_shown", "B-1", CORE, None),
        ("booking.changed", "B-1", CORE, None),
        ("booking.cancelled", "B-1", CORE, None),
    ]
    first = rows(site)[0]
    assert first.told == {"revision": 1, "codes": "shown"}
    assert first.at == site.clock.now()
    assert rows(site)[2].told == {"revision": 2}, "a preliminary booking has no codes"


def test_to_look_a_booking_up_leaves_a_row_that_tells_whether_codes_were_shown(site: Site) -> None:
    site.put()
    reader = site.key(Scope.BOOKINGS_READ)
    assert site.get("/bookings/B-1", headers=ANNA).json()["credentials"][0]["value"]
    assert site.get("/bookings/B-1", key=reader).json()["credentials"][0]["value"] is None
    assert site.get("/bookings/B-9").status_code == 404
    assert [(act, person) for act, _, _, person in acts(site)[1:]] == [
        ("booking.codes_shown", "Anna Ek"),
        ("booking.seen", None),
    ]


def test_a_season_leaves_a_row_for_each_booking_that_changed(site: Site) -> None:
    site.send([raw_booking("B-1"), raw_booking("B-2"), {"number": "B-3"}, raw_booking("B-1")])
    assert [(act, subject) for act, subject, _, _ in acts(site)] == [
        ("booking.accepted", "B-1"),
        ("booking.accepted", "B-2"),
    ]


def test_a_dry_run_leaves_none(site: Site) -> None:
    site.ask("PUT", "/bookings/B-1?dry_run=true", json=raw_booking("B-1"))
    assert acts(site) == []


def test_what_operators_do_leaves_rows(site: Site) -> None:
    site.put()
    site.ask("PUT", "/closures/snow", json=CLOSURE)
    site.ask("PUT", "/closures/snow", json=CLOSURE)
    site.ask("DELETE", "/closures/snow", headers=ANNA)
    site.operate("POST", "/connections/lamps:test")
    site.operate("POST", "/connections/lamps:pause", headers=ANNA)
    site.operate("POST", "/deliveries:dismiss?connection=lamps&state=due", json={"reason": "x"})
    site.operate("POST", "/deliveries:retry?connection=lamps")
    site.operate("POST", "/connections/lamps:resume")
    site.operate("POST", "/verify?wait=0")
    told = acts(site)[1:]
    assert [one for one in told if not one[0].startswith("deliveries")] == [
        ("closure.put", "snow", CORE, None),
        ("closure.lifted", "snow", CORE, "Anna Ek"),
        ("connection.tested", "lamps", "operator", None),
        ("connection.paused", "lamps", "operator", "Anna Ek"),
        ("connection.resumed", "lamps", "operator", None),
        ("systems.read_back", "", "operator", None),
    ]


def test_a_subscriptions_life_leaves_rows(site: Site) -> None:
    core = site.key(Scope.SUBSCRIPTIONS_WRITE)

    def ask(method: str, path: str, **more: Any) -> None:
        assert site.ask(method, f"/subscriptions/desk{path}", key=core, **more).is_success

    ask("PUT", "", json=HOOK)
    ask("PUT", "", json=HOOK)
    for verb in ("resume", "pause", "rotate"):
        ask("POST", f":{verb}")
    ask("POST", ":replay", json={"after": None})
    ask("DELETE", "")
    told = [act.removeprefix("subscription.") for act, *_ in acts(site)]
    assert told == ["made", "changed", "resumed", "paused", "rotated", "replayed", "removed"]
    assert {who for _, _, who, _ in acts(site)} == {"subscriptions:write"}


def test_what_is_refused_leaves_none(site: Site) -> None:
    reader = site.key(Scope.BOOKINGS_READ)
    site.ask("PUT", "/bookings/B-1", json=raw_booking("B-1"), key=reader)
    site.ask("DELETE", "/closures/none")
    site.operate("POST", "/problems/77:retry")
    site.ask("DELETE", "/subscriptions/none", key=site.key(Scope.SUBSCRIPTIONS_WRITE))
    assert acts(site) == []


def test_the_audit_is_for_keys_that_are_made_for_it_and_tells_that_it_was_read(site: Site) -> None:
    site.put(headers=ANNA)
    assert site.operate("GET", "/audit").status_code == 403
    auditor = site.key(Scope.AUDIT_READ)
    first = site.get("/audit?limit=1&subject=B-1", key=auditor).json()
    assert [(row["act"], row["person"]) for row in first["rows"]] == [("booking.accepted", "Anna Ek")]
    assert site.get(f"/audit?subject=B-1&before={first['next']}", key=auditor).json() == {"rows": [], "next": None}
    assert site.get("/audit?before=x", key=auditor).json()["code"] == "invalid-cursor"
    found = site.get("/audit?act=audit.seen", key=auditor).json()["rows"]
    assert [(row["subject"], row["who"], row["private"], row["told"]) for row in found] == [
        ("", "audit:read", "subject B-1", {"rows": 0}),
        ("", "audit:read", "subject B-1", {"rows": 1}),
    ]


def test_what_somebody_sought_stands_in_it_sealed(site: Site) -> None:
    auditor = site.key(Scope.AUDIT_READ)
    site.get("/audit?subject=194107081112", key=auditor)
    assert rows(site)[0].private == "subject 194107081112"
    with closing(connect(site.url)) as connection:
        kept = repr(connection.rows("SELECT * FROM audit")) + repr(connection.rows("SELECT * FROM audit_leaves"))
    assert "194107081112" not in kept


def test_rows_are_found_by_when(site: Site) -> None:
    site.put()
    auditor = site.key(Scope.AUDIT_READ)
    at = rows(site)[0].at.isoformat().replace("+00:00", "Z")
    assert len(site.get(f"/audit?act=booking.accepted&since={at}", key=auditor).json()["rows"]) == 1
    assert site.get(f"/audit?until={at}", key=auditor).json()["rows"] == []


def test_a_name_in_utf_8_is_read_as_it_was_written(site: Site) -> None:
    raw: Any = {"X-Sent-By": "Åsa Öberg".encode()}
    site.put(headers=raw)
    assert rows(site)[0].person == "Åsa Öberg"
    assert site.get("/bookings/B-1").json()["sent_by"] == "Åsa Öberg"


def test_nothing_personal_and_no_code_stands_in_it_in_clear(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    answer = site.put(headers=ANNA, customer=raw_booking()["customer"] | {"name": "Hemliga Klubben"}).json()
    site.get("/bookings/B-1", headers=ANNA)
    pin = answer["credentials"][0]["value"]
    with closing(connect(site.url)) as connection:
        kept = repr(connection.rows("SELECT * FROM audit")) + repr(connection.rows("SELECT * FROM audit_leaves"))
    assert "B-1" in kept
    told = json.dumps([row.model_dump(mode="json") for row in rows(site)])
    for word in ("Lena", "Norberg", "Hemliga", "+4670", "802400"):
        assert word not in kept + told + caplog.text
    assert pin not in kept + told
    assert "Anna" not in kept + caplog.text


def test_the_first_start_is_in_it_and_all_that_came_is_in_the_chain(site: Site) -> None:
    site.put()
    assert [(row.act, row.subject, row.who) for row in rows(site, town="*")] == [(Act.KEY_MADE, "operator", "hub")]
    until(lambda: not checked(site).loose, "what was written comes into the chain")
    assert (checked(site).place, checked(site).findings) == (2, ()), "the configuration, and the booking"
