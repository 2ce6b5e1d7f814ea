"""What a device tells of its doors: whose it was, why not, and what is lost where it keeps no events."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from lxml import etree

from connectors.access_onvif.client import ADDRESSING, AccessProfile
from connectors.access_onvif.events import Event
from connectors.access_onvif.log import doors_by
from connectors.access_onvif.passages import items_of, passage_of, tells
from connectors.access_onvif.simulated_events import EVENTS, Happened
from connectors.access_onvif.simulator import JANITOR, PATHS, Able, OnvifSimulator
from hub.model import Passage, PassageOutcome, Refusal
from hub.sdk import RejectedError, TransientError, parse_xml
from tests.connectors.access_onvif.sites import KEY, NOW, Site, device_of, evening, site

GRANTED, DENIED = "AccessControl/AccessGranted/Credential", "AccessControl/Denied/Credential"
KEEPS_NONE = Able(keeps_events=False)
MORE = f'<a:ReferenceParameters xmlns:a="{ADDRESSING}"><x:Id xmlns:x="urn:x">42</x:Id></a:ReferenceParameters>'.encode()
Story = Callable[[Site], Awaitable[None]]


def tell(story: Story, kind: type[OnvifSimulator] | None = None, **settings: object) -> None:
    async def told() -> None:
        async with site(kind or OnvifSimulator, **settings) as here:
            await story(here)

    asyncio.run(told())


async def ask(here: Site, cursor: str | None = None) -> tuple[list[Passage], str]:
    page = await here.onvif.poll(cursor)
    return [told for item in page.items for told in here.onvif.translate(item)], page.cursor  # type: ignore[misc]


def come(here: Site, token: str = "", topic: str = GRANTED, reason: str = "", **after: float) -> None:
    at = here.clock.now() + timedelta(**after)
    here.device.events.told.append(Happened(at, topic, "Sporthall A", token, reason))


@pytest.mark.parametrize(
    "topic, reason, why",
    [
        (GRANTED, "", None),
        ("AccessControl/AccessGranted/Anonymous", "", None),
        (DENIED, "CredentialNotActive", Refusal.TOO_EARLY),
        (DENIED, "CredentialExpired", Refusal.TOO_LATE),
        (DENIED, "CredentialNotEnabled", Refusal.DISABLED),
        (DENIED, "InvalidPIN", Refusal.WRONG_CODE),
        (DENIED, "Unauthorized", Refusal.OTHER),
        (DENIED, "NotPermittedAtThisTime", Refusal.OTHER),
        ("AccessControl/Denied/CredentialNotFound", "Other", Refusal.UNKNOWN_CODE),
        ("AccessControl/Denied/CredentialNotFound/Card", "", Refusal.UNKNOWN_CODE),
    ],
)
def test_why_it_was_refused_is_what_the_device_says(topic: str, reason: str, why: Refusal | None) -> None:
    event = Event(topic, "2026-12-01T15:00:00Z", is_state=False, items={"AccessPointToken": "p", "Reason": reason})
    (item,) = items_of([event], {"p": "Sporthall A"}, {})
    outcome = PassageOutcome.PASSED if why is None else PassageOutcome.REFUSED
    assert passage_of(item) == Passage(door="Sporthall A", at=NOW, outcome=outcome, reason=why)


@pytest.mark.parametrize(
    "topic", ["AccessControl/AccessTaken/Credential", "AccessControl/AccessGrantedLater", "Door/State/DoorMode"]
)
def test_what_is_taken_after_it_was_granted_and_what_doors_do_is_no_second_passage(topic: str) -> None:
    assert not tells(Event(topic, "2026-12-01T15:00:00Z", is_state=False))
    assert not tells(Event(GRANTED, "2026-12-01T15:00:00Z", is_state=True)), "how something is, not what happened"


def test_whose_it_was_is_told_of_ours_only_by_the_token_or_by_what_stands_under_it() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        come(here, here.device.token_of(KEY))
        come(here, JANITOR, seconds=1)
        assert [one.key for one in (await ask(here))[0]] == [KEY, None]

    tell(story)
    tell(story, device_of(Able(client_tokens=False)))


def test_no_name_no_code_and_no_token_of_others_comes_along() -> None:
    async def story(here: Site) -> None:
        here.device.happen(14)
        items = (await here.onvif.poll(None)).items
        content = b"".join(item.content for item in items).decode()
        assert items
        assert not any(word in content for word in ("Åke", "3939", JANITOR))

    tell(story)


def test_a_door_is_the_one_name_of_the_profiles_that_open_its_access_point_or_what_the_settings_say() -> None:
    profiles = [
        AccessProfile("1", "Hall A", ("in", "in-2")),
        AccessProfile("2", "Hall A", ("in",)),
        AccessProfile("3", "Allt", ("in-2",)),
        AccessProfile("4", "", ("out",)),
    ]
    assert doors_by(profiles) == {"in": "Hall A"}

    async def story(here: Site) -> None:
        here.device.events.told.append(Happened(NOW, GRANTED, "Entré & Öst"))
        come(here)
        assert [one.door for one in (await ask(here))[0]] == ["Entré & Öst", "Östra"]

    tell(story, event_doors={"point-Sporthall A": "Östra"})


@pytest.mark.parametrize("able", [Able(), KEEPS_NONE], ids=["kept", "not kept"])
def test_more_than_one_answer_holds_is_told_whole_and_in_its_order(able: Able) -> None:
    async def story(here: Site) -> None:
        _, cursor = await ask(here)
        here.device.happen(30)
        told, cursor = await ask(here, cursor)
        assert told == list(here.device.emitted())
        assert await ask(here, cursor) == ([], cursor)

    tell(story, device_of(able))


def test_a_door_that_tells_late_is_heard_and_a_clock_gone_wild_hides_nothing() -> None:
    async def story(here: Site) -> None:
        come(here, days=30_000)
        come(here, "hub-2480-B-1")
        first, cursor = await ask(here)
        assert len(first) == 2
        come(here, "hub-2480-B-2", minutes=-4)
        here.device.events.told.sort(key=lambda one: one.at)
        assert [one.key for one in (await ask(here, cursor))[0]] == ["hub-2480-B-2"]

    tell(story)


def test_a_time_that_nobody_can_read_is_named_and_stops_no_other() -> None:
    async def story(here: Site) -> None:
        here.device.happen(2)
        items = list((await here.onvif.poll(None)).items)
        told = json.loads(items[0].content) | {"at": "yesterday"}
        with pytest.raises(RejectedError, match="without a time"):
            passage_of(type(items[0])("x", json.dumps(told).encode()))

    tell(story)
    assert Event(GRANTED, "2026-12-01T15:00:00", is_state=False).time == NOW, "without a zone it is UTC"


def test_a_device_that_keeps_its_events_has_no_pull_point_of_ours_left() -> None:
    async def story(here: Site) -> None:
        here.device.happen(3)
        await ask(here)
        assert here.device.events.points == {}

    tell(story)


def test_where_events_are_kept_a_lost_answer_loses_nothing_and_where_they_are_not_only_its_own() -> None:
    async def lost(here: Site) -> tuple[list[str | None], list[str | None]]:
        _, cursor = await ask(here)
        come(here, "hub-2480-B-1", seconds=1)
        pull = here.device.events._pull

        def unanswered(asked: etree._Element) -> etree._Element:
            pull(asked)
            raise httpx.ReadTimeout("lost")

        here.device.events._pull = unanswered  # type: ignore[method-assign]
        with pytest.raises(TransientError):
            await ask(here, cursor)
        here.device.events._pull = pull  # type: ignore[method-assign]
        come(here, "hub-2480-B-2", seconds=2)
        told, cursor = await ask(here, cursor)
        again, _ = await ask(here, cursor)
        return [one.key for one in told], [one.key for one in again]

    async def kept(here: Site) -> None:
        assert await lost(here) == (["hub-2480-B-1", "hub-2480-B-2"], [])

    async def not_kept(here: Site) -> None:
        assert await lost(here) == (["hub-2480-B-2"], [])

    tell(kept)
    tell(not_kept, device_of(KEEPS_NONE))


def test_where_no_events_are_kept_one_pull_point_is_kept_alive_and_made_anew_when_it_has_ended() -> None:
    async def story(here: Site) -> None:
        come(here, "hub-2480-B-0")
        told, cursor = await ask(here)
        assert told == [], "it happened before anybody listened"
        for minutes in (9, 9, 9):
            come(here, "hub-2480-B-1", seconds=1)
            here.clock.move(timedelta(minutes=minutes))
            told, cursor = await ask(here, cursor)
            assert [one.key for one in told] == ["hub-2480-B-1"]
        assert len(here.device.events.points) == here.device.events.made == 1
        come(here, "hub-2480-B-2")
        here.clock.move(timedelta(minutes=11))
        told, cursor = await ask(here, cursor)
        assert told == [], "nobody listened for longer than it lives"
        come(here, "hub-2480-B-3")
        assert [one.key for one in (await ask(here, cursor))[0]] == ["hub-2480-B-3"]
        await here.onvif.close()
        assert here.device.events.points == {}

    tell(story, device_of(KEEPS_NONE))


@pytest.mark.parametrize(
    "able, told", [(Able(), "events kept"), (KEEPS_NONE, "events not kept: what nobody hears is lost")]
)
def test_check_tells_whether_events_are_kept(able: Able, told: str) -> None:
    async def story(here: Site) -> None:
        assert (await here.onvif.check()).detail.endswith(told)

    tell(story, device_of(able))


def test_a_device_without_events_opens_its_doors_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(path for path, (space, _) in PATHS.items() if space == EVENTS)
    monkeypatch.delitem(PATHS, path)

    async def story(here: Site) -> None:
        assert (await here.onvif.check()).detail.endswith("no events")
        await here.onvif.put_credential(evening())
        with pytest.raises(RejectedError, match="no service events"):
            await here.onvif.poll(None)

    tell(story)


def test_what_a_device_wants_said_to_its_pull_point_is_said() -> None:
    class Numbered(OnvifSimulator):
        def handle(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle(request)
            head, mark, rest = answer.content.partition(b"/events/1</")
            told = head + b"/events/1?Idx=7</" + rest.replace(b">", b">" + MORE, 1) if mark else answer.content
            kind = {"Content-Type": answer.headers["Content-Type"]}
            return httpx.Response(answer.status_code, headers=kind, content=told)

    async def story(here: Site) -> None:
        here.device.happen(1)
        assert len((await ask(here))[0]) == 1
        pulls = [one for one in here.asked if one.url.path.endswith("/events/1")]
        assert {one.url.query for one in pulls} == {b"Idx=7"}
        for one in pulls:
            header = parse_xml(one.content).find("{*}Header")
            assert header is not None
            assert header.findtext("{urn:x}Id") == "42"
            assert header.findtext(f"{{{ADDRESSING}}}To", "").endswith("/events/1?Idx=7")

    tell(story, Numbered)
