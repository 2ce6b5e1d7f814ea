"""What is ONVIF's own: what a device is able to, its octets, its clock, its tokens, and who disabled what."""

import asyncio
import hashlib
from base64 import b64decode
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest
from lxml import etree
from pydantic import SecretStr

from connectors.access_onvif import client
from connectors.access_onvif.config import Format, Login
from connectors.access_onvif.simulator import _TCR, JANITOR, PASSWORD, USER, Able, Kept, OnvifSimulator
from connectors.access_onvif.translate import octets, sighting_of
from hub.conformance.driver import SetClock
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import (
    Condition,
    ConnectorError,
    CredentialsError,
    Misbehaviour,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    Validity,
    parse_xml,
    text_of,
)
from tests.connectors.access_onvif.sites import EVENING, KEY, NOW, Site, device_of, evening, site

OWN_TOKENS = Able(client_tokens=False, page=2)
CARDS = {"pt:PIN": ("SIMPLE_NUMBER32",), "pt:Card": ("SIMPLE_ALPHA_NUMERIC", "SIMPLE_NUMBER56")}
BOTH_KINDS = pytest.mark.parametrize("able", [Able(), OWN_TOKENS], ids=["our tokens", "its tokens"])
Story = Callable[[Site], Awaitable[None]]


def tell(story: Story, able: Able | None = None, **settings: object) -> None:
    async def told() -> None:
        async with site(device_of(able or Able()), **settings) as here:
            await story(here)

    asyncio.run(told())


def mine(device: OnvifSimulator) -> list[Credential]:
    return [one for one in device.credentials() if one.key != JANITOR]


@pytest.mark.parametrize(
    "value, form, there",
    [
        ("4815", Format.TEXT, "34383135"),
        ("0481", Format.TEXT, "30343831"),
        ("4815", Format.NUMBER16, "12CF"),
        ("4815", Format.NUMBER32, "000012CF"),
        ("999999999", Format.NUMBER32, "3B9AC9FF"),
        ("4815", Format.NUMBER56, "000000000012CF"),
    ],
)
def test_a_value_is_written_in_the_octets_of_its_format_and_never_as_its_digits(
    value: str, form: Format, there: str
) -> None:
    assert octets(value, form).hex().upper() == there


@pytest.mark.parametrize(
    "value, form",
    [
        ("0481", Format.NUMBER32),
        ("48a5", Format.NUMBER32),
        ("70000", Format.NUMBER16),
        ("9999999999", Format.NUMBER32),
        ("٤٨١٥", Format.NUMBER32),
        ("48å5", Format.TEXT),
        ("", Format.TEXT),
    ],
)
def test_a_value_that_has_no_place_in_a_format_is_refused_and_not_told(value: str, form: Format) -> None:
    with pytest.raises(RejectedError) as refused:
        octets(value, form)
    assert not value or value not in str(refused.value)


def test_a_credential_shows_no_value_when_it_is_printed() -> None:
    kept = OnvifSimulator(SetClock()).kept[JANITOR].element
    assert "00A1B2C3" in str(etree.tostring(kept))
    assert "00A1B2C3" not in repr(client._credential(kept))


def test_a_credential_is_written_as_the_documented_sample() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        (made,) = [one for one in here.asked if b"SetCredential" in one.content]
        credential = parse_xml(made.content).find("{*}Body/{*}SetCredential/{*}CredentialData/{*}Credential")
        assert credential is not None
        assert credential.get("token") == KEY
        assert [(etree.QName(one).localname, "".join(one.itertext())) for one in credential] == [
            ("Description", KEY),
            ("CredentialHolderReference", KEY),
            ("ValidFrom", "2026-12-01T15:45:00Z"),
            ("ValidTo", "2026-12-01T17:15:00Z"),
            ("CredentialIdentifier", "pt:PINSIMPLE_NUMBER32false0000BCA3"),
            ("CredentialAccessProfile", "ap-0-02026-12-01T15:45:00Z2026-12-01T17:15:00Z"),
        ]

    tell(story)


def test_a_message_proves_who_we_are_by_a_digest_at_the_devices_own_time() -> None:
    async def story(here: Site) -> None:
        here.device.clock_off = timedelta(minutes=-10)
        await here.onvif.read_credential(KEY)
        time, *others = here.asked
        assert b"Security" not in time.content
        proofs = []
        for one in others:
            token = parse_xml(one.content).find("{*}Header/{*}Security/{*}UsernameToken")
            assert token is not None
            nonce, created = text_of(token, "Nonce"), text_of(token, "Created")
            whole = b64decode(nonce) + created.encode() + PASSWORD.encode()
            assert b64decode(text_of(token, "Password")) == hashlib.sha1(whole, usedforsecurity=False).digest()
            assert (text_of(token, "Username"), created) == (USER, "2026-12-01T14:50:00Z")
            proofs.append(nonce)
            assert PASSWORD.encode() not in one.content
        assert len(set(proofs)) == len(proofs) > 3

    tell(story)


def test_check_tells_a_clock_that_is_ten_minutes_off_and_doors_are_opened_all_the_same() -> None:
    async def story(here: Site) -> None:
        here.device.clock_off = timedelta(minutes=10)
        assert (await here.onvif.check()).clock_offset == timedelta(minutes=10)
        await here.onvif.put_credential(evening())
        assert [one.windows for one in mine(here.device)] == [{EVENING}]

    tell(story)


def test_a_clock_that_is_set_while_we_talk_is_measured_anew_and_pauses_nothing() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        here.device.clock_off = timedelta(hours=1)
        with pytest.raises(TransientError, match="clock has been set"):
            await here.onvif.read_credential(KEY)
        assert await here.onvif.read_credential(KEY)

    tell(story)


@pytest.mark.parametrize("login", Login)
def test_a_wrong_password_pauses_the_connection(login: Login) -> None:
    async def story(here: Site) -> None:
        with pytest.raises(CredentialsError, match="user"):
            await here.onvif.put_credential(evening())

    tell(story, password="another", login=login)


def test_over_http_digest_nothing_is_proven_in_the_message() -> None:
    challenge = {"WWW-Authenticate": 'Digest realm="onvif", qop="auth", nonce="n-1", algorithm=SHA-256'}
    given: list[str] = []

    class Digesting(OnvifSimulator):
        def handle(self, request: httpx.Request) -> httpx.Response:
            if "Authorization" not in request.headers:
                return httpx.Response(401, headers=challenge)
            given.append(request.headers["Authorization"])
            assert b"Security" not in request.content
            return super().handle(request)

        def _let_in(self, request: httpx.Request) -> None:
            del request

    async def told() -> None:
        async with site(Digesting, login=Login.DIGEST) as here:
            await here.onvif.put_credential(evening())
            assert mine(here.device) == [evening()]

    asyncio.run(told())
    assert all('username="hub"' in one and PASSWORD not in one for one in given)


def test_the_services_are_asked_at_our_address_whatever_the_device_calls_itself() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        assert {one.url.host for one in here.asked} == {"onvif.test"}
        assert {one.url.path for one in here.asked} == {
            "/onvif/device_service",
            "/onvif/services/credential",
            "/onvif/services/accessrules",
        }

    tell(story)


def test_a_device_without_profile_a_is_for_a_person() -> None:
    class Camera(OnvifSimulator):
        def _services(self, asked: etree._Element) -> etree._Element:
            told = super()._services(asked)
            told.remove(told[1])
            return told

    async def told() -> None:
        async with site(Camera) as here:
            with pytest.raises(RejectedError, match="no service credential"):
                await here.onvif.put_credential(evening())

    asyncio.run(told())


AUTUMN = datetime(2026, 10, 25, tzinfo=UTC)
SPRING = datetime(2026, 3, 29, tzinfo=UTC)


@pytest.mark.parametrize("hours", [(0.25, 0.75), (1.25, 1.75), (-1, 3)])
@pytest.mark.parametrize("night", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_in_the_nights_of_the_clock_changes_a_door_opens_to_the_minute(
    night: datetime, hours: tuple[float, float]
) -> None:
    starts_at, ends_at = (night + timedelta(hours=hour) for hour in hours)
    window = Window(door="Sporthall A", starts_at=starts_at, ends_at=ends_at)

    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening("48291", window))
        assert [one.windows for one in mine(here.device)] == [{window}]

    tell(story)


@pytest.mark.parametrize(
    "starts, ends, opens",
    [
        ("2026-10-25T00:15", "2026-10-25T01:15", ("2026-10-24T22:00", "2026-10-25T23:00")),
        ("2026-03-29T00:15", "2026-03-29T01:15", ("2026-03-28T23:00", "2026-03-29T22:00")),
        ("2026-12-01T22:30", "2026-12-01T23:00", ("2026-11-30T23:00", "2026-12-01T23:00")),
        ("2026-12-01T22:30", "2026-12-01T23:30", ("2026-11-30T23:00", "2026-12-02T23:00")),
        ("2026-06-30T21:30", "2026-06-30T22:30", ("2026-06-29T22:00", "2026-07-01T22:00")),
    ],
)
def test_a_device_that_keeps_dates_opens_on_the_local_days_of_the_window_and_no_other(
    starts: str, ends: str, opens: tuple[str, str]
) -> None:
    def window(first: str, last: str) -> Window:
        moments = {
            "starts_at": datetime.fromisoformat(f"{first}+00:00"),
            "ends_at": datetime.fromisoformat(f"{last}+00:00"),
        }
        return Window(door="Sporthall A", **moments)

    async def story(here: Site) -> None:
        assert here.onvif.access_limits.validity is Validity.DATES
        await here.onvif.put_credential(evening("48291", window(starts, ends)))
        assert [one.windows for one in mine(here.device)] == [{window(*opens)}]
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert seen.value.windows == {window(*opens)}

    tell(story, Able(times=False))


def test_a_device_that_keeps_no_times_is_sent_none_and_opens_until_it_is_taken_back() -> None:
    async def story(here: Site) -> None:
        assert here.onvif.access_limits.validity is Validity.NONE
        await here.onvif.put_credential(evening())
        assert [one.windows for one in mine(here.device)] == [{Window.always("Sporthall A")}]
        await here.onvif.remove_credential(KEY)
        assert mine(here.device) == []

    tell(story, Able(profile_validity=False))


def test_times_that_the_device_turns_out_not_to_keep_are_not_sent_to_it() -> None:
    async def story(here: Site) -> None:
        believed = here.onvif.access_limits.validity
        with pytest.raises(TransientError, match="known only now"):
            await here.onvif.put_credential(evening())
        assert [believed, here.onvif.access_limits.validity] == [Validity.TIMES, Validity.DATES]
        assert mine(here.device) == []

    tell(story, Able(times=False), validity="times")


def test_windows_that_the_device_turns_out_to_have_no_room_for_are_planned_anew() -> None:
    async def story(here: Site) -> None:
        with pytest.raises(TransientError, match="known only now"):
            await here.onvif.put_credential(evening())
        assert here.onvif.access_limits.windows_per_door == 2
        await here.onvif.put_credential(evening())

    tell(story, profiles_per_door=3)


def test_two_windows_of_one_door_go_to_two_access_profiles_of_its_name() -> None:
    later = EVENING.model_copy(update={"starts_at": NOW + timedelta(days=1), "ends_at": NOW + timedelta(days=1.1)})

    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening("48291", EVENING, later))
        assert [one.windows for one in mine(here.device)] == [{EVENING, later}]
        assert here.onvif.access_limits.windows_per_door == 2
        third = later.model_copy(update={"ends_at": NOW + timedelta(days=3), "starts_at": NOW + timedelta(days=2)})
        with pytest.raises(RejectedError, match="Sporthall A: no access profile of that name is left"):
            await here.onvif.put_credential(evening("48291", EVENING, later, third))

    tell(story)


def test_one_credential_has_no_more_doors_than_the_device_takes() -> None:
    class Small(OnvifSimulator):
        def _capabilities(self, asked: etree._Element) -> etree._Element:
            answer = super()._capabilities(asked)
            answer[0].set("MaxAccessProfilesPerCredential", "1")
            return answer

    async def story() -> None:
        async with site(Small) as here:
            await here.onvif.check()
            other = EVENING.model_copy(update={"door": "Entré & Öst"})
            with pytest.raises(RejectedError, match="takes 1 of one credential"):
                await here.onvif.put_credential(evening("48291", EVENING, other))

    asyncio.run(story())


def test_an_access_profile_that_opens_nothing_is_no_door() -> None:
    async def story(here: Site) -> None:
        about = await here.onvif.check()
        assert about.external_keys == frozenset({"Sporthall A", "Entré & Öst"})
        window = EVENING.model_copy(update={"door": "Förråd, avstängt"})
        with pytest.raises(RejectedError, match="Förråd, avstängt; make it in the device"):
            await here.onvif.put_credential(evening("48291", window))

    tell(story)


def test_a_door_that_is_made_in_the_device_is_known_at_once() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        here.device.profiles |= {"ap-new-1": "Läktare", "ap-new-2": "Läktare"}
        window = EVENING.model_copy(update={"door": "Läktare"})
        await here.onvif.put_credential(evening("48291", window))
        assert [one.windows for one in mine(here.device)] == [{window}]

    tell(story)


@BOTH_KINDS
def test_a_pin_that_somebody_else_has_is_for_a_person_and_is_not_told(able: Able) -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening(key="hub-2480-B-71"))
        with pytest.raises(RejectedError) as refused:
            await here.onvif.put_credential(evening())
        assert "choose another" in str(refused.value)
        assert "48291" not in str(refused.value)
        await here.onvif.put_credential(evening("73051"))
        with pytest.raises(RejectedError, match="choose another"):
            await here.onvif.put_credential(evening())
        assert {one.key: one.value for one in mine(here.device)} == {
            KEY: SecretStr("73051"),
            "hub-2480-B-71": SecretStr("48291"),
        }

    tell(story, able)


def test_a_full_device_is_for_a_person_and_check_tells_how_much_room_there_is() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        about = await here.onvif.check()
        assert about.access_limits is not None
        assert about.access_limits.capacity == here.onvif.access_limits.capacity == 2
        assert "2 of 3 credentials, 1 not ours" in about.detail
        await here.onvif.put_credential(evening("73051", key="hub-2480-B-8"))
        with pytest.raises(RejectedError, match="full; remove"):
            await here.onvif.put_credential(evening("91827", key="hub-2480-B-9"))
        await here.onvif.put_credential(evening("11223"))
        assert {one.value for one in mine(here.device)} == {SecretStr("11223"), SecretStr("73051")}

    tell(story, Able(max_credentials=3))


def test_check_narrows_what_the_settings_promise_to_what_the_device_is_able_to() -> None:
    async def story(here: Site) -> None:
        assert here.onvif.access_limits.methods == {Method.PIN, Method.CARD}
        assert max(here.onvif.access_limits.pin.lengths) == 8
        await here.onvif.check()
        limits = here.onvif.access_limits
        assert (limits.methods, limits.card_and_pin) == (frozenset({Method.PIN}), False)
        assert (max(limits.pin.lengths), limits.pin.leading_zero) == (4, False)
        assert (limits.validity, limits.windows_per_door) == (Validity.DATES, 2)

    able = Able(times=False, formats={"pt:PIN": ("SIMPLE_NUMBER16",), "pt:Card": ("WIEGAND26",)})
    tell(story, able, pin_format=None, card_format="SIMPLE_NUMBER56", validity="times", profiles_per_door=5)


@BOTH_KINDS
@pytest.mark.parametrize("lands", [True, False])
def test_a_time_out_after_it_was_made_leaves_one_credential(able: Able, *, lands: bool) -> None:
    class Silent(device_of(able)):  # type: ignore[misc]
        silent = True

        def handle(self, request: httpx.Request) -> httpx.Response:
            makes = b"SetCredential" in request.content or b"CreateCredential" in request.content
            if makes and self.silent:
                self.silent = False
                if lands:
                    super().handle(request)
                raise httpx.ReadTimeout("nothing comes", request=request)
            return super().handle(request)  # type: ignore[no-any-return]

    async def story() -> None:
        async with site(Silent) as here:
            with pytest.raises(UnknownOutcomeError):
                await here.onvif.put_credential(evening())
            here.state.kept.clear()
            await here.onvif.put_credential(evening())
            assert mine(here.device) == [evening()]
            await here.onvif.remove_credential(KEY)
            assert mine(here.device) == []
            assert await here.onvif.read_credential(KEY) is None

    asyncio.run(story())


def test_a_request_that_arrives_twice_leaves_one_credential_and_is_no_duplicate_of_anothers() -> None:
    class Twice(device_of(OWN_TOKENS)):  # type: ignore[misc]
        def handle(self, request: httpx.Request) -> httpx.Response:
            if b"CreateCredential" in request.content:
                super().handle(request)
            return super().handle(request)  # type: ignore[no-any-return]

    async def story() -> None:
        async with site(Twice) as here:
            await here.onvif.put_credential(evening())
            assert mine(here.device) == [evening()]
            with pytest.raises(RejectedError, match="choose another"):
                await here.onvif.put_credential(evening(key="hub-2480-B-71"))
            assert mine(here.device) == [evening()]

    asyncio.run(story())


@BOTH_KINDS
def test_who_was_disabled_at_the_device_stays_so_whatever_is_put_and_is_enabled_there(able: Able) -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        here.device.misbehave(Misbehaviour.DISABLED_BY_HAND, KEY)
        receipt = await here.onvif.put_credential(evening("73051"))
        assert receipt.condition is Condition.COMING
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert (seen.condition, seen.detail) == (Condition.DISABLED, "disabled at the device; enable it there")
        assert mine(here.device) == []
        here.device.kept[here.device.token_of(KEY)].enabled = True
        assert mine(here.device) == [evening("73051")]

    tell(story, able)


@BOTH_KINDS
def test_windows_that_somebody_changed_at_the_device_are_seen_as_they_are(able: Able) -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        element = here.device.kept[here.device.token_of(KEY)].element
        (until,) = element.findall("{*}ValidTo")
        until.text = "2026-12-01T17:45:00+01:00"
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert seen.value.windows == {EVENING.model_copy(update={"ends_at": NOW + timedelta(hours=1.75)})}
        for one in element.findall("{*}CredentialAccessProfile"):
            element.remove(one)
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert seen.value.windows == frozenset()

    tell(story, able)


@pytest.mark.parametrize("told", ["9999-12-31T23:59:59-05:00", "tomorrow", "2026-12-01T24:61:00Z"])
def test_a_time_that_nobody_can_read_is_never_said_to_stand_and_is_written_anew(told: str) -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        kept = here.device.kept[KEY].element
        next(kept.iter("{*}ValidTo")).text = told
        seen = client._credential(kept)
        device = await here.onvif._known()
        sighting = sighting_of(KEY, [seen], device)
        assert sighting is not None
        assert (sighting.condition, sighting.value.windows) == (Condition.FAILED, frozenset())
        await here.onvif.put_credential(evening())
        assert mine(here.device) == [evening()]

    tell(story)


@BOTH_KINDS
def test_it_is_disabled_before_it_is_deleted_and_opens_nothing_if_it_cannot_be_deleted(able: Able) -> None:
    class Keeping(device_of(able)):  # type: ignore[misc]
        keeping = True

        def handle(self, request: httpx.Request) -> httpx.Response:
            if b"DeleteCredential" in request.content and self.keeping:
                return httpx.Response(500)
            return super().handle(request)  # type: ignore[no-any-return]

    async def story() -> None:
        async with site(Keeping) as here:
            await here.onvif.put_credential(evening())
            with pytest.raises(UnknownOutcomeError):
                await here.onvif.remove_credential(KEY)
            assert mine(here.device) == []
            seen = await here.onvif.read_credential(KEY)
            assert seen is not None
            assert seen.condition is Condition.DISABLED
            await here.onvif.put_credential(evening())
            assert mine(here.device) == [evening()], "a booking that comes back opens, for it was we who shut it"
            with pytest.raises(UnknownOutcomeError):
                await here.onvif.remove_credential(KEY)
            Keeping.keeping = False
            await here.onvif.remove_credential(KEY)
            assert await here.onvif.read_credential(KEY) is None
            assert list(here.device.kept) == [JANITOR]
            told = [one for one in here.operations() if one in ("DisableCredential", "DeleteCredential")]
            assert told == ["DisableCredential", "DeleteCredential"] * 3

    asyncio.run(story())


def test_a_token_that_the_device_has_given_to_somebody_else_is_left_alone() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        token = here.device.token_of(KEY)
        here.device.kept[token] = here.device.kept.pop(JANITOR)
        here.device.kept[token].element.set("token", token)
        assert await here.onvif.read_credential(KEY) is None
        await here.onvif.put_credential(evening())
        await here.onvif.remove_credential(KEY)
        assert list(here.device.kept) == [token]

    tell(story, OWN_TOKENS)


def test_a_description_that_somebody_has_changed_hides_nothing() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        (described,) = here.device.kept[here.device.token_of(KEY)].element.findall("{*}Description")
        described.text = "Bokning, IFK"
        assert await here.onvif.read_credential(KEY)
        assert [one.value.key async for one in here.onvif.list_credentials()] == [KEY]
        await here.onvif.remove_credential(KEY)
        assert list(here.device.kept) == [JANITOR]

    tell(story, OWN_TOKENS)


def test_what_stands_twice_under_one_key_is_never_said_to_stand_and_becomes_one() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        token = here.device.token_of(KEY)
        here.state.kept.clear()
        double = deepcopy(here.device.kept[token].element)
        double.set("token", "tok-double")
        next(double.iter("{*}Value")).text = "00011D5B"
        here.device.kept["tok-double"] = Kept(double)
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert (seen.condition, seen.detail) == (Condition.FAILED, "2 credentials, and there should be one")
        await here.onvif.put_credential(evening("73051"))
        assert mine(here.device) == [evening("73051")]
        assert "tok-double" in here.device.kept, "the one that had the PIN already, which no other may get before"

    tell(story, OWN_TOKENS)


def test_lists_are_read_to_their_end_page_by_page() -> None:
    async def story(here: Site) -> None:
        wanted = [evening(f"4829{n}", key=f"hub-2480-B-{n}") for n in range(7)]
        for one in wanted:
            await here.onvif.put_credential(one)
        assert [one.value async for one in here.onvif.list_credentials()] == wanted
        assert JANITOR in here.device.kept

    tell(story, OWN_TOKENS)


def test_a_list_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 5)

    class Circle(OnvifSimulator):
        def _credential_list(self, asked: etree._Element) -> etree._Element:
            del asked
            return _TCR.GetCredentialListResponse(_TCR.NextStartReference("1"))

    async def story() -> None:
        async with site(Circle) as here:
            with pytest.raises(TransientError, match="no end"):
                assert [one async for one in here.onvif.list_credentials()]
            assert here.operations().count("GetCredentialList") == 5

    asyncio.run(story())


@BOTH_KINDS
def test_a_key_longer_than_a_token_stands_whole(able: Able) -> None:
    key = "hub-2480-" + "B-2026-004711-" * 6

    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening(key=key))
        await here.onvif.put_credential(evening("73051", key=key + "1"))
        assert {one.key for one in mine(here.device)} == {key, key + "1"}
        assert {len(token) for token in here.device.kept} <= {4, 5, 64}
        seen = await here.onvif.read_credential(key)
        assert seen is not None
        assert seen.value == evening(key=key)

    tell(story, able)


def test_a_name_goes_to_the_device_only_where_it_is_let_out_and_is_cut_to_its_place() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        assert "Anna" not in str([one.content for one in here.asked])
        await here.onvif.put_credential(evening(holder="Anna\x00 Berg " * 12))
        kept = here.device.kept[KEY].element.findtext("{*}CredentialHolderReference")
        assert kept == ("Anna Berg " * 12)[:64].strip()
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert seen.value.key == KEY

    tell(story)


@pytest.mark.parametrize("form", ["SIMPLE_ALPHA_NUMERIC", "SIMPLE_NUMBER56"])
def test_a_card_with_a_pin_is_one_credential_and_becomes_a_pin_again(form: str) -> None:
    card = evening().model_copy(
        update={"method": Method.CARD, "value": SecretStr("90421357"), "second_value": SecretStr("4829")}
    )

    async def story(here: Site) -> None:
        assert here.onvif.access_limits.card_and_pin
        await here.onvif.put_credential(card)
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert seen.value == card
        assert mine(here.device) == [card]
        await here.onvif.put_credential(evening())
        assert mine(here.device) == [evening()]

    tell(story, Able(formats=CARDS), card_format=form)


def test_a_device_that_does_not_show_its_values_is_not_said_to_have_others() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        next(here.device.kept[KEY].element.iter("{*}Value")).text = ""
        seen = await here.onvif.read_credential(KEY)
        assert seen is not None
        assert (seen.value.value, seen.condition) == (Unsaid.NOT_TOLD, Condition.STANDING)

    tell(story)


@pytest.mark.parametrize("key", [JANITOR, "HUB-1", ""])
def test_a_key_without_our_mark_is_refused(key: str) -> None:
    async def story(here: Site) -> None:
        for refused in (here.onvif.put_credential(evening(key=key)), here.onvif.remove_credential(key)):
            with pytest.raises(RejectedError, match="begin with hub-"):
                await refused
        assert list(here.device.kept) == [JANITOR]
        assert here.asked == []

    tell(story)


def test_a_value_that_the_device_should_choose_is_refused() -> None:
    async def story(here: Site) -> None:
        with pytest.raises(RejectedError, match="let the hub choose"):
            await here.onvif.put_credential(evening().model_copy(update={"value": Unsaid.CHOSEN_BY_SYSTEM}))

    tell(story)


ANSWER = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>{}</e:Body></e:Envelope>'
HOSTILE = {
    "another answer": ANSWER.format("<GetServicesResponse/>"),
    "no such day": ANSWER.format(
        "<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime><Time><Hour>1</Hour><Minute>1</Minute>"
        "<Second>1</Second></Time><Date><Year>2026</Year><Month>2</Month><Day>31</Day></Date></UTCDateTime>"
        "</SystemDateAndTime></GetSystemDateAndTimeResponse>"
    ),
    "entities": '<!DOCTYPE a [<!ENTITY b "c">]>' + ANSWER.format("<GetSystemDateAndTimeResponse/>"),
    "SOAP 1.1's fault": ANSWER.format("<Fault/>").replace("2003/05/soap-envelope", "2002/x"),
    "half": ANSWER[:60],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_answer_is_no_answer(what: str) -> None:
    class Hostile(OnvifSimulator):
        def handle(self, request: httpx.Request) -> httpx.Response:
            del request
            return httpx.Response(200, text=HOSTILE[what])

    async def story() -> None:
        async with site(Hostile) as here:
            with pytest.raises(TransientError):
                await here.onvif.check()

    asyncio.run(story())


def test_a_credential_of_others_that_nobody_can_read_stops_nothing_of_ours() -> None:
    async def story(here: Site) -> None:
        await here.onvif.put_credential(evening())
        strange = here.device.kept[JANITOR].element
        strange.insert(2, _TCR.ValidFrom("2026-12-01T16:45:00"))
        next(strange.iter("{*}Value")).text = "00"
        assert [one.value.key async for one in here.onvif.list_credentials()] == [KEY]

    tell(story, OWN_TOKENS)


@pytest.mark.parametrize("able", [OWN_TOKENS, Able(times=False), Able(profile_validity=False, client_tokens=False)])
def test_the_doors_are_right_after_any_two_revisions_on_every_kind_of_device(able: Able) -> None:
    other = EVENING.model_copy(update={"door": "Entré & Öst"})
    revisions = [evening("48291", EVENING), evening("48291", EVENING, other), evening("73051", other)]

    async def story(here: Site) -> None:
        for before, after in pairwise([*revisions, *reversed(revisions)]):
            await here.onvif.put_credential(before)
            await here.onvif.put_credential(after)
            (there,) = mine(here.device)
            assert (there.value, {one.door for one in there.windows}) == (
                after.value,
                {one.door for one in after.windows},
            )

    tell(story, able)


def test_what_a_fault_means_is_said_with_a_remedy() -> None:
    class Without(OnvifSimulator):
        def _set(self, asked: etree._Element) -> etree._Element:
            self.able = Able(client_tokens=False)
            return super()._set(asked)

    async def story() -> None:
        async with site(Without) as here:
            with pytest.raises(ConnectorError) as told:
                await here.onvif.put_credential(evening())
            assert "CapabilityViolated/ClientSuppliedTokenSupported" in str(told.value)

    asyncio.run(story())
