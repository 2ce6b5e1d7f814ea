"""The short way of a call: the same goes out and comes back as the long way, and a lost answer is never nothing."""

import asyncio
import gzip
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.clock import DomainClock
from hub.conformance.driver import Memory
from hub.sdk import Answer, ConnectorError, Lent, TransientError, UnknownOutcomeError
from hub.sdk.http import FastTransport
from hub.sdk.tls import tls_context
from tests.sdk.test_http import listening

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
Calls = dict[str, tuple[str, str, dict[str, Any]]]
CALLS: Calls = {
    "nothing but a path": ("GET", "doors", {}),
    "a path of signs": ("PUT", "codes/A-7~x_1.b/%C3%A5:@é (1)?q=å&x=%2F", {"content": b"x"}),
    "dots": ("GET", "a/../b/./c", {}),
    "an empty path": ("GET", "", {}),
    "bytes": ("PUT", "codes/1", {"content": b"{}", "headers": {"Content-Type": "application/json"}}),
    "bytes of no kind": ("POST", "codes", {"content": b"\x00\xff"}),
    "no body": ("POST", "codes", {}),
    "taken away": ("DELETE", "codes/1", {}),
    "JSON": ("POST", "codes", {"json": {"name": "Åsa", "doors": [1, None]}}),
    "JSON of another kind": ("PATCH", "codes", {"json": [], "headers": {"content-type": "application/merge+json"}}),
    "headers of its own": ("GET", "doors", {"headers": {"Accept": "text/xml", "X-Key": "7", "user-agent": "hub"}}),
    "a query": ("GET", "doors", {"params": {"q": "å b"}}),
    "a form": ("POST", "doors", {"data": {"q": "å"}}),
    "a file": ("POST", "doors", {"files": [("f", ("a.txt", b"x"))], "headers": FORM}),
    "much": ("PUT", "doors", {"content": b"x" * 70_000}),
    "a host": ("GET", "doors", {"headers": {"Host": "lock.example.se"}}),
    "words of another alphabet": ("GET", "doors", {"headers": {"X-Name": "a\tb"}}),
}  # fmt: skip
ANSWERS = {
    "counted": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Key: 7\r\n\r\nok",
    "in pieces": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
    "to its end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "announced": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s"
    % (len(gzip.compress(b"ok")), gzip.compress(b"ok")),
}


class LongWay(FastTransport):
    """As one with spans around it is: no connection of ours."""


def lend(way: Callable[..., FastTransport]) -> Lent:
    made = way(verify=tls_context(None), trust_env=False)
    return Lent(
        transport=made, clock=DomainClock(), state=Memory(), log=logging.getLogger(__name__),
        timeout=timedelta(seconds=1),
    )  # fmt: skip


class System:
    """Answers all calls alike, and keeps what was sent; hangs up after so many on each connection."""

    def __init__(self, answer: bytes = ANSWERS["nothing"], *, hears: int = 100, answers: int = 100) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self._answer, self._hears, self._answers = answer, hears, answers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for nth in range(self._hears):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
            self.heard.append((line, headers, await reader.readexactly(int(headers.get("content-length", 0)))))
            if nth >= self._answers:
                return
            writer.write(self._answer)
            if b"Connection: close" in self._answer:
                return


async def heard(way: Callable[..., FastTransport], call: tuple[str, str, dict[str, Any]], **client: Any) -> Any:
    system = System()
    async with listening(system.serve) as port:
        lent = lend(way)
        method, path, body = call
        try:
            await lent.http(f"http://127.0.0.1:{port}/api é/", **client).request(method, path, **body)
        finally:
            await lent.aclose()
    line, headers, content = system.heard[0]
    headers["host"] = headers["host"].replace(str(port), "port")
    return line, {name: value.split("boundary=")[0] for name, value in headers.items()}, content


@pytest.mark.parametrize("call", CALLS)
def test_what_goes_out_is_what_goes_out_the_long_way(call: str) -> None:
    told = [asyncio.run(heard(way, CALLS[call])) for way in (FastTransport, LongWay)]
    assert told[0] == told[1]


@pytest.mark.parametrize("client", [
    {"auth": httpx.BasicAuth("hub", "lösen")}, {"headers": {"X-Api-Key": "7", "Accept": "application/json"}},
    {"headers": {"Connection": "close"}}, {"headers": {"content-type": "application/x+json"}},
    {"headers": {"Host": "lock.example.se", "Cookie": "a=1"}},
])  # fmt: skip
def test_so_it_is_with_what_a_client_always_says(client: dict[str, Any]) -> None:
    told = [asyncio.run(heard(way, CALLS["JSON"], **client)) for way in (FastTransport, LongWay)]
    assert told[0] == told[1]


def test_what_a_client_says_from_now_on_is_said_from_now_on() -> None:
    async def story() -> list[str | None]:
        system = System()
        async with listening(system.serve) as port:
            lent = lend(FastTransport)
            http = lent.http(f"http://127.0.0.1:{port}")
            await http.get("doors")
            http.client.headers["Authorization"] = "Bearer 1"
            await http.get("doors")
            http.client.headers["Authorization"] = "Bearer 2"
            await http.get("doors")
            await lent.aclose()
        return [headers.get("authorization") for _, headers, _ in system.heard]

    assert asyncio.run(story()) == [None, "Bearer 1", "Bearer 2"]


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nb", "a\x00"])
def test_no_header_can_smuggle_another(bad: str) -> None:
    async def story() -> list[Any]:
        system = System()
        async with listening(system.serve) as port:
            lent = lend(FastTransport)
            with pytest.raises((ConnectorError, ValueError)):
                await lent.http(f"http://127.0.0.1:{port}").get("doors", headers={"X-Key": bad})
            await lent.aclose()
        return system.heard

    assert asyncio.run(story()) == []


def test_no_path_can_begin_another_call() -> None:
    with pytest.raises(httpx.InvalidURL):
        asyncio.run(heard(FastTransport, ("GET", "doors HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET /x", {})))
    with pytest.raises(ValueError, match="Method"):
        asyncio.run(heard(FastTransport, ("GET /x HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET", "doors", {})))


async def answered(way: Callable[..., FastTransport], answer: bytes, method: str = "GET") -> Answer:
    async with listening(System(answer).serve) as port:
        lent = lend(way)
        got = await lent.http(f"http://127.0.0.1:{port}").request(method, "doors")
        await lent.aclose()
        return got


@pytest.mark.parametrize("how", ANSWERS)
def test_what_comes_back_is_what_comes_back_the_long_way(how: str) -> None:
    short, long = (asyncio.run(answered(way, ANSWERS[how])) for way in (FastTransport, LongWay))
    assert short.read(bytes) == long.read(bytes) == (b"" if how == "nothing" else b"ok")
    assert (short.response.status_code, short.response.headers) == (long.response.status_code, long.response.headers)
    assert short.response.request.method == "GET"


def test_the_answer_to_head_has_no_body() -> None:
    assert asyncio.run(answered(FastTransport, ANSWERS["counted"][:-2], "HEAD")).read(bytes) == b""


async def twice(method: str, system: System) -> list[str]:
    told: list[str] = []
    async with listening(system.serve) as port:
        pass_on = lend(FastTransport)
        http = pass_on.http(f"http://127.0.0.1:{port}")
        for _ in range(2):
            try:
                await http.request(method, "codes/1")
                told.append("done")
            except ConnectorError as error:
                told.append(type(error).__name__)
        await pass_on.aclose()
    return told


def test_a_kept_connection_that_is_gone_costs_nothing_that_may_be_said_twice() -> None:
    put, post = System(answers=1), System(answers=1)
    assert asyncio.run(twice("PUT", put)) == ["done", "done"]
    assert asyncio.run(twice("POST", post)) == ["done", UnknownOutcomeError.__name__]
    assert (len(put.heard), len(post.heard)) == (3, 2)


@pytest.mark.parametrize("way, cookies", [(FastTransport, {}), (LongWay, {}), (FastTransport, {"a": "1"})])
def test_what_may_have_been_heard_is_not_told_as_never_sent(
    way: Callable[..., FastTransport], cookies: dict[str, str]
) -> None:
    async def story() -> str:
        system = System(answers=1)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await system.serve(reader, writer)
            finally:
                if len(system.heard) > 1:
                    server.close()
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        lent = lend(way)
        http = lent.http(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        http.client.cookies.update(cookies)
        await http.put("codes/1")
        with pytest.raises(UnknownOutcomeError) as caught:
            await http.put("codes/1")
        await lent.aclose()
        return str(caught.value)

    assert asyncio.run(story()) == "PUT codes/1: no answer (ReadError)"


def test_an_error_says_which_call_it_was() -> None:
    async def story() -> str:
        async with listening(System(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n").serve) as port:
            lent = lend(FastTransport)
            with pytest.raises(TransientError) as caught:
                await lent.http(f"http://127.0.0.1:{port}/api").put("codes/1", content=b"x")
            await lent.aclose()
            assert caught.value.retry_after == timedelta(seconds=7)
            return str(caught.value)

    assert asyncio.run(story()) == "PUT /api/codes/1: 503"
