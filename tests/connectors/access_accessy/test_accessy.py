"""What is Accessy's own: a token, groups of one holder, invitations that are answered, calls that prove little."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.access_accessy import AccessyAccess
from connectors.access_accessy.client import PAGE_SIZE
from connectors.access_accessy.client import Group as SeenGroup
from connectors.access_accessy.client import Invitation as SeenInvitation
from connectors.access_accessy.config import AccessyConfig
from connectors.access_accessy.simulator import AccessySimulator, Invitation
from connectors.access_accessy.translate import invitations_into, message_of
from hub.conformance.driver import Memory, SetClock
from hub.model import Credential, CredentialTouched, Method, Unsaid, Window
from hub.sdk import (
    Callback,
    Condition,
    CredentialsError,
    Lent,
    Misbehaviour,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
)

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
EVENING = NOW + timedelta(hours=3)
HALL, GYM = "publication-hall", "publication-gym"
KEY, PHONE, OTHER = "hub-2480-B-7", "+46701740605", "+46701740606"
Handler = Callable[[httpx.Request], httpx.Response]


def key(phone: str = PHONE, *doors: str, name: str = KEY) -> Credential:
    windows = frozenset(
        Window(door=door, starts_at=EVENING, ends_at=EVENING + timedelta(hours=1)) for door in doors or (HALL,)
    )
    return Credential(key=name, method=Method.MOBILE_KEY, value=SecretStr(phone), windows=windows, holder="Åsa Öberg")


@dataclass
class Site:
    """A connector, its organisation, and what was asked."""

    accessy: AccessyAccess
    there: AccessySimulator
    clock: SetClock
    asked: list[httpx.Request]

    async def look(self, name: str = KEY) -> Sighting[Credential]:
        seen = await self.accessy.read_credential(name)
        assert seen is not None
        return seen

    def calls(self, ending: str) -> int:
        return sum(request.url.path.endswith(ending) for request in self.asked)

    def opens(self, name: str = KEY) -> list[tuple[str, str]]:
        return sorted(
            (window.door, one.value.get_secret_value())
            for one in self.there.credentials()
            if one.key == name and isinstance(one.value, SecretStr)
            for window in one.windows
        )

    def invited(self) -> list[str]:
        return [f"{one.msisdn} {one.status}" for one in self.there.invitations.values()]


@asynccontextmanager
async def site(before: Handler | None = None, **settings: object) -> AsyncIterator[Site]:
    """Set up both; `before` may answer instead of the organisation, or raise what it wants."""
    clock = SetClock(NOW)
    there, asked = AccessySimulator(clock), list[httpx.Request]()

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = before(request) if before else httpx.Response(418)
        return there.handle(request) if answer.status_code == httpx.codes.IM_A_TEAPOT else answer

    lent = Lent(
        transport=httpx.MockTransport(handle), clock=clock, state=Memory(), log=logging.getLogger(__name__),
        timeout=timedelta(seconds=5),
    )  # fmt: skip
    yield Site(AccessyAccess(AccessyConfig.model_validate({**there.config(), **settings}), lent), there, clock, asked)
    await lent.aclose()


def test_a_token_is_asked_for_once_and_renewed_before_it_ends() -> None:
    async def story() -> None:
        async with site() as here:
            for days, tokens in ((0, 1), (6.9, 1), (0.099, 2), (7, 3)):
                here.clock.move(timedelta(days=days))
                await here.accessy.check()
                assert here.calls("oauth/token") == tokens

    asyncio.run(story())


def test_a_token_that_is_refused_before_its_time_is_renewed_once_and_nothing_is_lost() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.check()
            here.there.tokens.clear()
            here.there.join(PHONE)
            await here.accessy.put_credential(key())
            assert here.opens() == [(HALL, PHONE)]
            assert here.calls("oauth/token") == 2

    asyncio.run(story())


def test_a_wrong_secret_is_tried_once() -> None:
    async def story() -> None:
        async with site(client_secret="another-secret-altogether") as here:
            with pytest.raises(CredentialsError):
                await here.accessy.check()
            assert len(here.asked) == 1

    asyncio.run(story())


def test_a_refusal_that_a_new_token_does_not_lift_is_told() -> None:
    def forbidden(request: httpx.Request) -> httpx.Response:
        return httpx.Response(418 if request.url.path == "/auth/oauth/token" else 403)

    async def story() -> None:
        async with site(forbidden) as here:
            for asked in (1, 3):
                with pytest.raises(CredentialsError):
                    await here.accessy.check()
                assert here.calls("organization-membership") == asked

    asyncio.run(story())


def test_no_name_is_sent_and_no_phone_number_stands_in_an_address() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key())
            await here.look()
            assert not [r for r in here.asked if "berg" in r.content.decode().lower()]
            assert not [r for r in here.asked if "701740605" in str(r.url)]

    asyncio.run(story())


def test_every_permission_that_is_asked_for_has_an_end() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key(PHONE, HALL, GYM))
            bodies = [json.loads(r.content) for r in here.asked if r.url.path.endswith("/access-permission")]
            spans = [body["constraints"]["dateTimeSpanConstraint"] for body in bodies if "constraints" in body]
            assert spans == [{"start": "2026-12-01T18:00:00.000Z", "end": "2026-12-01T19:00:00.000Z"}] * 2

    asyncio.run(story())


def test_a_member_gets_the_key_at_once_and_no_text_message() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.join(PHONE)
            receipt = await here.accessy.put_credential(key())
            assert receipt.condition is Condition.STANDING
            assert (await here.look()).condition is Condition.STANDING
            assert (here.opens(), here.invited()) == ([(HALL, PHONE)], [])

    asyncio.run(story())


def test_who_is_new_is_invited_once_and_gets_in_when_they_accept() -> None:
    async def story() -> None:
        async with site() as here:
            for _ in range(2):
                assert (await here.accessy.put_credential(key())).condition is Condition.AWAITING_USER
            (invitation,) = here.there.invitations.values()
            assert invitation.message.startswith(f"Dörrar till din bokning ({KEY}/")
            assert (await here.look()).condition is Condition.AWAITING_USER
            here.there.accept(KEY)
            seen = await here.look()
            assert (seen.condition, seen.value.value) == (Condition.STANDING, SecretStr(PHONE))

    asyncio.run(story())


def test_a_no_is_for_an_operator_and_only_they_have_it_asked_again() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key())
            here.there.answer(next(iter(here.there.invitations.values())), "REJECTED")
            seen = await here.look()
            assert seen.condition is Condition.DISABLED
            assert "said no" in seen.detail
            assert (await here.accessy.put_credential(key())).condition is Condition.AWAITING_USER
            assert here.invited() == [f"{PHONE} REJECTED", f"{PHONE} PENDING"]

    asyncio.run(story())


def test_who_joined_by_another_way_is_let_in_without_a_second_yes() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key())
            here.there.join(PHONE)
            seen = await here.look()
            assert seen.condition is Condition.FAILED
            assert "by another way" in seen.detail
            assert (await here.accessy.put_credential(key())).condition is Condition.STANDING
            assert here.opens() == [(HALL, PHONE)]

    asyncio.run(story())


def test_another_phone_gets_a_group_of_its_own_and_the_old_invitation_opens_nothing() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key())
            await here.accessy.put_credential(key(OTHER))
            for invitation in here.there.invitations.values():
                here.there.answer(invitation, "ACCEPTED")
            assert here.opens() == [(HALL, OTHER)]
            assert (await here.look()).value.value == SecretStr(OTHER)

    asyncio.run(story())


@pytest.mark.parametrize(
    "method, ending, error",
    [
        ("POST", "/access-permission-group", UnknownOutcomeError),
        ("POST", "/access-permission", UnknownOutcomeError),
        ("POST", "/invitation", UnknownOutcomeError),
        ("GET", "/access-permission-group", TransientError),
        ("POST", "/oauth/token", TransientError),
    ],
)
def test_only_a_change_that_got_no_answer_may_have_been_made(method: str, ending: str, error: type[Exception]) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        if request.method == method and request.url.path.endswith(ending):
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(418)

    async def story() -> None:
        async with site(silent) as here:
            with pytest.raises(error):
                await here.accessy.put_credential(key())

    asyncio.run(story())


def test_a_group_that_is_for_more_than_one_is_seen_and_made_anew() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.join(PHONE)
            receipt = await here.accessy.put_credential(key())
            here.there.groups[receipt.reference].members.add(here.there.join(OTHER))
            assert (await here.look()).condition is Condition.FAILED
            await here.accessy.put_credential(key())
            assert here.opens() == [(HALL, PHONE)]

    asyncio.run(story())


def test_a_door_without_an_end_that_a_hand_put_into_the_group_is_taken_out() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.join(PHONE)
            receipt = await here.accessy.put_credential(key())
            here.there.groups[receipt.reference].permissions["p"] = {"assetPublication": GYM, "constraints": {}}
            seen = await here.look()
            assert Window.always(GYM) in seen.value.windows
            await here.accessy.put_credential(key())
            assert (await here.look()).value == key().model_copy(update={"holder": ""})

    asyncio.run(story())


@pytest.mark.parametrize("doubled, told", [("group", "2 groups"), ("permission", "one door twice")])
def test_what_stands_twice_is_wrong_and_the_next_sending_leaves_one(doubled: str, told: str) -> None:
    async def story() -> None:
        async with site() as here:
            here.there.join(PHONE)
            receipt = await here.accessy.put_credential(key())
            group = here.there.groups[receipt.reference]
            if doubled == "group":
                here.there.groups["again"] = group
            else:
                group.permissions["again"] = next(iter(group.permissions.values()))
            seen = await here.look()
            assert seen.condition is Condition.FAILED
            assert told in seen.detail
            await here.accessy.put_credential(key())
            assert (await here.look()).condition is Condition.STANDING
            assert here.opens() == [(HALL, PHONE)]

    asyncio.run(story())


def test_who_was_taken_out_of_the_group_by_hand_stays_out_until_an_operator_says_so() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key())
            here.there.accept(KEY)
            here.there.misbehave(Misbehaviour.DISABLED_BY_HAND, KEY)
            assert (await here.look()).condition is Condition.DISABLED
            await here.accessy.put_credential(key())
            assert here.opens() == [(HALL, PHONE)]

    asyncio.run(story())


def test_a_pin_or_a_holder_without_a_phone_is_for_a_person() -> None:
    async def story() -> None:
        async with site() as here:
            for update in ({"method": Method.PIN}, {"value": Unsaid.CHOSEN_BY_SYSTEM}):
                with pytest.raises(RejectedError, match="phone number only"):
                    await here.accessy.put_credential(key().model_copy(update=update))
            assert here.asked == []

    asyncio.run(story())


def test_keys_without_our_mark_are_refused() -> None:
    async def story() -> None:
        async with site() as here:
            for send in (
                here.accessy.put_credential(key(name="Personal")), here.accessy.remove_credential("Personal"),
            ):  # fmt: skip
                with pytest.raises(RejectedError, match="begin with hub-"):
                    await send
            assert here.asked == []

    asyncio.run(story())


def test_lists_are_read_to_their_last_page() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.page_size = PAGE_SIZE
            for number in range(PAGE_SIZE + 1):
                here.there.join(f"+4670888{number:04}")
            await here.accessy.put_credential(key("+46708880250"))
            assert here.invited() == [], "the last one is a member"
            assert here.calls("org-1/user") == 2

    asyncio.run(story())


def test_a_list_that_grew_shorter_while_it_was_read_is_no_answer() -> None:
    def short(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/access-permission-group"):
            return httpx.Response(200, json={"items": [], "totalItems": 1})
        return httpx.Response(418)

    async def story() -> None:
        async with site(short) as here:
            with pytest.raises(TransientError, match="before its end"):
                await here.accessy.read_credential(KEY)

    asyncio.run(story())


@pytest.mark.parametrize(
    "item",
    [
        {"id": "../../user", "name": KEY},
        {"id": "group 1", "name": KEY},
        {"id": "group-1"},
    ],
)
def test_a_group_that_is_none_is_no_answer(item: dict[str, str]) -> None:
    def odd(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/access-permission-group"):
            return httpx.Response(200, json={"items": [item], "totalItems": 1})
        return httpx.Response(418)

    async def story() -> None:
        async with site(odd) as here:
            with pytest.raises(TransientError, match="unreadable"):
                await here.accessy.read_credential(KEY)

    asyncio.run(story())


def test_an_invitation_is_known_by_the_whole_reference_at_its_end() -> None:
    one, longer = SeenGroup(id="g1", name=KEY), SeenGroup(id="g1", name=f"x{KEY}")
    invitation = SeenInvitation(
        id="i", recipientMsisdn=SecretStr(PHONE), invitationMessage=message_of("Hej", one), status="PENDING"
    )
    assert invitations_into(one, [invitation]) == [invitation]
    assert invitations_into(longer, [invitation]) == []
    assert invitations_into(SeenGroup(id="g11", name=KEY), [invitation]) == []
    assert invitations_into(one, [invitation.model_copy(update={"invitationMessage": None})]) == []


def call(event: str = "MEMBERSHIP_CREATED", body: bytes = b'{"invitationId": "i-1", "userId": "u-1"}') -> Callback:
    return Callback({"accessy-webhook-signature": "accessy-simulated-signature", "x-axs-event-type": event}, body)


def test_without_a_signature_in_the_settings_nobody_is_heard() -> None:
    async def story() -> None:
        async with site(webhook_signature=None) as here:
            for shown in (call(), Callback({"x-axs-event-type": "MEMBERSHIP_CREATED"}, b"{}")):
                with pytest.raises(CredentialsError, match="no webhook_signature"):
                    await here.accessy.receive(shown)
            assert here.asked == []

    asyncio.run(story())


@pytest.mark.parametrize("signature", ["", "kort"])
def test_a_signature_that_can_be_guessed_is_refused(signature: str) -> None:
    config = AccessySimulator(SetClock(NOW)).config()
    with pytest.raises(ValidationError, match="at least 16"):
        AccessyConfig.model_validate({**config, "webhook_signature": signature})


def test_who_is_not_proven_makes_us_ask_nobody() -> None:
    async def story() -> None:
        async with site() as here:
            for signature in ("", "accessy-simulated-signatur", "accessy-simulated-signaturé"):
                forged = Callback({**call().headers, "accessy-webhook-signature": signature}, call().body)
                with pytest.raises(CredentialsError):
                    await here.accessy.receive(forged)
            assert here.asked == []

    asyncio.run(story())


def test_what_is_kept_of_a_call_is_our_key_and_nothing_of_the_person() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key())
            here.there.accept(KEY)
            (invitation_id,) = here.there.invitations
            body = json.dumps({"userId": "u-1", "invitationId": invitation_id}).encode()
            (item,) = await here.accessy.receive(call(body=body))
            assert item.content == b'{"key":"hub-2480-B-7"}'
            assert list(here.accessy.translate(item)) == [CredentialTouched(key=KEY)]

    asyncio.run(story())


def test_other_events_and_invitations_of_others_mean_nothing_here() -> None:
    async def story() -> None:
        async with site() as here:
            await here.accessy.put_credential(key())
            here.there.accept(KEY)
            (mine,) = here.there.invitations
            here.there.invitations["i-1"] = Invitation(OTHER, "Välkommen", ["group-0"])
            of_mine = json.dumps({"userId": "u-1", "invitationId": mine}).encode()
            for told in (
                call("ASSET_OPERATION_INVOKED", of_mine),
                call("MEMBERSHIP_REMOVED", of_mine),
                call(),
                call(body=b'{"userId": "u-1"}'),
            ):
                assert await here.accessy.receive(told) == []

    asyncio.run(story())


def test_a_call_that_cannot_be_read_is_for_quarantine() -> None:
    async def story() -> None:
        async with site() as here:
            with pytest.raises(RejectedError, match="cannot be read"):
                await here.accessy.receive(call(body=b"<xml/>"))

    asyncio.run(story())


def test_a_hint_that_cannot_be_followed_now_is_left_and_said(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with site() as here:
            here.there.down = True
            assert await here.accessy.receive(call()) == []

    asyncio.run(story())
    assert "could not be looked up" in caplog.text
