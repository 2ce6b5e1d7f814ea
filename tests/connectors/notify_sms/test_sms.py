"""Text messages to gateways over real HTTP: one of 46elks' shape, and one of quite another that needs only settings."""

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import hypothesis
import pytest
import trustme
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.notify_sms import SmsNotifier
from connectors.notify_sms.config import SmsConfig
from connectors.notify_sms.simulator import GatewaySimulator
from connectors.notify_sms.translate import parts, request
from hub.conformance.driver import Memory, SetClock
from hub.model import Channel, Notice
from hub.sdk import (
    ConnectorError,
    CredentialsError,
    Lent,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from hub.sdk.http import transport
from tests.counts import examples

NUMBER = "+46701740605"
NOTICE = Notice(
    key="B-1.r1.vaktbolag:sms", channel=Channel.SMS, recipient=NUMBER, text="Ny bokning B-1\nBana 3, å ä ö & {€}"
)
LOG = logging.getLogger("sms")
ELKS = {"user": "u0123", "password": "not-a-secret", "sender": "Kommunen"}
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A gateway for as long as the test takes; gives its address."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def elks(simulator: GatewaySimulator) -> Handler:
    """The simulator, behind a real socket."""

    async def handle(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        told = simulator.handle(httpx.Request(request.method, str(request.url), headers=headers, content=body))
        return web.Response(status=told.status_code, body=told.content, content_type="application/json")

    return handle


@dataclass
class Nordic:
    """A gateway of another make: JSON in and out, a bearer token, numbers without `+`, and it knows our id."""

    came: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        if request.headers.get("Authorization") != "Bearer not-a-secret":
            return web.json_response({"title": "Unauthorized"}, status=401)
        if request.method == "GET":
            return web.json_response({"title": "Method not allowed"}, status=405)
        told = await request.json()
        self.requests.append(told)
        (message,) = told["messages"]
        if not message["to"].isdigit():
            return web.json_response({"results": [{"fault": {"code": 17}}]})
        kept = self.came.setdefault(message["ref"], message | {"id": 1000 + len(self.came)})
        return web.json_response({"results": [{"id": kept["id"], "state": {"name": "QUEUED"}}]})


NORDIC = {
    "path": "v2/messages", "body": "json", "token": "not-a-secret", "sender": "+46701740600", "plus": False,
    "sender_field": "messages.0.from", "recipient_field": "messages.0.to", "text_field": "messages.0.text",
    "key_field": "messages.0.ref", "more": {"profile": "kommun", "messages.0.class": "standard"},
    "id_at": "results.0.id", "status_at": "results.0.state.name", "accepted": ["QUEUED"],
    "error_at": "results.0.fault.code", "dry_run": {},
}  # fmt: skip


def notifier(address: str, settings: dict[str, Any], *, tls: Any = None) -> SmsNotifier:
    config = SmsConfig.model_validate({"base_url": address, **settings})
    lent = Lent(transport=tls or transport(), clock=SetClock(), state=Memory(), log=LOG)
    return SmsNotifier(config, lent)


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(30):
            await story()

    asyncio.run(within())


def sent(handler: Handler, settings: dict[str, Any], notice: Notice = NOTICE, *, times: int = 1) -> list[str]:
    """Send it; the references."""
    told: list[str] = []

    async def story() -> None:
        async with served(handler) as address:
            connector = notifier(address, settings)
            try:
                told.extend([(await connector.send_notice(notice)).reference for _ in range(times)])
            finally:
                await connector.lent.aclose()

    run(story)
    return told


def failing(error: type[ConnectorError], match: str, answer: web.Response | None, **settings: Any) -> None:
    """Send it in vain to a gateway that answers so, or hangs up; neither number nor text is told."""

    async def handle(request: web.BaseRequest) -> web.Response:
        await request.read()
        if answer is None:
            assert request.transport
            request.transport.abort()
        return answer or web.Response()

    with pytest.raises(error, match=match) as caught:
        sent(handle, ELKS | settings)
    assert NUMBER.removeprefix("+") not in str(caught.value)
    assert "Bana" not in str(caught.value)


# ---------------------------------------------------------------- what arrives


def test_a_message_arrives_as_it_was_from_who_it_should() -> None:
    simulator = GatewaySimulator(SetClock())
    (reference,) = sent(elks(simulator), ELKS)
    assert simulator.came == [(NUMBER, NOTICE.text)]
    assert reference == "s00000000000000000000000000000001"


def test_sent_again_it_comes_twice_and_that_is_declared() -> None:
    simulator = GatewaySimulator(SetClock())
    sent(elks(simulator), ELKS, times=2)
    assert simulator.texts(NUMBER) == [NOTICE.text] * 2


def test_another_gateway_needs_only_settings() -> None:
    gateway = Nordic()
    assert sent(gateway.handle, NORDIC, times=2) == ["1000", "1000"], "it knows the second by our id"
    assert gateway.requests[0] == {
        "profile": "kommun",
        "messages": [
            {
                "from": "+46701740600", "to": NUMBER.removeprefix("+"), "text": NOTICE.text, "ref": NOTICE.key,
                "class": "standard",
            }
        ],
    }  # fmt: skip


def test_a_fault_of_another_gateway_is_read_where_it_stands() -> None:
    with pytest.raises(RejectedError, match="answers with an error"):
        sent(Nordic().handle, NORDIC | {"plus": True})


def test_it_goes_over_tls_by_a_private_authority(tmp_path: Any) -> None:
    authority, simulator = trustme.CA(), GatewaySimulator(SetClock())
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    async def story() -> None:
        async with served(elks(simulator), tls=server) as address:
            trusting = notifier(address, ELKS, tls=transport(ca_file=tmp_path / "ca.pem"))
            await trusting.send_notice(NOTICE)
            wary = notifier(address, ELKS)
            with pytest.raises(CredentialsError, match="CA file"):
                await wary.send_notice(NOTICE)
            for one in (trusting, wary):
                await one.lent.aclose()

    run(story)
    assert len(simulator.came) == 1


# ---------------------------------------------------------------- check


def checked(handler: Handler, settings: dict[str, Any]) -> str:
    told: list[str] = []

    async def story() -> None:
        async with served(handler) as address:
            connector = notifier(address, settings)
            try:
                told.append((await connector.check()).detail)
            finally:
                await connector.lent.aclose()

    run(story)
    return told[0]


def test_check_has_a_message_tried_and_nothing_sent() -> None:
    simulator = GatewaySimulator(SetClock())
    assert "dry run" in checked(elks(simulator), ELKS)
    assert simulator.came == []
    with pytest.raises(CredentialsError, match="user and password"):
        checked(elks(simulator), ELKS | {"password": "wrong"})


def test_check_finds_a_sender_that_the_gateway_does_not_take() -> None:
    async def handle(request: web.BaseRequest) -> web.Response:
        assert b"from=Kommunen" in await request.read()
        return web.Response(status=400, text="Invalid from Kommunen")

    with pytest.raises(RejectedError, match=r"400: the gateway does not take it; correct number or sender"):
        checked(handle, ELKS)


def test_where_there_is_no_dry_run_check_only_looks() -> None:
    gateway = Nordic()
    assert "no dry run" in checked(gateway.handle, NORDIC)
    assert gateway.requests == []
    with pytest.raises(CredentialsError):
        checked(gateway.handle, NORDIC | {"token": "wrong"})


# ---------------------------------------------------------------- what the gateway says


@pytest.mark.parametrize(
    "body, match",
    [
        ({"status": "failed", "id": "s1", "to": NUMBER}, "the gateway says failed"),
        ({"status": f"no operator for {NUMBER}", "id": "s1"}, "the gateway says another status"),
        ({"error": f"cannot send to {NUMBER}"}, "answers with an error"),
        ({"error": {"code": 4}, "status": "created", "id": "s1"}, "answers with an error"),
    ],
)
def test_a_gateway_that_answers_200_with_an_error_has_not_taken_it(body: dict[str, Any], match: str) -> None:
    failing(RejectedError, match, web.json_response(body))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Log in</html>", b"[]", b"null", b"12", b'{"id": ""}', b'{"status": "created"}', b'{"id": "s1"}',
     b'{"status": "created", "id": {}}', b"\xff\xfe", b"[" * 100_000, b'{"status": "created", "id": "s1'],
)  # fmt: skip
def test_a_200_that_says_neither_is_no_answer(body: bytes) -> None:
    failing(UnknownOutcomeError, "a1/sms", web.Response(body=body, content_type="application/json"))


@pytest.mark.parametrize(
    "status, error, match",
    [
        (400, RejectedError, "correct number or sender"),
        (401, CredentialsError, "user and password"),
        (402, CredentialsError, "money left"),
        (403, CredentialsError, "money left"),
        (404, RejectedError, "404"),
        (429, TransientError, "429"),
        (500, UnknownOutcomeError, "500"),
        (502, UnknownOutcomeError, "502"),
        (503, TransientError, "503"),
    ],
)
def test_what_each_status_means(status: int, error: type[ConnectorError], match: str) -> None:
    failing(error, match, web.Response(status=status, text=f"about {NUMBER}"))


def test_a_gateway_that_hangs_up_may_have_it() -> None:
    failing(UnknownOutcomeError, "no answer", None)


def test_no_gateway_is_for_later() -> None:
    async def story() -> None:
        async with served(Nordic().handle) as address:
            pass
        connector = notifier(address, ELKS)
        with pytest.raises(TransientError, match="no connection"):
            await connector.send_notice(NOTICE)
        await connector.lent.aclose()

    run(story)


# ---------------------------------------------------------------- numbers, senders, lengths


@pytest.mark.parametrize(
    "recipient", ["0701740605", "+0701740605", "+46 70 174", "anna@kommun.example", "+467\n01740605"]
)
def test_what_is_no_number_is_for_a_person_and_is_sent_nowhere(recipient: str) -> None:
    simulator = GatewaySimulator(SetClock())
    with pytest.raises(RejectedError, match="number is none") as caught:
        sent(elks(simulator), ELKS, NOTICE.model_copy(update={"recipient": recipient}))
    assert recipient not in str(caught.value)
    assert simulator.came == []


def test_a_message_of_another_channel_is_refused() -> None:
    with pytest.raises(RejectedError, match="by email"):
        sent(elks(GatewaySimulator(SetClock())), ELKS, NOTICE.model_copy(update={"channel": Channel.EMAIL}))


@pytest.mark.parametrize("sender", ["Kommunen", "Umea2027", "Abc", "ElevenChars", "+46701740600"])
def test_a_sender_is_a_name_or_a_number(sender: str) -> None:
    assert SmsConfig.model_validate(ELKS | {"sender": sender}).sender == sender


@pytest.mark.parametrize("sender", ["Umeå", "Umea kommun", "TwelveLetter", "Ab", "2480Umea", "0701740600", "+46", ""])
def test_what_operators_would_change_or_drop_is_no_sender(sender: str) -> None:
    with pytest.raises(ValidationError):
        SmsConfig.model_validate(ELKS | {"sender": sender})


@pytest.mark.parametrize(
    "given",
    [
        {"user": None},
        {"password": None},
        {"user": None, "password": None},
        {"token": "t"},
        {"most_parts": 0},
        {"check_number": "112"},
        {"id_at": "a..b"},
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SmsConfig.model_validate(ELKS | given)


@pytest.mark.parametrize(
    "text, count",
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("å" * 160, 1),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("x" * 152 + "€" + "x" * 152, 3),  # the extension is two, and is not cut
        ("ŝ" * 70, 1),
        ("ŝ" * 71, 2),
        ("ŝ" * 134, 2),
        ("ŝ" * 135, 3),
        ("x" * 70 + "ŝ", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("x" * 66 + "😀" + "x" * 66, 3),  # nor is a pair of surrogates
        ("", 1),
    ],
)
def test_parts_are_those_of_the_standard(text: str, count: int) -> None:
    assert parts(text) == count


ALPHABET = (
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !#¤%&()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqr"
    "stuvwxyzäöñüà"
)


def test_every_letter_of_the_alphabet_takes_one_place_and_any_other_makes_the_text_wide() -> None:
    assert [letter for letter in ALPHABET + "\"'\n\r" if parts("x" * 159 + letter) != 1] == []
    assert [letter for letter in "çáíóúŝ\u2013\u2019\u201c\t`" if parts("x" * 70 + letter) != 2] == []


@given(st.text(max_size=700))
@hypothesis.settings(max_examples=examples(100))
def test_a_text_never_takes_fewer_parts_than_its_length_needs(text: str) -> None:
    assert parts(text) >= max(1, -(-len(text) // 160))
    assert parts(text) <= parts(text + "x")


def test_a_text_that_is_too_long_is_for_a_person_and_is_sent_nowhere() -> None:
    simulator = GatewaySimulator(SetClock())
    long = NOTICE.model_copy(update={"text": "x" * 613})
    with pytest.raises(RejectedError, match="5 parts, and 4 are allowed; shorten the template, or set most_parts"):
        sent(elks(simulator), ELKS, long)
    assert simulator.came == []
    sent(elks(simulator), ELKS | {"most_parts": 5}, long)
    assert simulator.texts(NUMBER) == ["x" * 613]


def test_what_is_asked_for_is_pure() -> None:
    config = SmsConfig.model_validate(ELKS)
    assert request(NOTICE, config) == request(NOTICE, config)
    assert json.dumps(request(NOTICE, config)) == json.dumps({"from": "Kommunen", "to": NUMBER, "message": NOTICE.text})
