"""Who is to be told of a booking: pure, whole, and with keys that tell each message from every other."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import HOUR, micros
from hub.model import Channel
from hub.model.notice_record import DigestBody, NoticeBody, Slot, digest_key, digests_of
from hub.model.plan import Closure, Plan, TargetKey
from hub.planner.notifying import following
from hub.planner.plan import plan
from hub.planner.rules import Rules
from tests.builders import SATURDAY, a_booking, a_town, occasion, rules
from tests.counts import examples

EVERY = ["new", "changed", "cancelled", "closed", "reopened"]
PHONE = {"connection": "sms", "to": "+46701740605"}
BOOKER = {"email": {"connection": "mail"}, "sms": {"connection": "sms"}, "contact": "a@b.se", "tell_code": True}
TOWN = rules(
    a_town(
        told=["vakt", "office", "husmor"],
        roles={
            "vakt": {"sms": PHONE, "when": EVERY},
            "office": {"digest": {"at": "06:30"}, "resources": ["hall.court-1"], "always": True},
            "husmor": {"resources": ["hall.court-2"]},
        },
        booker=BOOKER,
    )
)
NOON = micros(SATURDAY)
SNOW = Closure("hall.court-1", NOON, NOON + HOUR)


def planned(revision: int = 1, *, of: str = "hall.court-1", closures: tuple[Closure, ...] = (), **more: Any) -> Plan:
    booking = a_booking("B-1", revision, **({"occasions": [occasion(of)], "notify": ["vakt", "husmor"]} | more))
    return plan(booking, closures, TOWN)


def keys(asked: Plan) -> list[str]:
    return sorted(record.target.key for record in asked.records)


def after(asked: Plan, before: frozenset[TargetKey], revision: int, *, ruled: Rules = TOWN, **more: Any) -> set[str]:
    cancelled = more.get("cancelled", False)
    wishes = following(asked, before, "B-1", revision, ruled.notifying, cancelled=cancelled)
    return {wish.target.key for wish in wishes}


def targets(asked: Plan) -> frozenset[TargetKey]:
    return frozenset(record.target for record in asked.records)


def test_each_slot_has_a_record_of_each_revision_and_a_digest_has_news() -> None:
    asked = planned()
    mails = ["B-1.r1.booker", "B-1.r1.booker:sms", "B-1.r1.vakt", "B-1.r1.vakt:sms"]
    codes = [key for key in keys(asked) if ":code-" in key]
    assert keys(asked) == sorted(mails + codes)
    assert len(codes) == 2
    assert [(news.slot, news.wish) for news in asked.news] == [("office", "1:")]
    assert asked.told == {"vakt", "office", "husmor", "booker"}


def test_nothing_about_persons_stands_in_a_record() -> None:
    customer = {"kind": "person", "name": "Kim Hemlig", "email": "kim@example.se", "phone": "+46701740699"}
    asked = planned(customer=customer)
    assert len(asked.records) == 6
    assert "im" not in str(asked.records).replace("hub-B-1", "")
    assert "46701740699" not in str(asked.records)


def test_closures_over_a_booking_give_a_record_of_their_own_to_who_hears_of_them() -> None:
    first = targets(planned())
    closed = planned(closures=(SNOW,))
    now = after(closed, first, 1)
    assert {key.partition(":t")[0] for key in now} == set(keys(planned()))
    assert all(":t1-" in key for key in now)
    assert after(closed, frozenset(TargetKey("mail", key) for key in now), 1) >= {k for k in now if ":sms" not in k}
    assert all(news.wish.startswith("1:1-") is False for news in closed.news), "the office does not hear of them"


def test_lifting_and_closing_again_are_other_turns_and_a_new_revision_begins_anew() -> None:
    seen, before = list[set[str]](), targets(planned())
    for closures in ((SNOW,), (), (SNOW,), (SNOW,), ()):
        asked = planned(closures=closures)
        wishes = following(asked, before, "B-1", 1, TOWN.notifying, cancelled=False)
        before = frozenset(wish.target for wish in wishes)
        seen.append({target.key for target in before if target.key.startswith("B-1.r1.vakt:sms")})
    turns = [key.rpartition(":t")[2].partition("-")[0] for (key,) in seen]
    assert turns == ["1", "2", "3", "3", "4"]
    assert "B-1.r2.vakt:sms" in after(planned(2), before, 2)


def test_what_concerns_a_slot_no_more_is_gone_from_there_once() -> None:
    before = targets(planned(of="hall.court-2"))
    assert TargetKey("mail", "B-1.r1.husmor") in before
    moved = planned(2)
    assert "B-1.r2.husmor:gone" in after(moved, before, 2)
    again = frozenset(TargetKey("mail", key) for key in after(moved, before, 2))
    assert "B-1.r2.husmor:gone" in after(planned(3), again, 3)
    assert "B-1.r3.husmor:gone" not in after(planned(3), again, 3)
    assert "B-1.r4.husmor" in after(planned(4, of="hall.court-2"), again, 4)


def test_who_is_left_out_hears_no_more_but_of_the_end() -> None:
    before = targets(planned(of="hall.court-2"))
    silent = planned(2, of="hall.court-2", notify=["vakt"])
    assert not any("husmor" in key for key in after(silent, before, 2))
    over = planned(2, status="cancelled", notify=[], occasions=[])
    assert "B-1.r2.husmor:gone" in after(over, before, 2, cancelled=True)


def test_records_of_others_are_left_alone() -> None:
    """An invoice's key may look like a message's."""
    invoice = TargetKey("books", "B-1.r1.husmor")
    assert after(planned(2), frozenset({invoice}), 2) == set(keys(planned(2)))


# ---------------------------------------------------------------- keys

numbers = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,20}", fullmatch=True)
names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True)
slots = st.builds(Slot, names, st.one_of(st.just(""), names), st.sampled_from(Channel))
bodies = st.builds(
    lambda slot, number, revision, code, turn, gone: NoticeBody(
        slot.role, number, revision, slot.facility, slot.channel, code, turn, gone
    ),
    slots,
    numbers,
    st.integers(1, 2**53),
    st.one_of(st.just(""), st.from_regex("[0-9a-f]{8}", fullmatch=True)),
    st.one_of(st.just(""), st.from_regex("[1-9][0-9]{0,2}(-[0-9a-f]{8})?", fullmatch=True)),
    st.booleans(),
)


@given(bodies)
@settings(max_examples=examples(300))
def test_a_key_says_all_that_its_body_does_and_a_body_is_kept_as_it_is(body: NoticeBody) -> None:
    assert NoticeBody.of_key(body.number, body.key) == body
    assert NoticeBody.read(body.to_json()) == body
    low, high = body.others
    assert low < body.key < high
    assert Slot.parse(str(body.slot)) == body.slot
    assert DigestBody.read(body.to_json()) is None


@given(bodies, numbers)
@settings(max_examples=examples(200))
def test_no_booking_takes_anothers_message_for_its_own(body: NoticeBody, other: str) -> None:
    if other != body.number:
        read = NoticeBody.of_key(other, body.key)
        assert read is None or read.key == body.key


@given(slots, slots)
@settings(max_examples=examples(200))
def test_digests_of_two_slots_never_lie_between_the_same_keys(one: Slot, other: Slot) -> None:
    key = digest_key(str(one), "2026-11-24T0630", 7)
    low, high = digests_of(str(other))
    assert (low < key < high) is (one == other)
    body = DigestBody(str(one), "2026-11-24T0630", (("B-1", "1:"),))
    assert DigestBody.read(body.to_json()) == body
    assert NoticeBody.read(body.to_json()) is None


@pytest.mark.parametrize("text", [None, "", "{}", '{"invoice":7}', '{"charge": 1}'])
def test_another_record_is_no_message(text: str | None) -> None:
    assert NoticeBody.read(text) is None
    assert DigestBody.read(text) is None


def test_a_message_of_an_earlier_version_is_read_as_it_was_kept() -> None:
    old = NoticeBody.read('{"notice":{"role":"vakt","number":"B-1","revision":3}}')
    assert old == NoticeBody("vakt", "B-1", 3)
    assert old.key == "B-1.r3.vakt"
