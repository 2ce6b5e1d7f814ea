"""Registries over REST: Sundsvall's shape and another, what is confidential, and profiles that would register twice."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import ValidationError

from connectors.registry_rest import RestRegistry
from connectors.registry_rest.config import RestConfig
from connectors.registry_rest.simulator import DocumentServiceSimulator
from hub.conformance.driver import Memory, SetClock
from hub.conformance.record_examples import DOCUMENTS
from hub.delivery.reach.simulating import InProcess
from hub.model import Document
from hub.sdk import Lent, Misbehaviour, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.http import transport
from tests.connectors.notify_sms.test_sms import served

APPLICATION, DECISION, FOLLOWING, LONG = DOCUMENTS
LOG = logging.getLogger("rest")


def registry(way: httpx.AsyncBaseTransport, **settings: Any) -> RestRegistry:
    config = RestConfig.model_validate(settings)
    return RestRegistry(config, Lent(transport=way, clock=SetClock(), state=Memory(), log=LOG))


def sundsvall(**settings: Any) -> tuple[DocumentServiceSimulator, RestRegistry]:
    simulator = DocumentServiceSimulator(SetClock())
    return simulator, registry(InProcess(simulator), **{**simulator.config(), **settings})


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def test_what_is_confidential_is_found_again_too() -> None:
    simulator, rest = sundsvall()
    number = run(rest.register_document(DECISION)).reference
    assert run(rest.find_document("doc-10")).reference == number == "2026-2281-1-1"
    (told,) = simulator.diarium.public()
    assert told.marked
    assert "Norberg" not in repr(told)


def test_a_protected_title_makes_a_document_confidential_without_any_other_mark() -> None:
    simulator, rest = sundsvall()
    run(rest.register_document(APPLICATION.model_copy(update={"protected_title": "Ansökan från Lena Norberg"})))
    (document,) = simulator.records()
    assert isinstance(document, Document)
    assert document.secrecy is None
    assert run(rest.find_document("doc-1")) is not None


def test_a_document_without_a_file_has_one_that_says_so_where_the_service_wants_one() -> None:
    _, rest = sundsvall(no_file=None)
    with pytest.raises(RejectedError, match="400"):
        run(rest.register_document(APPLICATION))


def test_a_refusal_repeats_nothing_that_the_service_says() -> None:
    simulator, rest = sundsvall()
    simulator.misbehave(Misbehaviour.REFUSES)
    with pytest.raises(RejectedError) as rejected:
        run(rest.register_document(DECISION))
    assert DECISION.title not in str(rejected.value)


def test_two_under_one_key_are_a_persons() -> None:
    _, rest = sundsvall()
    for _ in range(2):
        run(rest.register_document(APPLICATION))
    with pytest.raises(RejectedError, match="2 documents have our key doc-1"):
        run(rest.find_document("doc-1"))


# ---------------------------------------------------------------- another service, over a real connection


class Other:
    """Takes one JSON, answers with it, and is asked by GET."""

    def __init__(self) -> None:
        self.came: dict[str, dict[str, Any]] = {}

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Basic aHViOm5vdC1hLXNlY3JldA==":
            return web.Response(status=401)
        if request.method == "GET":
            key = request.query.get("extern")
            return web.json_response([one for one in self.came.values() if one["dnr"] and one["extern"]["id"] == key])
        told = await request.json()
        number = f"KS {len(self.came) + 1}/2026"
        self.came[number] = told | {"dnr": {"nr": number}}
        return web.json_response(self.came[number], status=201)


OTHER = {
    "user": "hub", "password": "not-a-secret", "path": "poster", "body": "json", "files_at": "bilagor",
    "file_fields": ["namn", "typ", "data"], "no_file": None, "pairs_at": None,
    "fields": {
        "extern.id": "key", "extern.system": "=knutpunkt", "rubrik": "title", "skyddad.rubrik": "protected_title",
        "skyddad.ar": "secret", "skyddad.lagrum": "secrecy.ground", "riktning": "direction", "inkom": "received_at",
    },
    "directions": {"incoming": "I", "outgoing": "U", "drawn_up": "P"}, "number_in": "body", "number_at": "dnr.nr",
    "find": "GET", "find_path": "poster?extern={key}", "found_at": None, "key_at": "extern.id", "check_path": "poster",
}  # fmt: skip


def over_http(
    handler: Callable[[web.BaseRequest], Any], settings: dict[str, Any], story: Callable[[RestRegistry], Any]
) -> Any:
    async def told() -> Any:
        serving: AbstractAsyncContextManager[str] = served(handler)
        async with asyncio.timeout(30), serving as address:
            rest = registry(transport(), base_url=address, **settings)
            try:
                return await story(rest)
            finally:
                await rest.lent.aclose()

    return asyncio.run(told())


def test_a_service_of_another_shape_needs_settings_and_no_code() -> None:
    service = Other()

    async def story(rest: RestRegistry) -> list[str | None]:
        await rest.check()
        numbers = [(await rest.register_document(one)).reference for one in (APPLICATION, DECISION)]
        found = [await rest.find_document(key) for key in ("doc-1", "doc-10", "doc-9", "a b&c")]
        return [*numbers, *(one.reference if one else None for one in found)]

    numbers = over_http(service, OTHER, story)
    assert numbers == ["KS 1/2026", "KS 2/2026", "KS 1/2026", "KS 2/2026", None, None]
    application, decision = service.came.values()
    assert application["extern"] == {"id": "doc-1", "system": "knutpunkt"}
    assert application["skyddad"] == {"ar": False}
    assert (application["riktning"], application["inkom"]) == ("I", "2026-03-01T22:59:59+00:00")
    assert decision["skyddad"] == {"rubrik": DECISION.protected_title, "ar": True, "lagrum": "OSL 21:1"}
    assert [one["namn"] for one in decision["bilagor"]] == ["beslut åäö.pdf"]


def test_a_form_is_read_by_another_implementation_as_it_was_meant() -> None:
    came: list[tuple[str | None, str | None, str | None, bytes]] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            content = await part.read(decode=True)  # type: ignore[union-attr]
            came.append((part.name, part.filename, part.headers.get("Content-Type"), bytes(content)))  # type: ignore[union-attr]
        return web.Response(status=201, headers={"Location": "/document/3.0/2281/documents/2026-2281-0001"})

    async def story(rest: RestRegistry) -> str:
        return (await rest.register_document(LONG)).reference

    assert over_http(handle, {}, story) == "2026-2281-0001"
    (name, _, kind, content), *files = came
    assert (name, kind, json.loads(content)["description"]) == ("document", "application/json", "x")
    assert [(name, given) for name, given, _, _ in files] == [
        ("documentFiles", "tom.txt"), ("documentFiles", "å" * 196 + ".txt"),
    ]  # fmt: skip
    assert [content for *_, content in files] == [b"", b"\r\n"]


def test_a_look_that_gets_no_answer_has_changed_nothing() -> None:
    _, rest = sundsvall()
    rest.lent.transport.handle_async_request = _silent  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        run(rest.find_document("doc-1"))


async def _silent(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("silent", request=request)


@pytest.mark.parametrize(
    "settings, answer",
    [
        ({}, httpx.Response(201)),
        ({}, httpx.Response(201, headers={"Location": "/"})),
        ({"number_in": "body"}, httpx.Response(201, json={"registrationNumber": ""})),
        ({"number_in": "body"}, httpx.Response(201, json={"registrationNumber": True})),
        ({"number_in": "body"}, httpx.Response(201, json={"other": 1})),
        ({"number_in": "body"}, httpx.Response(201, json=[])),
    ],
    ids=["no location", "an empty one", "an empty number", "no number", "another shape", "a list"],
)
def test_an_answer_without_a_number_is_no_answer(settings: dict[str, Any], answer: httpx.Response) -> None:
    rest = registry(httpx.MockTransport(lambda _: answer), base_url="https://api.test/", **settings)
    with pytest.raises(UnknownOutcomeError):
        run(rest.register_document(APPLICATION))


@pytest.mark.parametrize(
    "settings, match",
    [
        ({"pairs": {"other": "title"}}, "nothing is found again"),
        ({"pairs_at": None}, "nothing is found again"),
        ({"pairs_at": None, "fields": {"a": "title", "b": "direction", "c": "key"}}, "key_at, or the key among pairs"),
        ({"find": "GET"}, "a GET asks for {key}"),
        ({"find_fields": {"includeConfidential": True}}, "nothing there is the key"),
        ({"fields": {"type": "direction"}}, "title and direction"),
        ({"fields": {"description": "title", "type": "direction"}}, "nothing would tell that it is protected"),
        ({"directions": {"incoming": "IN", "outgoing": "OUT"}}, "a word of its own"),
        ({"directions": {"incoming": "IN", "outgoing": "OUT", "drawn_up": "OUT"}}, "a word of its own"),
        ({"fields": {"description": "titel"}}, "fields"),
        ({"user": "hub"}, "come together"),
        ({"user": "hub", "password": "x", "token": "y"}, "either"),
    ],
)
def test_a_profile_that_would_lose_or_leak_something_is_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        RestConfig.model_validate({"base_url": "https://api.test/", **settings})
