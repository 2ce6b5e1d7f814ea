"""Rules that repeat: dateutil is the oracle, and what would hold a processor is refused or costs little."""

import time
from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.calendars.recurring import WEEKDAYS, Budget, TooMuchError, days, read_rule
from tests.calendars.text import a_calendar, an_event, faults, read, spans

FIRST = date(2026, 1, 1)
WINDOW = (date(2026, 1, 1), date(2028, 12, 31))


def listed(*values: object) -> str:
    return ",".join(map(str, values))


numbers = st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True)
monthdays = st.lists(st.integers(-31, 31).filter(bool), min_size=1, max_size=3, unique=True)
weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True)
counted = st.lists(
    st.tuples(st.integers(-5, 5).filter(bool), st.sampled_from(WEEKDAYS)).map(lambda pair: f"{pair[0]}{pair[1]}"),
    min_size=1,
    max_size=2,
    unique=True,
)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule of the kinds that we take."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    if draw(st.booleans()):
        by_day = weekdays | counted if frequency in {"MONTHLY", "YEARLY"} else weekdays
        parts.append(f"BYDAY={listed(*draw(by_day))}")
    if frequency != "WEEKLY" and draw(st.booleans()):
        parts.append(f"BYMONTHDAY={listed(*draw(monthdays))}")
    if draw(st.booleans()):
        parts.append(f"BYMONTH={listed(*draw(numbers))}")
    if len(parts) > 2 and frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans()):
        parts.append(f"BYSETPOS={listed(*draw(st.lists(st.sampled_from([1, 2, -1, -2]), min_size=1, unique=True)))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    return ";".join(parts)


@settings(max_examples=80)
@given(text=rules(), first=st.dates(FIRST, date(2026, 12, 31)))
def test_a_rule_means_the_days_that_dateutil_says(text: str, first: date) -> None:
    start = datetime(first.year, first.month, first.day)  # noqa: DTZ001 - wall times
    ends = datetime(2028, 12, 31)  # noqa: DTZ001
    oracle = {one.date() for one in rrulestr(f"{text};UNTIL={ends:%Y%m%dT%H%M%S}", dtstart=start)}
    assert set(days(read_rule(text), first, WINDOW, Budget())) == oracle | {first}


@settings(max_examples=100)
@given(text=rules(), since=st.dates(FIRST, date(2028, 12, 31)))
def test_days_before_the_window_are_passed_by_without_a_difference(text: str, since: date) -> None:
    whole = set(days(read_rule(text), FIRST, WINDOW, Budget()))
    part = set(days(read_rule(text), FIRST, (since, WINDOW[1]), Budget()))
    assert {day for day in whole if day >= since} == {day for day in part if day >= since}


@given(text=rules(), count=st.integers(1, 30))
def test_a_count_counts_the_first_day_too(text: str, count: int) -> None:
    whole = list(days(read_rule(text), FIRST, WINDOW, Budget()))
    assert list(days(read_rule(f"{text};COUNT={count}"), FIRST, WINDOW, Budget())) == whole[:count]


def test_something_for_ever_has_the_occasions_of_four_hundred_days() -> None:
    daily = spans(a_calendar(an_event("RRULE:FREQ=DAILY")))
    assert len(daily) == (date(2026, 10, 12) + timedelta(days=400) - date(2026, 11, 23)).days
    years = an_event("RRULE:FREQ=DAILY", DTSTART="DTSTART:20000101T120000Z", DTEND="DTEND:20000101T130000Z")
    assert len(spans(a_calendar(years))) == 400


@pytest.mark.parametrize(
    "until, ends",
    [("20261130", 2), ("20261130T170000Z", 2), ("20261130T165959Z", 1), ("20261130T180000", 2), ("20261130T175959", 1)],
)
def test_until_is_inclusive_and_reads_its_own_kind_of_time(until: str, ends: int) -> None:
    assert len(spans(a_calendar(an_event(f"RRULE:FREQ=WEEKLY;UNTIL={until}")))) == ends


BOMBS = {
    "every second": ("RRULE:FREQ=SECONDLY",),
    "every second of each day": ("RRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1;BYSECOND=1",),
    "never": ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",),
    "never, by day": ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",),
    "a long count": ("RRULE:FREQ=DAILY;COUNT=99999",),
    "a count beyond": ("RRULE:FREQ=DAILY;COUNT=999999999999",),
    "an interval of nothing": ("RRULE:FREQ=DAILY;INTERVAL=0",),
    "an interval of eternity": ("RRULE:FREQ=YEARLY;INTERVAL=99999",),
    "a thousand weekdays": ("RRULE:FREQ=YEARLY;BYDAY=" + ",".join(["1MO"] * 1000),),
    "many dates": ("RDATE:" + ",".join(f"2026120{n % 9 + 1}T{n // 60 % 24:02}{n % 60:02}00Z" for n in range(5000)),),
}


@pytest.mark.parametrize("lines", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_or_costs_little(lines: tuple[str, ...]) -> None:
    raw = a_calendar(*(an_event(*lines, UID=f"UID:{n}") for n in range(20)))
    began = time.thread_time()
    entries = read(raw)
    assert len(entries) == 20
    assert time.thread_time() - began < 10, "seconds of the processor: a bomb takes minutes"


def test_a_file_that_repeats_too_much_is_told_so_where_it_became_too_much() -> None:
    with pytest.raises(TooMuchError):
        list(islice(days(read_rule("FREQ=DAILY;COUNT=9000"), FIRST, (FIRST, date(2190, 1, 1)), Budget(100)), 9000))
    daily = [an_event("RRULE:FREQ=DAILY", UID=f"UID:{n}") for n in range(300)]
    told = faults(a_calendar(*daily))
    assert told
    assert told[0].endswith("RRULE: the file repeats more than can be worked out at once: send it in parts")


def test_zones_by_the_hundred_are_no_calendar() -> None:
    one = "BEGIN:VTIMEZONE\r\nTZID:Z{n}\r\nEND:VTIMEZONE"
    with pytest.raises(Exception, match="more than 100 time zones"):
        read(a_calendar(*(one.replace("{n}", str(n)) for n in range(200))))
