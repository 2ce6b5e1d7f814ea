"""What is ARX's own: its XML, its clock, its silence, and other people's cards."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme
from aiohttp import web
from lxml import etree
from pydantic import SecretStr, ValidationError

from connectors.access_arx import ArxAccess
from connectors.access_arx.client import ArxData, Card, Person, parsed, rendered
from connectors.access_arx.config import ArxConfig, Verb
from connectors.access_arx.simulator import ArxSimulator
from connectors.access_arx.translate import import_of, sighting_of
from hub.conformance.driver import Memory, SetClock
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, CredentialsError, Lent, Misbehaviour, RejectedError, Sighting, TransientError
from hub.sdk.http import transport

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
CONFIG = ArxConfig.model_validate(ArxSimulator(SetClock()).config())
EVENING = Window(door="Sporthall A", starts_at=NOW + timedelta(minutes=45), ends_at=NOW + timedelta(hours=2.25))
AUTUMN = datetime(2026, 10, 25, tzinfo=UTC)


def pin(value: str = "48291", *windows: Window, key: str = "hub-2480-B-7", holder: str = "") -> Credential:
    wanted = frozenset(windows or {EVENING})
    return Credential(key=key, method=Method.PIN, value=SecretStr(value), windows=wanted, holder=holder)


@dataclass
class Site:
    """A connector and its server."""

    arx: ArxAccess
    server: ArxSimulator
    asked: list[httpx.Request]

    def names_asked(self) -> list[str]:
        return [f"{request.method} {request.url.path.rsplit('/', 1)[-1]}" for request in self.asked]


@asynccontextmanager
async def site(*, doors: tuple[str, ...] = (), **settings: object) -> AsyncIterator[Site]:
    clock, asked = SetClock(NOW), list[httpx.Request]()
    server = ArxSimulator(clock, doors)

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return server.handle(request)

    lent = lend(clock, httpx.MockTransport(handle))
    yield Site(ArxAccess(ArxConfig.model_validate({**server.config(), **settings}), lent), server, asked)
    await lent.aclose()


def lend(clock: SetClock, over: httpx.AsyncBaseTransport, timeout: float = 5) -> Lent:
    log = logging.getLogger(__name__)
    return Lent(transport=over, clock=clock, state=Memory(), log=log, timeout=timedelta(seconds=timeout))


def test_an_import_is_as_the_documented_sample() -> None:
    data = import_of(pin(holder="Anna Berg"), ArxData(), CONFIG)
    assert etree.tostring(etree.fromstring(rendered(data, NOW)), pretty_print=True).decode() == (
        '<arxdata timestamp="2026-12-01+16:00:00">\n'
        "  <persons>\n"
        "    <person>\n"
        "      <id>hub-2480-B-7</id>\n"
        "      <first_name/>\n"
        "      <last_name>Anna Berg</last_name>\n"
        "      <description>reference: hub-2480-B-7</description>\n"
        "      <pin_code/>\n"
        "      <extra_fields/>\n"
        "      <access_categories>\n"
        "        <access_category>\n"
        "          <name>Sporthall A</name>\n"
        "          <start_date>2026-12-01 16:45:00</start_date>\n"
        "          <end_date>2026-12-01 18:15:00</end_date>\n"
        "        </access_category>\n"
        "      </access_categories>\n"
        "    </person>\n"
        "  </persons>\n"
        "  <cards>\n"
        "    <card>\n"
        "      <number>0048291</number>\n"
        "      <format_name>kode</format_name>\n"
        "      <description/>\n"
        "      <person_id>hub-2480-B-7</person_id>\n"
        "    </card>\n"
        "  </cards>\n"
        "</arxdata>\n"
    )


def test_text_is_latin_1_with_references_for_the_rest_and_no_control_characters() -> None:
    data = import_of(pin(holder="Åsa & <ŝ>\x00\x1b"), ArxData(), CONFIG)
    xml = rendered(data, NOW)
    assert xml.startswith(b"<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert "<last_name>Åsa &amp; &lt;&#349;&gt;</last_name>".encode("latin-1") in xml


def test_without_a_name_the_key_stands_in_its_place_and_is_not_read_back_as_one() -> None:
    data = import_of(pin(), ArxData(), CONFIG)
    assert data.persons[0].last_name == "hub-2480-B-7"
    seen = sighting_of("hub-2480-B-7", data, CONFIG)
    assert seen is not None
    assert seen.value == pin()


@pytest.mark.parametrize(
    "starts, ends, wall",
    [
        (0.25, 0.75, ("2026-10-25 01:59:59", "2026-10-25 03:00:00")),
        (1.25, 1.75, ("2026-10-25 01:59:59", "2026-10-25 03:00:00")),
        (-1, 0.5, ("2026-10-25 01:00:00", "2026-10-25 03:00:00")),
        (1.5, 3, ("2026-10-25 01:59:59", "2026-10-25 04:00:00")),
    ],
)
def test_in_the_hour_that_comes_twice_a_window_is_widened_whichever_the_server_means(
    starts: float, ends: float, wall: tuple[str, str]
) -> None:
    night = EVENING.model_copy(
        update={"starts_at": AUTUMN + timedelta(hours=starts), "ends_at": AUTUMN + timedelta(hours=ends)}
    )
    (category,) = import_of(pin("48291", night), ArxData(), CONFIG).persons[0].access_categories
    assert (category.start_date, category.end_date) == wall


def test_a_new_pin_and_the_end_of_the_old_one_go_in_one_import() -> None:
    there = import_of(pin("48291"), ArxData(), CONFIG)
    data = import_of(pin("73051"), there, CONFIG)
    assert [(card.number, card.deleted) for card in data.cards] == [("0073051", False), ("0048291", True)]


@pytest.mark.parametrize("holder_of_it", ["1001", "hub-2480-B-71"])
def test_a_number_that_somebody_else_has_is_refused_before_anything_is_sent(holder_of_it: str) -> None:
    async def story() -> str:
        async with site() as here:
            here.server.persons.setdefault(holder_of_it, here.server.persons["1001"])
            here.server.cards["0048291", "kode"] = holder_of_it
            with pytest.raises(RejectedError) as refused:
                await here.arx.put_credential(pin())
            assert "POST import" not in here.names_asked()
            assert here.server.cards["0048291", "kode"] == holder_of_it
            return str(refused.value)

    said = asyncio.run(story())
    assert "choose another" in said
    assert "48291" not in said


@pytest.mark.parametrize("key", ["1001", "HUB-1", ""])
def test_a_key_without_our_mark_is_refused(key: str) -> None:
    async def story() -> None:
        async with site() as here:
            with pytest.raises(RejectedError, match="begin with hub-"):
                await here.arx.put_credential(pin(key=key))
            with pytest.raises(RejectedError, match="begin with hub-"):
                await here.arx.remove_credential(key or "1001")
            assert "1001" in here.server.persons

    asyncio.run(story())


def test_a_value_that_arx_should_choose_is_refused() -> None:
    with pytest.raises(RejectedError, match="let the hub choose"):
        import_of(pin().model_copy(update={"value": Unsaid.CHOSEN_BY_SYSTEM}), ArxData(), CONFIG)


def test_card_formats_that_could_not_be_told_apart_are_refused_with_the_configuration() -> None:
    with pytest.raises(ValidationError, match="told from a card"):
        ArxConfig.model_validate({**ArxSimulator(SetClock()).config(), "card_format": CONFIG.pin_format})


@pytest.mark.parametrize("whole, asked", [(True, ""), (False, "external_id=hub-2480-B-7&exclude_deleted=1")])
def test_everybody_is_exported_before_a_number_is_given_unless_the_site_says_no(*, whole: bool, asked: str) -> None:
    async def story() -> str:
        async with site(whole_export=whole) as here:
            await here.arx.put_credential(pin())
            (export,) = [request for request in here.asked if request.url.path.endswith("/export")]
            return export.url.query.decode()

    assert asyncio.run(story()) == (asked or "include_accesscategory_id=true&exclude_deleted=true")


@pytest.mark.parametrize("verb", Verb)
def test_exports_are_asked_for_by_the_verb_of_the_site(verb: Verb) -> None:
    async def story() -> list[str]:
        async with site(export_verb=verb) as here:
            await here.arx.check()
            await here.arx.put_credential(pin())
            seen = await here.arx.read_credential("hub-2480-B-7")
            assert seen is not None
            assert seen.value == pin()
            return here.names_asked()

    assert {f"{verb} export", f"{verb} export_accesscategory", f"{verb} export_accessarea"} <= set(asyncio.run(story()))


def test_check_tells_categories_doors_and_how_far_the_clock_is_off() -> None:
    async def story() -> None:
        async with site(doors=("Tennishallen entre", "Tennishallen omkladning A")) as here:
            here.server.clock = SetClock(NOW + timedelta(hours=2))
            about = await here.arx.check()
            assert about.clock_offset == timedelta(hours=2)
            assert about.external_keys == frozenset({"Tennishallen entre", "Tennishallen omkladning A"})
            assert about.detail == "2 access categories, 2 doors"

    asyncio.run(story())


def test_a_category_that_is_taken_away_in_arx_is_seen_in_the_next_look() -> None:
    async def story() -> Sighting[Credential] | None:
        async with site() as here:
            await here.arx.put_credential(pin())
            here.server.doors = ("Entré & Öst",)
            await here.arx.put_credential(pin())
            return await here.arx.read_credential("hub-2480-B-7")

    seen = asyncio.run(story())
    assert seen is not None
    assert seen.value.windows == frozenset()


def test_a_server_that_is_down_is_waited_for_and_answers_again() -> None:
    async def story() -> None:
        async with site() as here:
            here.server.misbehave(Misbehaviour.DOWN)
            with pytest.raises(TransientError, match="no connection"):
                await here.arx.put_credential(pin())
            here.server.recover()
            await here.arx.put_credential(pin())

    asyncio.run(story())


@pytest.mark.parametrize(
    "there, condition",
    [
        (ArxData((Person("hub-1"),), (Card("1", "kode", "hub-1"), Card("2", "kode", "hub-1"))), Condition.FAILED),
        (ArxData((), (Card("1", "kode", "hub-1"),)), Condition.FAILED),
        (ArxData((Person("hub-1"),), (Card("1", "kode", "hub-11"),)), Condition.DISABLED),
    ],
    ids=["two cards", "no person", "no card"],
)
def test_what_is_not_one_person_with_one_card_is_never_said_to_stand(there: ArxData, condition: Condition) -> None:
    seen = sighting_of("hub-1", there, CONFIG)
    assert seen is not None
    assert seen.condition is condition


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20))
HOSTILE = {
    "entities": f'<!DOCTYPE arxdata [<!ENTITY a0 "x">{BOMB}]><arxdata><persons>&a19;</persons></arxdata>',
    "a file": '<!DOCTYPE arxdata [<!ENTITY f SYSTEM "file:///etc/passwd">]><arxdata><persons>&f;</persons></arxdata>',
    "a definition elsewhere": '<!DOCTYPE arxdata SYSTEM "http://127.0.0.1:1/a.dtd"><arxdata/>',
    "depth": "<arxdata>" + "<persons>" * 5000 + "</persons>" * 5000 + "</arxdata>",
    "a login page": "<html><body>Log in</body></html>",
    "another document": "<events/>",
    "nothing": "",
    "half": "<arxdata><persons><person><id>hub-1</id>",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_answer_is_no_answer(what: str) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        parsed(HOSTILE[what].encode())


def test_neither_persons_nor_cards_show_a_secret_when_they_are_printed() -> None:
    assert "48291" not in repr(
        import_of(pin().model_copy(update={"second_value": SecretStr("48291")}), ArxData(), CONFIG)
    )


@asynccontextmanager
async def served(simulator: ArxSimulator, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """The simulator behind a real server."""

    async def answer(request: web.Request) -> web.Response:
        said = httpx.Request(request.method, str(request.url), headers=request.headers, content=await request.read())
        told = simulator.handle(said)
        return web.Response(status=told.status_code, headers=dict(told.headers), body=told.content)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("password", ["pass-for-arx", "another"])
def test_it_holds_over_tls_with_a_private_ca_and_the_right_password_only(tmp_path: Path, password: str) -> None:
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    clock = SetClock(NOW)

    async def story(simulator: ArxSimulator) -> None:
        async with served(simulator, tls) as port:
            address = {"base_url": f"https://localhost:{port}/arx/", "password": password}
            lent = lend(clock, transport(ca_file=tmp_path / "ca.pem"))
            arx = ArxAccess(ArxConfig.model_validate({**simulator.config(), **address}), lent)
            try:
                await arx.put_credential(pin(holder="Åsa"))
                seen = await arx.read_credential("hub-2480-B-7")
                assert seen == Sighting(pin(holder="Åsa"))
            finally:
                await lent.aclose()

    simulator = ArxSimulator(clock)
    if password == "another":
        with pytest.raises(CredentialsError):
            asyncio.run(story(simulator))
    else:
        asyncio.run(story(simulator))
        assert [one.key for one in simulator.credentials() if one.key != "1001"] == ["hub-2480-B-7"]
