"""A zone's line: no booked minute dark unless a rule says so, no other lit unless one does, whatever the order."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from astral import Observer
from astral.sun import elevation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.clock import DAY, HOUR, MINUTE, NEVER, SECOND, STOCKHOLM, instant, micros
from hub.model.lit import REACH, LatestOff, Position
from hub.model.notifying import Weekday
from hub.model.plan import Ask, TargetKind
from hub.planner.daylight import daylight
from hub.planner.fold import RELEASE, Desired, fold, lit_until, wakes
from hub.planner.hours import Rest
from hub.planner.lines import After, Dark, LineRule, Stretch, Warned, Why, least, line, lit_from
from tests.counts import examples

DIM = TargetKind.DIM
UMEA, KIRUNA = Position(latitude=63.82, longitude=20.26), Position(latitude=67.86, longitude=20.22)


def rest(at: str, until: str, **evenings: str | None) -> Rest:
    told = Rest.of(LatestOff(at=at, until=until, evenings={Weekday(day): wall for day, wall in evenings.items()}))
    assert told
    return told


OFF = rest("22:00", "06:00", friday="00:30", sunday=None)
TAIL = After(10 * MINUTE, 20, Why.TAIL)
DAYS = (date(2026, 3, 28), date(2026, 6, 19), date(2026, 10, 24), date(2026, 12, 18))
"""The day before each clock change, and the weekends of the lightest and the darkest days."""


def at(day: date, wall: str, *, fold: int = 0) -> int:
    """A Swedish wall time."""
    return micros(datetime.combine(day, time.fromisoformat(wall), tzinfo=STOCKHOLM).replace(fold=fold))


def asked(day: date, starts: str, ends: str, level: int = 60) -> Ask:
    return Ask(at(day, starts), at(day, ends), level, "")


def told(asks: list[Ask], rule: LineRule) -> list[tuple[str, str, int, str]]:
    """The line in Swedish wall time."""
    return [(_wall(one.starts), _wall(one.ends), one.level, one.why) for one in line(asks, rule)]


def _wall(moment: int) -> str:
    return f"{instant(moment).astimezone(STOCKHOLM):%H:%M}"


# ---------------------------------------------------------------- one rule at a time

WINTER = date(2026, 12, 16)  # a Wednesday
SUMMER = date(2026, 6, 17)


def test_a_match_beats_the_training_it_plays_over() -> None:
    asks = [asked(WINTER, "17:00", "20:00", 40), asked(WINTER, "18:00", "19:00", 100)]
    assert told(asks, LineRule(after=TAIL)) == [
        ("17:00", "18:00", 40, "booked"), ("18:00", "19:00", 100, "booked"), ("19:00", "20:00", 40, "booked"),
        ("20:00", "20:10", 20, "tail"),
    ]  # fmt: skip


def test_a_pause_in_which_the_lamp_cannot_strike_again_is_lit_and_a_longer_one_is_not() -> None:
    rule = LineRule(restrike=15 * MINUTE)
    first, soon, later = (
        asked(WINTER, "17:00", "18:00", 80),
        asked(WINTER, "18:14", "19:00"),
        asked(WINTER, "18:15", "19:00"),
    )
    assert told([first, soon], rule)[1] == ("18:00", "18:14", 60, "restrike")
    assert told([first, later], rule) == [("17:00", "18:00", 80, "booked"), ("18:15", "19:00", 60, "booked")]


def test_what_a_tail_leaves_of_a_pause_is_lit_where_the_lamp_could_not_strike_again() -> None:
    rule = LineRule(restrike=15 * MINUTE, after=TAIL)
    asks = [asked(WINTER, "17:00", "18:00"), asked(WINTER, "18:20", "19:00")]
    assert told(asks, rule)[1:3] == [("18:00", "18:10", 20, "tail"), ("18:10", "18:20", 20, "restrike")]


def test_an_hour_booked_in_daylight_is_not_lit_and_dusk_is_an_edge() -> None:
    rule = LineRule(dark=Dark(UMEA, 0))
    (lit,) = line([asked(WINTER, "12:00", "16:00")], rule)
    assert (_wall(lit.starts), _wall(lit.ends), lit.why) == ("13:44", "16:00", "daylight")
    assert list(line([asked(SUMMER, "12:00", "16:00")], rule)) == []
    earlier = next(line([asked(WINTER, "12:00", "16:00")], LineRule(dark=Dark(UMEA, 20 * MINUTE))))
    assert lit.starts - earlier.starts == 20 * MINUTE


def test_in_kiruna_nothing_is_dark_in_june_and_nothing_light_in_december() -> None:
    rule = LineRule(dark=Dark(KIRUNA, 0))
    week = [Ask(at(SUMMER, "12:00"), at(SUMMER, "12:00") + 7 * DAY, 60, "")]
    assert list(line(week, rule)) == []
    winter = Ask(at(WINTER, "12:00"), at(WINTER, "12:00") + 7 * DAY, 60, "")
    assert [(one.starts, one.ends) for one in line([winter], rule)] == [(winter.starts, winter.ends)]


def test_a_tail_is_not_lit_where_it_was_light_when_the_booking_ended() -> None:
    rule = LineRule(dark=Dark(UMEA, 0), after=TAIL)
    assert list(line([asked(WINTER, "12:00", "13:40")], rule)) == []


def test_the_latest_time_beats_bookings_tails_and_pauses() -> None:
    rule = LineRule(latest_off=OFF, after=TAIL, restrike=60 * MINUTE)
    assert told([asked(WINTER, "21:00", "23:00")], rule) == [("21:00", "22:00", 60, "booked")]
    assert told([asked(WINTER, "21:00", "21:55")], rule)[1:] == [("21:55", "22:00", 20, "tail")]
    assert told([asked(WINTER, "21:00", "21:40"), asked(WINTER, "22:10", "23:00")], rule)[1:] == [
        ("21:40", "21:50", 20, "tail")
    ]
    assert told([asked(WINTER, "05:00", "07:00")], rule)[0] == ("06:00", "07:00", 60, "latest-off")


def test_an_evening_may_have_another_latest_time_or_none() -> None:
    rule, friday, sunday = LineRule(latest_off=OFF), date(2026, 12, 18), date(2026, 12, 20)
    late = Ask(at(friday, "23:00"), at(friday + timedelta(days=1), "02:00"), 60, "")
    assert told([late], rule) == [("23:00", "00:30", 60, "booked")]
    night = Ask(at(sunday, "21:00"), at(sunday + timedelta(days=1), "04:00"), 60, "")
    assert told([night], rule) == [("21:00", "04:00", 60, "booked")]


def test_the_latest_time_is_a_wall_time_in_the_nights_of_both_clock_changes() -> None:
    rule = LineRule(latest_off=rest("22:00", "06:00"))
    for change, hours in ((date(2026, 3, 28), 7), (date(2026, 10, 24), 9)):
        night = Ask(at(change, "21:00"), at(change + timedelta(days=1), "07:00"), 60, "")
        evening, morning = line([night], rule)
        assert (_wall(evening.ends), _wall(morning.starts)) == ("22:00", "06:00")
        assert morning.starts - evening.ends == hours * HOUR


def test_a_latest_time_in_the_hour_that_comes_twice_or_never_is_kept_rather_too_long() -> None:
    rule = LineRule(latest_off=rest("02:10", "02:40"))
    for change, starts, hours in ((date(2026, 10, 24), "00:10", 1.5), (date(2026, 3, 28), "01:10", 0.5)):
        day = change + timedelta(days=1)
        before, after = line([Ask(at(day, "00:00"), at(day, "06:00"), 60, "")], rule)
        assert f"{instant(before.ends):%H:%M}" == starts, "in UTC"
        assert after.starts - before.ends == hours * HOUR


def test_before_it_goes_dark_the_light_is_lower_for_a_moment_and_then_as_before() -> None:
    rule = LineRule(warned=Warned(5 * MINUTE, 10 * SECOND, 30))
    start, off = at(WINTER, "17:00"), at(WINTER, "18:00")
    assert list(line([Ask(start, off, 60, "")], rule)) == [
        Stretch(start, off - 5 * MINUTE, 60, Why.BOOKED),
        Stretch(off - 5 * MINUTE, off - 5 * MINUTE + 10 * SECOND, 30, Why.WARNING),
        Stretch(off - 5 * MINUTE + 10 * SECOND, off, 60, Why.WARNED),
    ]
    follows = [Ask(start, off, 60, ""), Ask(off, off + HOUR, 60, "")]
    assert [one.starts for one in line(follows, rule) if one.why is Why.WARNING] == [off + 55 * MINUTE]
    assert [one.why for one in line([Ask(off - 5 * MINUTE, off, 60, "")], rule)] == [Why.BOOKED]


def test_where_the_sun_puts_it_out_nobody_is_warned() -> None:
    rule = LineRule(dark=Dark(UMEA, 0), warned=Warned(5 * MINUTE, 10 * SECOND, 30))
    assert [one.why for one in line([asked(WINTER, "07:00", "12:00")], rule)] == [Why.BOOKED]


def test_a_booking_that_is_taken_away_takes_its_tail_with_it_at_once() -> None:
    rule, ask = LineRule(after=TAIL), asked(WINTER, "17:00", "18:00")
    now = ask.ends + 3 * MINUTE
    assert fold(DIM, [ask], now=now, rule=rule) == Desired("dim:20", ask.ends + 10 * MINUTE, ask.ends)
    assert wakes(DIM, ask, now=now, rule=rule) == now
    assert wakes(DIM, ask, now=ask.ends + 10 * MINUTE, rule=rule) == NEVER
    assert fold(DIM, [], now=now, rule=rule).state == RELEASE


def test_a_lamp_burns_at_the_latest_to_the_end_of_all_that_touches() -> None:
    rule = LineRule(after=TAIL)
    asks = [asked(WINTER, "17:00", "18:00"), asked(WINTER, "18:05", "19:00"), asked(WINTER, "19:30", "20:00")]
    assert _wall(lit_until(asks, now=asks[0].starts, rule=rule)) == "19:10"
    assert lit_until(asks, now=at(WINTER, "19:20"), rule=rule) == at(WINTER, "19:20")


def test_a_claim_has_a_right_to_what_its_zones_rules_leave_of_it() -> None:
    rule = LineRule(dark=Dark(UMEA, 0), latest_off=OFF, warned=Warned(5 * MINUTE, 10 * SECOND, 30))
    claim = asked(WINTER, "12:00", "23:00")
    assert lit_from(claim, rule, claim.starts) == next(line([claim], rule)).starts
    assert [least(claim, rule, at(WINTER, wall)) for wall in ("12:30", "15:00", "21:55", "22:30")] == [
        None, 60, 30, None
    ]  # fmt: skip
    assert lit_from(claim, rule, at(WINTER, "22:00")) == NEVER


# ---------------------------------------------------------------- any rules, any bookings

rules = st.builds(
    LineRule,
    restrike=st.sampled_from([0, 5 * MINUTE, 20 * MINUTE]),
    dark=st.sampled_from([None, Dark(UMEA, 15 * MINUTE), Dark(UMEA, -30 * MINUTE), Dark(KIRUNA, 0)]),
    latest_off=st.sampled_from([None, OFF, rest("01:30", "03:15")]),
    after=st.sampled_from([None, TAIL, After(45 * MINUTE, 30, Why.PURGE)]),
    warned=st.sampled_from([None, Warned(5 * MINUTE, 30 * SECOND, 10)]),
)
bookings = st.lists(
    st.tuples(st.integers(0, 44 * 12), st.integers(1, 40), st.integers(11, 100)), min_size=1, max_size=7
)
"""Begins and lasts so many times five minutes, and its level."""
days = st.sampled_from(DAYS)


def placed(day: date, listed: list[tuple[int, int, int]]) -> list[Ask]:
    first = at(day, "00:00")
    return [Ask(first + b * 5 * MINUTE, first + (b + n) * 5 * MINUTE, level, "") for b, n, level in listed]


def moments(asks: list[Ask], rule: LineRule) -> list[int]:
    """Each change, and what lies beside it; and others, evenly."""
    edges = {edge for one in line(asks, rule) for edge in (one.starts, one.ends)}
    edges |= {edge for ask in asks for edge in (ask.starts, ask.ends)}
    first, last = min(ask.starts for ask in asks) - HOUR, max(ask.ends for ask in asks) + HOUR
    return sorted({edge + off for edge in edges for off in (-1, 0, 1)} | set(range(first, last, 17 * MINUTE)))


def state(asks: list[Ask], rule: LineRule, now: int) -> str:
    return fold(DIM, asks, now=now, rule=rule).state


def level(told: str) -> int:
    return 0 if told == RELEASE else int(told.removeprefix("dim:"))


def is_late(moment: int, off: Rest) -> bool:
    """Whether the wall clock says so: told apart from how the line reckons it, evening by evening."""
    there = instant(moment).astimezone(STOCKHOLM)
    wall = f"{there:%H:%M}"
    for evening in (there.date() - timedelta(days=1), there.date()):
        begins = off.evenings[evening.weekday()]
        if begins is None:
            continue
        morning = there.date() > evening
        past = (wall >= begins) if (begins < off.until) == morning else morning
        if past and (not morning or wall < off.until):
            return True
    return False


def is_light(moment: int, dark: Dark, *, surely: bool) -> bool:
    """Whether the sun is up, of a sun that two minutes earlier or later would be so too."""
    there, slack = Observer(dark.position.latitude, dark.position.longitude), 4 * MINUTE
    steps = (-dark.margin - slack, dark.margin + slack) if surely else (-dark.margin + slack, dark.margin - slack)
    heights = [elevation(there, instant(moment + step), with_refraction=False) for step in steps]
    return all(h > -0.833 for h in heights) if surely else any(h > -0.833 for h in heights)


def may_be_dark(moment: int, rule: LineRule) -> bool:
    late = rule.latest_off is not None and is_late(moment, rule.latest_off)
    return late or (rule.dark is not None and is_light(moment, rule.dark, surely=False))


@settings(max_examples=examples(60))
@given(days, bookings, rules)
def test_no_booked_minute_is_dark_unless_a_rule_says_so(
    day: date, listed: list[tuple[int, int, int]], rule: LineRule
) -> None:
    asks = placed(day, listed)
    for now in moments(asks, rule):
        wanted = max((ask.level for ask in asks if ask.starts <= now < ask.ends), default=0)
        given_ = level(state(asks, rule, now))
        warned = rule.warned is not None and given_ == rule.warned.level
        assert given_ >= wanted or warned or may_be_dark(now, rule), (instant(now), wanted, given_)


@settings(max_examples=examples(60))
@given(days, bookings, rules)
def test_no_other_minute_is_lit_but_a_tail_and_a_pause_too_short(
    day: date, listed: list[tuple[int, int, int]], rule: LineRule
) -> None:
    asks = placed(day, listed)
    for now in moments(asks, rule):
        if level(state(asks, rule, now)) == 0 or any(ask.starts <= now < ask.ends for ask in asks):
            continue
        ended = max(ask.ends for ask in asks if ask.ends <= now)
        begins = min((ask.starts for ask in asks if ask.starts > now), default=NEVER)
        in_tail = now < ended + rule.outlasts
        in_pause = begins - ended < rule.restrike + rule.outlasts
        assert in_tail or in_pause, (instant(now), instant(ended))


@settings(max_examples=examples(60))
@given(days, bookings, rules)
def test_nothing_is_ever_lit_past_the_latest_time_or_in_full_daylight_but_to_spare_the_lamp(
    day: date, listed: list[tuple[int, int, int]], rule: LineRule
) -> None:
    asks = placed(day, listed)
    for one in line(asks, rule):
        for now in (one.starts, (one.starts + one.ends) // 2, one.ends - 1):
            assert rule.latest_off is None or not is_late(now, rule.latest_off), (one, instant(now))
            lit_by_day = rule.dark is not None and is_light(now, rule.dark, surely=True)
            assert not lit_by_day or one.why is Why.RESTRIKE, (one, instant(now))


@settings(max_examples=examples(40))
@given(days, bookings, rules, st.randoms())
def test_neither_order_nor_repetition_nor_what_is_long_over_changes_a_zone(
    day: date, listed: list[tuple[int, int, int]], rule: LineRule, chance: random.Random
) -> None:
    asks = placed(day, listed)
    shuffled = chance.sample(asks * 2, 2 * len(asks))
    for now in chance.sample(moments(asks, rule), 5):
        whole = fold(DIM, asks, now=now, rule=rule)
        assert fold(DIM, shuffled, now=now, rule=rule) == whole
        assert fold(DIM, [ask for ask in asks if ask.ends > now - REACH], now=now, rule=rule) == whole


@settings(max_examples=examples(40))
@given(days, bookings, rules)
def test_nothing_changes_between_a_zones_own_edges(
    day: date, listed: list[tuple[int, int, int]], rule: LineRule
) -> None:
    asks = placed(day, listed)
    now, among = min(ask.starts for ask in asks) - HOUR, moments(asks, rule)
    while now < NEVER:
        desired = fold(DIM, asks, now=now, rule=rule)
        assert desired.next_edge > now
        assert {state(asks, rule, one) for one in among if now <= one < desired.next_edge} <= {desired.state}
        now = desired.next_edge


@settings(max_examples=examples(60))
@given(days, bookings, bookings, rules, st.randoms())
def test_a_booking_more_or_less_is_never_noticed_late(
    day: date,
    kept: list[tuple[int, int, int]],
    other: list[tuple[int, int, int]],
    rule: LineRule,
    chance: random.Random,
) -> None:
    old, new = placed(day, kept), placed(day, other)
    among = moments(old + new, rule)
    now = chance.choice(among)
    woken = [wakes(DIM, ask, now=now, rule=rule) for ask in new]
    for before, after in ((old, old + new), (old + new, old)):
        desired = fold(DIM, before, now=now, rule=rule)
        until = min([desired.next_edge, *woken])
        assert {state(after, rule, one) for one in among if now <= one < until} <= {desired.state}


@settings(max_examples=examples(20))
@given(st.integers(0, 364), st.floats(-67.9, 67.9), st.floats(-180, 180))
@example(83, 59.0, -83.0)  # the day between a sunset before midnight in UTC and one after it
def test_by_day_the_sun_is_up_and_by_night_it_is_not(number: int, latitude: float, longitude: float) -> None:
    place, since = Position(latitude=latitude, longitude=longitude), micros(datetime(2026, 1, 1, tzinfo=UTC))
    since += number * DAY
    days_ = daylight(place, 0, since)
    spans = [next(days_) for _ in range(3)]
    assert all(first[1] < second[1] for first, second in pairwise(spans))
    for now in range(since, min(spans[-1][0], since + 3 * DAY), 47 * MINUTE):
        inside = any(starts <= now < ends for starts, ends in spans)
        near = [
            elevation(Observer(latitude, longitude), instant(now + step), with_refraction=False) + 0.833
            for step in (-10 * MINUTE, 0, 10 * MINUTE)
        ]
        if all(one > 0 for one in near) or all(one < 0 for one in near):
            assert inside == (near[1] > 0), (instant(now), near)
