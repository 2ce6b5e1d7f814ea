"""What a booking asks for: pure, whole, and of the right targets at the right times."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import DAY, HOUR, MINUTE, micros
from hub.model.booking import Booking
from hub.model.configuration import Configuration
from hub.model.credential import Method
from hub.model.facility import Capability, LevelKind
from hub.model.plan import NOTHING, Claim, Closure, Plan, TargetKey, TargetKind, Unserved
from hub.planner.plan import plan
from hub.planner.rules import Rules, compiled
from tests.builders import SATURDAY, a_booking, a_charge, a_holder, a_town, mark, occasion, rules
from tests.counts import examples

NOON = micros(SATURDAY)
HALL = rules()
PER_HOLDER = rules(a_town(strategy="per_holder"))
LENA, OMAR = a_holder("Lena Norberg"), a_holder("Omar Ek", phone="+46701740607")
CARD = a_holder("Åsa Berg", credential={"kind": "card", "number": "0090421357"})
MOBILE = a_holder("Bo Lind", credential={"kind": "mobile_key"})


def planned(*occasions: dict[str, Any], ruled: Rules = HALL, closures: tuple[Closure, ...] = (), **more: Any) -> Plan:
    return plan(a_booking(occasions=list(occasions) or [occasion()], **more), closures, ruled)


def zones(asked: Plan) -> Counter[str]:
    return Counter(claim.target.key for claim in asked.claims if not claim.door)


def doors(asked: Plan) -> Counter[str]:
    return Counter(claim.door for claim in asked.claims if claim.door)


def on(asked: Plan, key: str) -> Claim:
    (claim,) = (claim for claim in asked.claims if key in {claim.target.key, claim.door})
    return claim


# ---------------------------------------------------------------- purity

raw_occasions = st.lists(
    st.builds(
        occasion,
        st.sampled_from(["hall.whole", "hall.court-1", "hall.court-2", "hall.court-3", "hall.machine"]),
        after=st.integers(0, 600),
        minutes=st.integers(1, 300),
        activity=st.sampled_from(["training", "match", "other"]),
        holders=st.lists(st.sampled_from([LENA, OMAR, CARD, MOBILE]), max_size=4),
    ),
    min_size=1,
    max_size=5,
).map(lambda many: [one | {"id": str(n)} for n, one in enumerate(many)])


@given(raw_occasions, st.sampled_from(["per_booking", "per_holder"]))
def test_planning_twice_is_planning_once(raw: list[dict[str, Any]], strategy: str) -> None:
    first = planned(*raw, ruled=rules(a_town(strategy=strategy)))
    again = planned(*raw, ruled=rules(a_town(strategy=strategy)))
    assert first == again
    assert len({(c.occasion, c.target, c.door) for c in first.claims}) == len(first.claims)


def keyed(asked: Plan, booking: Booking) -> tuple[set[Claim], set[Any], set[Unserved]]:
    """The plan without its order: claims, whose grants with what, and what is unserved."""
    holders = list(dict.fromkeys(holder for each in booking.occasions for holder in each.holders))
    grants = {
        (g.target, g.method, g.value, g.pin_length, frozenset(holders[n].name for n in g.holders)) for g in asked.grants
    }
    return set(asked.claims), grants, set(asked.unserved)


@given(raw_occasions, st.sampled_from(["per_booking", "per_holder"]), st.randoms())
def test_the_order_of_occasions_and_holders_changes_nothing(
    raw: list[dict[str, Any]], strategy: str, chance: random.Random
) -> None:
    ruled = rules(a_town(strategy=strategy))
    shuffled = [one | {"holders": chance.sample(one["holders"], len(one["holders"]))} for one in raw]
    chance.shuffle(shuffled)
    first, second = a_booking(occasions=raw), a_booking(occasions=shuffled)
    assert keyed(plan(first, (), ruled), first) == keyed(plan(second, (), ruled), second)


@given(raw_occasions, st.sampled_from(["cancelled", "preliminary"]))
def test_what_is_not_confirmed_asks_for_nothing(raw: list[dict[str, Any]], status: str) -> None:
    assert planned(*raw, status=status, charges=[a_charge(occasion="0")], notify=["vaktmastare"]) == NOTHING


def test_a_claim_is_known_by_its_occasions_id_and_not_by_its_place() -> None:
    both = planned(occasion(id="x"), occasion("hall.court-2", id="y", after=120))
    without_the_first = planned(occasion("hall.court-2", id="y", after=120))
    assert set(without_the_first.claims) == {claim for claim in both.claims if claim.occasion == "y"}


# ---------------------------------------------------------------- parts and wholes


def test_a_part_lights_itself_and_what_all_share() -> None:
    assert zones(planned(occasion("hall.court-2"))) == Counter(["court-2", "corridor", "entrance"])


def test_a_whole_lights_all_its_parts_and_what_they_share_once() -> None:
    assert zones(planned(occasion("hall.whole"))) == Counter(["court-1", "court-2", "court-3", "corridor", "entrance"])


def test_a_door_opens_for_what_it_serves() -> None:
    assert doors(planned(occasion("hall.court-1"))) == Counter(["outer", "inner"])
    assert doors(planned(occasion("hall.court-3"))) == Counter(["outer"])
    assert doors(planned(occasion("hall.whole"))) == Counter(["outer", "inner"])


def nested() -> Configuration:
    """A hall whose half is itself two courts."""
    town = a_town()
    hall = town.facilities["hall"]
    whole, court = hall.resources["hall.whole"], hall.resources["hall.court-1"]
    resources = dict(hall.resources) | {
        "hall.half": court.model_copy(update={"parts": ("hall.court-1", "hall.court-2")}),
        "hall.whole": whole.model_copy(update={"parts": ("hall.half", "hall.court-3")}),
    }
    facilities = {"hall": hall.model_copy(update={"resources": resources})}
    return town.model_copy(update={"facilities": facilities})


def test_parts_of_parts_are_lit_and_wholes_of_wholes_are_in_the_way() -> None:
    ruled = rules(nested())
    assert zones(planned(occasion("hall.half"), ruled=ruled)) == Counter(["court-1", "court-2", "corridor", "entrance"])
    assert zones(planned(occasion("hall.whole"), ruled=ruled)).keys() >= {"court-1", "court-2", "court-3"}
    related = ruled.resources["hall.court-1"].related
    assert related == {"hall.court-1", "hall.half", "hall.whole"}
    assert ruled.resources["hall.court-3"].related == {"hall.court-3", "hall.whole"}


def test_equipment_opens_and_lights_nothing_of_its_own() -> None:
    asked = planned(extras=[{"resource": "hall.machine", "occasions": ["1"]}])
    assert asked == planned()
    assert planned(occasion("hall.machine")).claims == ()


def test_an_extra_is_lit_with_its_occasion_and_what_both_want_is_asked_once() -> None:
    asked = planned(extras=[{"resource": "hall.court-3", "occasions": ["1"]}])
    assert zones(asked) == Counter(["court-1", "court-3", "corridor", "entrance"])
    assert len(asked.grants) == 1


# ---------------------------------------------------------------- times and levels


def with_times(**told: dict[str, int]) -> Rules:
    """The hall, with other leads and lags for some doors and zones."""
    town = a_town()
    hall = town.facilities["hall"]
    assert hall.access
    found = {name: zone.model_copy(update=told.get(zone.key, {})) for name, zone in hall.zones.items()}
    ours = {name: door.model_copy(update=told.get(door.key, {})) for name, door in hall.access.doors.items()}
    changed = {"zones": found, "access": hall.access.model_copy(update={"doors": ours})}
    return rules(town.model_copy(update={"facilities": {"hall": hall.model_copy(update=changed)}}))


def test_each_door_and_zone_has_its_own_lead_and_lag() -> None:
    ruled = with_times(
        outer={"lead_minutes": 30, "lag_minutes": 20}, inner={"lead_minutes": 0, "lag_minutes": 0},
        corridor={"lead_minutes": 5, "lag_minutes": 45},
    )  # fmt: skip
    asked = planned(ruled=ruled)
    spans = {c.door or c.target.key: (c.starts - NOON, c.ends - NOON - HOUR) for c in asked.claims}
    assert spans == {
        "outer": (-30 * MINUTE, 20 * MINUTE),
        "inner": (0, 0),
        "corridor": (-5 * MINUTE, 45 * MINUTE),
        "court-1": (-15 * MINUTE, 10 * MINUTE),
        "entrance": (-15 * MINUTE, 10 * MINUTE),
    }


@pytest.mark.parametrize("activity, level", [("training", 60), ("match", 100), ("unheard-of", 60)])
def test_the_activity_chooses_the_level_and_any_other_gets_the_default(activity: str, level: int) -> None:
    asked = planned(occasion(activity=activity))
    assert on(asked, "court-1").level == level
    assert on(asked, "entrance").level == 80


def test_temperatures_are_kept_in_tenths_of_a_degree() -> None:
    town = a_town()
    hall = town.facilities["hall"]
    warm = hall.zones["corridor"].model_copy(update={"kind": LevelKind.SETPOINT, "levels": {"default": 20.5}})
    changed = hall.model_copy(update={"zones": {"corridor": warm}})
    claim = on(planned(ruled=rules(town.model_copy(update={"facilities": {"hall": changed}}))), "corridor")
    assert (claim.kind, claim.level) == (TargetKind.SETPOINT, 205)


@pytest.mark.parametrize(
    "starts, ends, hours",
    [
        ("2026-03-29T01:00:00+01:00", "2026-03-29T04:00:00+02:00", 2),
        ("2026-10-25T01:00:00+02:00", "2026-10-25T04:00:00+01:00", 4),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", 1),
        ("2026-10-25T02:00:00+02:00", "2026-10-25T02:15:00+02:00", 0.25),
    ],
)
def test_the_nights_when_clocks_change_are_exact(starts: str, ends: str, hours: float) -> None:
    asked = planned(occasion() | {"starts_at": starts, "ends_at": ends})
    begin = micros(datetime.fromisoformat(starts).astimezone(UTC))
    for claim in asked.claims:
        assert claim.starts == begin - 15 * MINUTE
        assert claim.ends == begin + int(hours * HOUR) + 10 * MINUTE


@settings(max_examples=examples(200))
@given(st.integers(0, 6 * 60), st.integers(1, 6 * 60), st.sampled_from(["2026-03-28T22Z", "2026-10-24T22Z"]))
def test_how_long_a_booking_is_never_depends_on_the_wall_clock(after: int, minutes: int, night: str) -> None:
    starts = datetime.fromisoformat(night) + timedelta(minutes=after)
    for claim in planned(occasion(since=starts, minutes=minutes)).claims:
        assert claim.ends - claim.starts == (minutes + 25) * MINUTE


# ---------------------------------------------------------------- credentials


def test_all_holders_of_a_booking_share_its_pin() -> None:
    (grant,) = planned(occasion(holders=[LENA, OMAR])).grants
    assert grant.target == TargetKey("locks", "hub-B-1")
    assert (grant.method, grant.holders, grant.value) == (Method.PIN, (0, 1), "")
    assert (grant.pin_length, grant.leading_zero, grant.quarantine) == (5, False, 7 * DAY)


def test_each_distinct_holder_gets_a_pin_where_the_strategy_says_so() -> None:
    twice = [occasion(id="a", holders=[LENA, OMAR]), occasion("hall.court-2", id="b", holders=[OMAR])]
    grants = planned(*twice, ruled=PER_HOLDER).grants
    assert [grant.holders for grant in grants] == [(0,), (1,)]
    assert len({grant.target for grant in grants}) == 2


def test_a_card_and_a_phone_are_credentials_of_their_own() -> None:
    grants = {g.method: g for g in planned(occasion(holders=[LENA, CARD, MOBILE])).grants}
    assert grants[Method.CARD].value == "0090421357"
    assert grants[Method.MOBILE_KEY].value == "+46701740606"
    assert grants[Method.PIN].value == ""
    assert len({grant.target for grant in grants.values()}) == 3


def test_no_key_tells_whose_it_is() -> None:
    keys = [g.target.key for g in planned(occasion(holders=[LENA, OMAR, CARD, MOBILE]), ruled=PER_HOLDER).grants]
    assert len(keys) == 4
    assert [key.partition("~")[0] for key in keys] == ["hub-B-1", "hub-B-1", "hub-", "hub-"]
    told = ["Lena", "Omar", "Bo", "0090421357", "46701740606"]
    assert [word for word in told if any(word in key for key in keys)] == []


def test_a_holder_who_opens_nothing_takes_nobodys_place() -> None:
    machine = occasion("hall.machine", id="m", holders=[OMAR])
    (grant,) = planned(machine, occasion(id="c", after=120, holders=[LENA])).grants
    assert grant.holders == (1,)


def test_a_booking_without_holders_opens_no_door() -> None:
    asked = planned(occasion(holders=[]))
    assert asked.grants == ()
    assert doors(asked) == Counter()
    assert len(asked.claims) == 3


def test_a_method_that_the_locks_do_not_take_is_unserved_and_the_others_are_granted() -> None:
    ruled = compiled(a_town(), mark=mark, methods={"locks": frozenset({Method.PIN})})
    asked = planned(occasion(holders=[LENA, CARD]), ruled=ruled)
    assert asked.unserved == (Unserved(Capability.ACCESS, "locks: card"),)
    assert [grant.method for grant in asked.grants] == [Method.PIN]


# ---------------------------------------------------------------- unserved, records, closures


def test_what_has_no_connection_is_unserved_and_asks_for_nothing() -> None:
    town = a_town()
    hall = town.facilities["hall"]
    assert hall.access
    bare = {
        "access": hall.access.model_copy(update={"connection": None}),
        "zones": dict(hall.zones) | {"corridor": hall.zones["corridor"].model_copy(update={"connection": None})},
    }
    ruled = rules(town.model_copy(update={"facilities": {"hall": hall.model_copy(update=bare)}}))
    asked = planned(ruled=ruled)
    assert set(asked.unserved) == {Unserved(Capability.ACCESS, "hall"), Unserved(Capability.LIGHTING, "hall/corridor")}
    assert zones(asked) == Counter(["court-1", "entrance"])
    assert asked.grants == ()


def test_duties_that_nobody_has_are_unserved() -> None:
    asked = planned(
        charges=[a_charge()],
        payment={"kind": "invoice"},
        registration={"required": True},
        notify=["vaktmastare"],
    )
    assert {one.capability for one in asked.unserved} == {"finance", "registry", "notification"}


def test_each_charge_is_a_line_with_a_key_of_its_own() -> None:
    ruled = rules(a_town(finance="ledger"))
    charges = [a_charge(), a_charge(id="c2", article="LAMP")]
    asked = planned(charges=charges, payment={"kind": "invoice"}, ruled=ruled)
    assert [(line.key, line.account, line.connection) for line in asked.charges] == [
        ("1.BADM-60", "B-1", "ledger"),
        ("c2", "B-1", "ledger"),
    ]
    assert planned(charges=charges, payment={"kind": "free"}, ruled=ruled).charges == ()


def test_what_is_paid_beforehand_is_charged_though_nobody_takes_invoices() -> None:
    charges, paid = [a_charge()], {"kind": "prepaid", "receipt": "SWISH-1"}
    (line,) = planned(charges=charges, payment=paid).charges
    assert (line.receipt, line.connection, line.bills_at) == ("SWISH-1", "", 0)
    assert planned(charges=charges, payment={"kind": "invoice"}).charges == ()


@pytest.mark.parametrize(
    "when, starts, account, bills_at",
    [
        ("after_last_occasion", "2026-11-21T22:30:00Z", "B-1", "2026-11-23T23:30:00Z"),
        ("monthly", "2026-11-30T22:30:00Z", "2026-11", "2026-12-02T23:00:00Z"),
        ("monthly", "2026-11-30T23:30:00Z", "2026-12", "2027-01-02T23:00:00Z"),
        ("monthly", "2026-03-29T00:30:00Z", "2026-03", "2026-04-02T22:00:00Z"),
        ("quarterly", "2026-12-31T22:30:00Z", "2026-q4", "2027-01-02T23:00:00Z"),
        ("quarterly", "2026-06-30T22:30:00Z", "2026-q3", "2026-10-02T22:00:00Z"),
    ],
)
def test_a_line_is_invoiced_with_its_booking_or_its_period_and_not_before(
    when: str, starts: str, account: str, bills_at: str
) -> None:
    """Days and months are those of Sweden, over clock changes too."""
    ruled = rules(a_town(finance="ledger", charging={"customers": {"association": {"when": when, "days_after": 2}}}))
    begins = datetime.fromisoformat(starts)
    booked = occasion() | {"starts_at": starts, "ends_at": (begins + timedelta(hours=1)).isoformat()}
    (line,) = planned(booked, charges=[a_charge()], payment={"kind": "invoice"}, ruled=ruled).charges
    assert line.account.endswith(account)
    assert line.bills_at == micros(datetime.fromisoformat(bills_at))


def test_bookings_of_one_customer_share_an_account_and_nobody_else_does() -> None:
    ruled = rules(a_town(finance="ledger", charging={"customers": {"association": {"when": "monthly"}}}))
    invoiced: dict[str, Any] = {"charges": [a_charge()], "payment": {"kind": "invoice"}, "ruled": ruled}
    another = {"kind": "association", "organisation_number": "802002-8711", "name": "Provköpings Badmintonklubb"}
    (mine,), (also_mine,) = planned(**invoiced).charges, planned(number="B-2", **invoiced).charges
    (theirs,) = planned(customer=another, **invoiced).charges
    assert mine.account == also_mine.account != theirs.account
    assert "802400" not in mine.account


@pytest.mark.parametrize(
    "closed, booked, suspended",
    [
        ("hall.court-1", "hall.court-1", True),
        ("hall.whole", "hall.court-1", True),
        ("hall.court-1", "hall.whole", True),
        ("hall.court-2", "hall.court-1", False),
    ],
)
def test_a_closure_holds_back_the_resource_its_parts_and_every_whole(
    closed: str, booked: str, *, suspended: bool
) -> None:
    asked = planned(occasion(booked), closures=(Closure(closed, NOON - DAY, NOON + DAY),))
    assert {claim.suspended for claim in asked.claims} == {suspended}


@pytest.mark.parametrize(
    "starts, ends, suspended",
    [(-60, 0, False), (-60, 1, True), (59, 90, True), (60, 90, False), (10, 20, True)],
)
def test_a_closure_that_only_touches_an_occasion_leaves_it(starts: int, ends: int, *, suspended: bool) -> None:
    closure = Closure("hall.court-1", NOON + starts * MINUTE, NOON + ends * MINUTE)
    assert {claim.suspended for claim in planned(closures=(closure,)).claims} == {suspended}


def test_a_closure_changes_nothing_else_of_the_plan() -> None:
    closed = planned(closures=(Closure("hall.court-1", NOON, NOON + HOUR),))
    open_ = planned()
    assert [claim._replace(suspended=False) for claim in closed.claims] == list(open_.claims)
    assert closed.grants == open_.grants
