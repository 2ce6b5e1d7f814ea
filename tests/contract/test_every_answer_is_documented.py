"""The OpenAPI document against the running hub: whatever is sent, no 5xx and no answer that it does not tell of."""

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.api.application import create_api
from hub.demo.stage import stage
from tests.scenarios.plays import FOLDER, at

pytestmark = pytest.mark.xdist_group("contract")  # each process of tests would start a hub for itself
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, str]]:
    """A hub on the example municipality, in a thread: its address and an operator's key."""
    told: list[tuple[str, str]] = []
    up, down = threading.Event(), threading.Event()

    async def serve() -> None:
        with tempfile.TemporaryDirectory() as home:
            async with stage(FOLDER, Path(home), at("2026-11-23 07:00"), 0) as (_, address, key):
                told.append((address, key))
                up.set()
                await asyncio.to_thread(down.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(30)
    yield told[0]
    down.set()
    thread.join()


@schemathesis.serializer("application/x-ndjson", "text/calendar", "text/csv")
def as_text(_context: Any, value: Any) -> bytes:
    return str(value).encode("utf-8", "replace")


schema = schemathesis.openapi.from_dict(create_api().openapi()).exclude(path_regex="/events/stream$")


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_answer_is_undocumented(case: Any, running: tuple[str, str]) -> None:
    if "municipality" in case.path_parameters:
        case.path_parameters["municipality"] = "2480"
    address, key = running
    headers = {"Authorization": f"Bearer {key}"}
    case.call_and_validate(base_url=address, headers=headers, checks=CHECKS, timeout=40)
