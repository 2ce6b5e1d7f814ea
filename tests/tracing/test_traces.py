"""A trace leads from a caller's request to the call that opens the door, and tells nobody who it is for."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from connectors.access_arx.simulator import ArxSimulator
from hub.app import Hub
from hub.clock import DomainClock
from hub.model.plan import TargetKey
from hub.service.process import tracing
from hub.service.process.tracing import Tracing
from hub.settings import Settings
from tests.live import NOON, TOWN, UMEA, booked, until

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{CALLER}-{PARENT}-01"}
_COUNTED = {"context", "parent_id", "links", "start_time", "end_time", "resource"}
"""Of a span, what has digits of its own: ids, times, and which process it was."""
ROUTE = "/v1/{municipality}/bookings/{number}"


@dataclass
class Traced:
    """A hub with somebody who gets its spans, and what came over the wire to its lock."""

    client: Any
    headers: dict[str, str]
    exporter: InMemorySpanExporter
    told: list[str | None] = field(default_factory=list)

    def put(self, number: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        path = f"/v1/{TOWN}/bookings/{number}"
        asked = self.headers | {"Prefer": "wait=20"} | (headers or {})
        answer = self.client.put(path, json=booked(number, **more), headers=asked)
        assert answer.status_code in {200, 202}, answer.text

    def spans(self, kind: SpanKind | None = None, *, name: str = "") -> list[ReadableSpan]:
        found: Sequence[ReadableSpan] = self.exporter.get_finished_spans()
        return [one for one in found if kind in {None, one.kind} and one.name.startswith(name)]


@contextmanager
def traced(folder: Path, monkeypatch: pytest.MonkeyPatch, *, on: bool = True) -> Iterator[Traced]:
    exporter, provider, told = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False), list[str | None]()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    handle = ArxSimulator.handle

    def heard(self: ArxSimulator, request: httpx.Request) -> httpx.Response:
        told.append(request.headers.get("traceparent"))
        return handle(self, request)

    monkeypatch.setattr(ArxSimulator, "handle", heard)
    settings = Settings(database=f"sqlite:///{folder / 'hub.db'}", simulate=True)
    hub = Hub(settings, [UMEA], clock=DomainClock(NOON), tracing=Tracing(provider) if on else None)
    with TestClient(hub.web()) as client:
        key = hub.operator_key_file.read_text().strip()
        yield Traced(client, {"Authorization": f"Bearer {key}"}, exporter, told)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    with traced(tmp_path, monkeypatch) as made:
        yield made


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return format_trace_id(span.context.trace_id)


def id_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return format_span_id(span.context.span_id)


def parent_of(span: ReadableSpan) -> str | None:
    return format_span_id(span.parent.span_id) if span.parent else None


def test_the_callers_trace_leads_to_the_call_that_opens_the_door(here: Traced) -> None:
    here.put("T-1", headers=TRACEPARENT)
    target = "arx-tennishallen/hub-T-1"

    def carried() -> list[ReadableSpan]:
        return [one for one in here.spans(name="carry") if (one.attributes or {}).get("knutpunkt.target") == target]

    until(carried, "the code is carried")
    (request,) = here.spans(SpanKind.SERVER, name=f"PUT {ROUTE}")
    carrying = carried()[0]
    calls = [one for one in here.spans(SpanKind.CLIENT) if parent_of(one) == id_of(carrying)]
    assert {trace_of(one) for one in (request, carrying, *calls)} == {CALLER}
    assert (parent_of(request), parent_of(carrying)) == (PARENT, id_of(request))
    assert calls
    assert {f"00-{CALLER}-{id_of(one)}-01" for one in calls} <= set(here.told), "the lock was told"


def test_a_request_without_a_trace_begins_one(here: Traced) -> None:
    here.put("T-1")
    (request,) = here.spans(SpanKind.SERVER, name=f"PUT {ROUTE}")
    assert request.parent is None
    assert dict(request.attributes or {}) | {"knutpunkt.request_id": ""} == {
        "http.request.method": "PUT", "http.route": ROUTE, "http.response.status_code": 202, "knutpunkt.request_id": "",
    }  # fmt: skip


def test_spans_tell_nobody_who_it_is_for(here: Traced) -> None:
    person = {"kind": "person", "name": "Åke Hemlig", "protected": "yes", "email": "ake@hemlig.example"}
    here.put("T-1", customer=person)
    until(lambda: here.spans(SpanKind.CLIENT), "the lock is called")
    (code,) = here.client.get(f"/v1/{TOWN}/bookings/T-1", headers=here.headers).json()["credentials"]
    here.client.get(f"/v1/{TOWN}/attendance?association=870101-1234&from=x", headers=here.headers)
    here.client.get("/v1/2480/870101-1234", headers=here.headers)
    here.client.put(f"/v1/{TOWN}/bookings/T-2", content=b'{"name": "Hemlig', headers=here.headers)
    told = " ".join(map(_said, here.spans()))
    words = ("Hemlig", "hemlig", "Lena", "4670", "870101", str(code["value"]), here.headers["Authorization"][7:])
    assert [word for word in words if word in told] == []
    assert all(not one.events for one in here.spans()), "and no error's text"


def _said(span: ReadableSpan) -> str:
    """All that it says but what is counted or drawn."""
    whole = json.loads(span.to_json())
    return json.dumps({key: value for key, value in whole.items() if key not in _COUNTED}, ensure_ascii=False)


def test_what_goes_wrong_is_told_by_its_kind(here: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_self: ArxSimulator, _request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("hemligt")

    monkeypatch.setattr(ArxSimulator, "handle", down)
    path, headers = f"/v1/{TOWN}/bookings/T-1", here.headers
    assert here.client.put(path, json=booked("T-1"), headers=headers).status_code == 202
    until(lambda: [one for one in here.spans(SpanKind.CLIENT) if not one.status.is_ok], "a call fails")
    failed = [one for one in here.spans(SpanKind.CLIENT) if one.status.status_code is StatusCode.ERROR]
    assert {(one.attributes or {})["error.type"] for one in failed} == {"ConnectError"}
    assert "hemligt" not in " ".join(one.to_json() for one in here.spans())


def test_without_anybody_who_wants_them_there_are_no_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with traced(tmp_path, monkeypatch, on=False) as here:
        here.put("T-1", headers=TRACEPARENT)
        assert here.spans() == []
        assert here.told
        assert set(here.told) == {None}


def test_what_is_carried_long_after_is_linked_and_lengthens_no_trace() -> None:
    exporter, provider, now = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False), [0.0]
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    made = Tracing(provider, seconds=lambda: now[0])
    with made.request("PUT", {}) as request:
        made.changed(TOWN, [TargetKey("lamps", "court-1")])
    now[0] = 3600.0
    for place in ((TOWN, "lamps", "court-1"), (TOWN, "lamps", "court-2"), ("1480", "lamps", "court-1")):
        with made.carrying(*place):
            pass
    _, mine, other, neighbours = exporter.get_finished_spans()
    assert mine.parent is None
    assert [link.context for link in mine.links] == [request.get_span_context()]
    assert [one.links for one in (other, neighbours)] == [(), ()]


def test_as_many_targets_are_remembered_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_REMEMBERED", 2)
    made = Tracing(TracerProvider(shutdown_on_exit=False))
    with made.request("PUT", {}):
        made.changed(TOWN, [TargetKey("lamps", key) for key in "abac"])
    assert [key for _, _, key in made._changed] == ["a", "c"]


class Collector(BaseHTTPRequestHandler):
    """Takes what is sent to it."""

    came: list[tuple[str, int]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.came.append((self.path, len(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def test_traces_are_sent_to_a_collector_before_the_hub_ends() -> None:
    Collector.came = []
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = tracing.sent_to(f"http://127.0.0.1:{server.server_port}/v1/traces")
        with made.request("PUT", {}):
            pass
        made.close()
        server.shutdown()
    assert [path for path, size in Collector.came if size] == ["/v1/traces"]


BY_OTHERS = """
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from hub.api.application import create_api
exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
assert TestClient(create_api()).get("/healthz?who=870101-1234").text == "ok\\n"
print(len(exporter.get_finished_spans()))
"""


def test_whoever_sets_up_traces_for_the_whole_process_gets_none_of_fastapis_own() -> None:
    done = subprocess.run([sys.executable, "-c", BY_OTHERS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


WITHOUT = """
import sys
for name in ("opentelemetry.sdk", "opentelemetry.exporter"):
    sys.modules[name] = None
from hub.cli.main import main
main()
"""


def test_what_is_to_be_installed_is_told(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WITHOUT, "serve", str(UMEA), "--port", "0", "--traces", "http://127.0.0.1:1/"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KNUTPUNKT_")}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install 'knutpunkt[otel]'" in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
