"""What is told to Prometheus: stable names that stand in the documentation, and no word that anybody sent."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from hub.service.keeping.keys import EVERY_MUNICIPALITY, Scope
from hub.service.process import figures
from hub.service.process.meters import Meters
from hub.service.process.tallies import Spread, Tally
from tests.api.site import Site
from tests.builders import SATURDAY, raw_booking
from tests.conftest import MISSING
from tests.delivery.fakes import Fault

DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"
ROW = re.compile(r"^\| `(knutpunkt_\w+)` \| (\w+) \| ((?:`\w+` ?)*)\| (.+) \|$", re.MULTILINE)
Sample = tuple[str, frozenset[tuple[str, str]]]


def scraped(site: Site) -> Iterator[tuple[str, dict[str, str], float]]:
    """Every sample of ours."""
    headers = {"Authorization": f"Bearer {site.key(Scope.OPERATOR, town=EVERY_MUNICIPALITY)}"}
    for family in text_string_to_metric_families(site.client.get("/metrics", headers=headers).text):
        for sample in family.samples:
            if sample.name.startswith("knutpunkt_"):
                yield sample.name, sample.labels, sample.value


def value(site: Site, name: str, **labels: str) -> float:
    """What it is, for these labels; nought when nobody told."""
    return sum(found for told, has, found in scraped(site) if told == name and labels.items() <= has.items())


def until(site: Site, wanted: float, name: str, **labels: str) -> None:
    """The loops run beside us."""
    found = -1.0
    for _ in range(300):
        if (found := value(site, name, **labels)) == wanted:
            return
    pytest.fail(f"{name} {labels} never became {wanted}: {found}")


def registered() -> dict[str, tuple[str, set[str]]]:
    """Every metric of ours: its name, and its kind and labels."""
    meters = Meters()
    figures.Figures(None, None, None, meters, tuple)  # type: ignore[arg-type]
    all_ = list(meters.registry._collector_to_names)
    return {
        f"{one._name}{'_total' if isinstance(one, Counter) else ''}": (str(one._type), set(one._labelnames))
        for one in all_
        if isinstance(one, MetricWrapperBase)
    } | {
        f"{one.name}{'_total' if isinstance(one, Tally) else ''}": (
            "counter" if isinstance(one, Tally) else "histogram", set(one.labels)
        )
        for one in all_
        if isinstance(one, Tally | Spread)
    }  # fmt: skip


def test_every_name_kind_and_label_is_documented_and_nothing_else_is() -> None:
    documented = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels, _ in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    }
    assert registered() == documented


def test_requests_are_counted_by_documented_address_and_status(site: Site) -> None:
    before = value(site, "knutpunkt_http_requests_total")
    site.ask("PUT", "/bookings/B-1", json=raw_booking())
    site.ask("PUT", "/bookings/B-1", json=raw_booking() | {"notify": ["nobody"]})
    site.get("/bookings/B-77")
    site.client.get("/v1/2480/hemligt/870101-1234")
    route = "/v1/{municipality}/bookings/{number}"
    found = {
        (has["method"], has["route"], has["status"]): count
        for name, has, count in scraped(site)
        if name == "knutpunkt_http_requests_total" and has["route"] != "/metrics"
    }
    assert found == {
        ("PUT", route, "202"): 1,
        ("PUT", route, "422"): 1,
        ("GET", route, "404"): 1,
        ("GET", "(no route)", "404"): 1,
    }
    assert before == 0
    assert value(site, "knutpunkt_http_request_seconds_count", route=route) == 3


def test_a_method_that_somebody_made_up_is_no_label(site: Site) -> None:
    site.client.request("PASSW0RD", "/healthz")
    assert {has["method"] for name, has, _ in scraped(site) if name == "knutpunkt_http_requests_total"} >= {"other"}


def test_what_stands_in_time_is_not_late(site: Site) -> None:
    site.put("B-1")
    until(site, 1, "knutpunkt_lateness_seconds_bucket", kind="credential", le="0.0")
    site.move_to(SATURDAY + timedelta(minutes=-15))
    until(site, 3, "knutpunkt_lateness_seconds_bucket", kind="dim", le="0.0")
    site.move_to(SATURDAY + timedelta(minutes=70))
    until(site, 4, "knutpunkt_effects", effect="removed")
    assert value(site, "knutpunkt_lateness_seconds_count") == 4, "what is taken away is not late"


def test_a_lamp_that_could_not_be_lit_for_twenty_minutes_is_twenty_minutes_late(site: Site) -> None:
    site.put("B-1")
    site.lamps.breaks(Fault.DOWN)
    site.move_to(SATURDAY + timedelta(minutes=-15))
    until(site, 1, "knutpunkt_gate_shut", connection="lamps")
    site.lamps.recovers()
    site.move_to(SATURDAY + timedelta(minutes=5))
    until(site, 3, "knutpunkt_lateness_seconds_count", kind="dim")
    assert value(site, "knutpunkt_lateness_seconds_bucket", kind="dim", le="900.0") == 0
    assert value(site, "knutpunkt_lateness_seconds_bucket", kind="dim", le="3600.0") == 3
    assert value(site, "knutpunkt_lateness_seconds_sum", kind="dim") == 3 * 1200


def test_what_is_booked_late_is_late_from_then(site: Site) -> None:
    site.move_to(SATURDAY + timedelta(minutes=30))
    site.put("B-1")
    until(site, 3, "knutpunkt_lateness_seconds_bucket", kind="dim", le="1.0")


def test_a_system_that_does_not_answer_has_its_gate_shut_and_is_a_problem(site: Site) -> None:
    site.put("B-1")
    site.lamps.breaks(Fault.DOWN)
    site.move_to(SATURDAY)
    until(site, 1, "knutpunkt_gate_shut", connection="lamps")
    until(site, 1, "knutpunkt_problems_open", code="unreachable")
    assert value(site, "knutpunkt_gate_shut", connection="locks") == 0
    assert value(site, "knutpunkt_attempts_total", connection="lamps", outcome="retrying") > 0
    site.move_to(SATURDAY + timedelta(minutes=10))
    site.lamps.recovers()
    until(site, 0, "knutpunkt_gate_shut", connection="lamps")
    until(site, 0, "knutpunkt_problems_open")
    until(site, 3, "knutpunkt_attempts_total", connection="lamps", outcome="confirmed")


def test_what_is_refused_is_stuck_and_a_revoke_that_fails_is_old(site: Site) -> None:
    site.put("B-1")
    site.locks.breaks(Fault.REJECTS)
    site.ask("PUT", "/bookings/B-1", json=raw_booking(revision=2, status="cancelled"))
    until(site, 1, "knutpunkt_deliveries", delivery="stuck")
    site.move_to(site.clock.now() + timedelta(minutes=7))
    assert value(site, "knutpunkt_oldest_unconfirmed_revoke_seconds", municipality="2480") >= 420
    assert value(site, "knutpunkt_oldest_unconfirmed_revoke_seconds", municipality="1480") == 0


def test_a_paused_connection_is_shown_and_what_waits_grows_old(site: Site) -> None:
    site.operate("POST", "/connections/lamps:pause")
    assert value(site, "knutpunkt_connection_paused", connection="lamps") == 1
    assert value(site, "knutpunkt_connection_paused", connection="locks") == 0


def test_events_that_nobody_takes_are_a_backlog(site: Site) -> None:
    key = site.key(Scope.SUBSCRIPTIONS_WRITE)
    body = {"url": "https://core.example/hook", "types": [], "paused": False}
    answer: httpx.Response = site.ask("PUT", "/subscriptions/core", key=key, json=body)
    assert answer.status_code == 201, answer.text
    site.put("B-1")
    site.move_to(site.clock.now() + timedelta(minutes=3))
    assert value(site, "knutpunkt_webhook_backlog", municipality="2480") > 0
    assert value(site, "knutpunkt_webhook_oldest_seconds", municipality="2480") >= 180
    site.ask("PUT", "/subscriptions/core", key=key, json=body | {"paused": True})
    assert value(site, "knutpunkt_webhook_backlog", municipality="2480") == 0


def test_transactions_are_measured(site: Site) -> None:
    site.put("B-1")
    found = {name: told for name, has, told in scraped(site) if not has}
    assert found["knutpunkt_group_commit_size_sum"] >= found["knutpunkt_group_commit_size_count"] > 0
    assert found["knutpunkt_group_commit_seconds_sum"] > 0
    assert found["knutpunkt_group_commit_seconds_count"] == found["knutpunkt_group_commit_size_count"]


def test_no_label_holds_a_word_that_somebody_sent(site: Site) -> None:
    said = {"X-Sent-By": "Anna Ek", "X-Request-Id": "hemligt-1"}
    site.put("B-2026-004711", headers=said, customer={"kind": "person", "name": "Lena Norberg", "protected": "yes"})
    site.ask("PUT", "/bookings/B-9", content=b"{", headers=said)
    site.locks.breaks(Fault.BUG)
    site.ask("PUT", "/bookings/B-2026-004711", json=raw_booking("B-2026-004711", 2, status="cancelled"))
    until(site, 1, "knutpunkt_problems_open", code="connector-bug")
    labels = {found for _, has, _ in scraped(site) for found in has.values()}
    known = {"2480", "1480", "locks", "lamps", "GET", "PUT", "POST", "credential", "dim", "record"}
    ours = re.compile(r"[a-z_]+|[0-9.]+|\+Inf|/[a-z0-9{}/:]+|[a-z]+-[a-z]+|\(no route\)")
    assert {one for one in labels - known if not ours.fullmatch(one)} == set()


def test_prometheus_own_linter_finds_nothing_to_say_of_ours(site: Site) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip(f"{MISSING} prometheus")
    site.put("B-1")
    headers = {"Authorization": f"Bearer {site.key(Scope.OPERATOR, town=EVERY_MUNICIPALITY)}"}
    told = site.client.get("/metrics", headers=headers).text
    done = subprocess.run([promtool, "check", "metrics"], input=told, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_process_tells_its_version_and_its_memory() -> None:
    found: dict[str, Any] = {one.name: one for one in Meters("1.2.3").registry.collect()}
    assert found["knutpunkt_info"].samples[0].labels == {"version": "1.2.3"}
    assert found["process_resident_memory_bytes"].samples[0].value > 1e6
