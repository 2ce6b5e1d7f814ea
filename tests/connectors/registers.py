"""What tests of population registers share: one question through a whole connector, and answers of any shape."""

import asyncio
import copy
import io
import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import trustme
from aiohttp import web
from hypothesis import strategies as st
from lxml import etree

from hub.conformance.driver import Memory, SetClock
from hub.conformance.record_examples import CHILD, KNOWN, PERSONS
from hub.model import Person, PersonLookup, PersonNumber
from hub.sdk import Connector, ConnectorConfig, ConnectorError, HttpSimulator, Lent
from hub.sdk.http import transport
from hub.sdk.tls import identity, tls_context

NUMBER = PERSONS[0].identity_number
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
Told = Person | ConnectorError | None
Reshape = Callable[[bytes], bytes]


def lookup(number: PersonNumber = NUMBER, *, guardians: bool = False, asked_by: str = "lena.holm") -> PersonLookup:
    """A question with its reasons."""
    return PersonLookup(
        identity_number=number, purpose="grants", legal_basis="9 § LOK", asked_by=asked_by, guardians=guardians
    )


class Asking:
    """A connector before its simulator, or before whatever it is to be told instead; all that was logged is kept."""

    def __init__(
        self, connector: type[Connector[Any]], simulator: HttpSimulator, clock: SetClock, **settings: object
    ) -> None:
        self.simulator, self.clock = simulator, clock
        self.reshape: Reshape = lambda body: body
        self.status: int | None = None
        self.sent: list[httpx.Request] = []
        self.logged = io.StringIO()
        self._connector = connector
        self._config = connector.config_type.model_validate({**simulator.config(), **settings})

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        told = self.simulator.handle(request)
        headers = {"Content-Type": told.headers.get("Content-Type", "")}
        return httpx.Response(self.status or told.status_code, headers=headers, content=self.reshape(told.content))

    def ask(self, question: PersonLookup | None = None) -> Told:
        """What is told, or the error that is raised."""
        try:
            found: Person | None = asyncio.run(self._ask(question or lookup()))
        except ConnectorError as error:
            return error
        return found

    async def _ask(self, question: PersonLookup) -> Person | None:
        log = logging.Logger("register")  # noqa: LOG001 - of this question alone
        log.addHandler(logging.StreamHandler(self.logged))
        transport = httpx.MockTransport(self._handle)
        lent = Lent(transport=transport, clock=self.clock, state=Memory(), log=log, timeout=timedelta(seconds=5))
        connector: Any = self._connector(self._config, lent)
        try:
            found: Person | None = await connector.look_up(question)
        finally:
            await lent.aclose()
        return found


def spoken(told: Told, asking: Asking) -> str:
    """All that was said to anybody: the answer, the error with what stands behind it, the log, the addresses."""
    parts = [asking.logged.getvalue(), *(str(request.url) for request in asking.sent)]
    if isinstance(told, BaseException):
        chain: BaseException | None = told
        while chain is not None:
            parts.append(repr(chain))
            chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    elif told is not None:
        parts += [repr(told), told.model_dump_json(exclude={"identity_number"})]
    return "\n".join(parts)


def secrets() -> tuple[str, ...]:
    """What a register knows of everybody, and the number."""
    return (*KNOWN.values(), NUMBER.digits, NUMBER.digits[2:], CHILD.identity_number.digits)


# ---------------------------------------------------------------- over a real connection


@dataclass
class MutualTls:
    """A simulator on a real socket, which speaks with nobody who shows no certificate of its authority."""

    address: str
    authority: trustme.CA
    _runner: asyncio.Runner

    def run(
        self,
        connector: type[Connector[Any]],
        config: ConnectorConfig,
        clock: SetClock,
        question: PersonLookup,
        *,
        shown: bool = True,
    ) -> tuple[str, Person | None]:
        """What a check tells, and then a question."""
        return self._runner.run(self._asked(connector, config, clock, question, shown=shown))

    async def _asked(
        self,
        connector: type[Connector[Any]],
        config: ConnectorConfig,
        clock: SetClock,
        question: PersonLookup,
        *,
        shown: bool,
    ) -> tuple[str, Person | None]:
        pem = self.authority.issue_cert("kommun.example").private_key_and_cert_chain_pem.bytes()
        ours = identity(pem) if shown else None
        tls = tls_context(trusted=self.authority.cert_pem.bytes().decode(), ours=ours)
        log = logging.getLogger(__name__)
        lent = Lent(transport=transport(tls=tls), clock=clock, state=Memory(), log=log)
        asking: Any = connector(config, lent)
        try:
            return (await asking.check()).detail, await asking.look_up(question)
        finally:
            await lent.aclose()


@contextmanager
def over_mutual_tls(handle: Callable[[httpx.Request], httpx.Response]) -> Iterator[MutualTls]:
    """Serve a simulator for as long as the test takes."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(server)
    server.verify_mode = ssl.CERT_REQUIRED

    async def answer(request: web.BaseRequest) -> web.Response:
        asked = httpx.Request(request.method, str(request.url), headers=request.headers, content=await request.read())
        told = handle(asked)
        headers = {"Content-Type": told.headers.get("Content-Type", "text/html")}
        return web.Response(status=told.status_code, body=told.content, headers=headers)

    async def start() -> tuple[web.ServerRunner, int]:
        runner = web.ServerRunner(web.Server(answer))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server).start()
        return runner, runner.addresses[0][1]

    with asyncio.Runner() as loop:
        runner, port = loop.run(start())
        try:
            yield MutualTls(f"https://localhost:{port}/", authority, loop)
        finally:
            loop.run(runner.cleanup())


# ---------------------------------------------------------------- answers of any shape

DEEDS = ("drop", "rename", "double", "value", "nil", "move", "space", "child", "attribute", "blank")
_Step = tuple[str, int, int, str, str]


def steps(names: Sequence[str], values: Sequence[str]) -> st.SearchStrategy[list[_Step]]:
    """What is done to an answer: a few changes, each to one element, chosen by its place."""
    deed = st.sampled_from(DEEDS)
    place = st.integers(0, 200)
    return st.lists(st.tuples(deed, place, place, st.sampled_from(names), st.sampled_from(values)), max_size=4)


def reshaped(body: bytes, changes: Sequence[_Step], *, inside: str, flags: Sequence[str]) -> bytes:
    """Change elements at or below the one of that local name; every other change strikes a flag, where there is one."""
    root = etree.fromstring(body)
    for deed, place, other, name, value in changes:
        within = [one for one in root.iter() if etree.QName(one).localname == inside]
        below = [one for top in within for one in top.iter() if one is not top] or [root]
        struck = [one for one in below if etree.QName(one).localname in flags]
        chosen = struck if struck and place % 2 else below
        _change(deed, chosen[place % len(chosen)], below[other % len(below)], name, value)
    return etree.tostring(root)


def _change(deed: str, one: etree._Element, other: etree._Element, name: str, value: str) -> None:
    parent, space = one.getparent(), etree.QName(one).namespace
    local, moved = etree.QName(one).localname, "urn:another" if space is None else None
    if parent is None or (deed == "move" and (other is one or one in other.iterancestors())):
        return
    deeds: dict[str, Callable[[], object]] = {
        "drop": lambda: parent.remove(one),
        "rename": lambda: setattr(one, "tag", etree.QName(space, name).text),
        "double": lambda: one.addnext(_with_text(copy.deepcopy(one), value or one.text)),
        "value": lambda: _with_text(one, value),
        "nil": lambda: one.set(NIL, "true"),
        "move": lambda: other.append(one),
        "space": lambda: setattr(one, "tag", etree.QName(moved, local).text),
        "child": lambda: _with_text(etree.SubElement(one, etree.QName(space, name)), value),
        "attribute": lambda: one.set(name, value),
        "blank": lambda: _with_text(one, f" {one.text}\n"),
    }
    deeds[deed]()


def _with_text(one: etree._Element, text: str | None) -> etree._Element:
    one.text = text
    return one
