"""Recurrence rules by the day: every day, week, month or year, with the parts that a booking needs.

dateutil's expansion looks for the next date until the year 9999: one line of text (`BYMONTHDAY=30;BYMONTH=2`) holds a
processor for seconds, by the second for minutes. This one walks the days of a window, and counts what it walked.
"""

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from icalendar.prop import vRecur

DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"})
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_LONGEST = 200
"""Values of one part: the longest that means anything is a fortnight's worth of weekdays."""


class Weekday(NamedTuple):
    """A weekday (Monday is 0); of a month or a year the nth, from the end when negative; 0 is each."""

    nth: int
    day: int


@dataclass(frozen=True)
class Rule:
    """How something repeats. `until` is inclusive."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    weekdays: tuple[Weekday, ...] = ()
    monthdays: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


class TooMuchError(Exception):
    """What a file repeats is more than can be worked out."""


@dataclass
class Budget:
    """How many days may be walked for one file, all its events together; an occasion costs as much as forty."""

    days: int = 4_000_000

    def spend(self, days: int) -> None:
        """Raises TooMuchError."""
        self.days -= days
        if self.days < 0:
            raise TooMuchError

    def spend_occasions(self, count: int) -> None:
        """Raises TooMuchError."""
        self.spend(40 * count)


def read_rule(text: str) -> Rule:
    """Read an RRULE.

    Raises:
        ValueError: says what cannot be read, or is not taken.
    """
    if len(text) > 10 * _LONGEST:
        msg = "is too long for a rule that a booking has"
        raise ValueError(msg)
    told = {name: list(values) for name, values in vRecur.from_ical(text).items()}
    if unknown := sorted(set(told) - _PARTS):
        msg = f"{unknown[0]} is not taken: a booking repeats by days; export its dates one by one (RDATE)"
        raise ValueError(msg)
    frequency = str(told.get("FREQ", ["none"])[0]).upper()
    if frequency not in _FREQUENCIES:
        msg = f"FREQ={frequency} is not taken: a booking repeats daily, weekly, monthly or yearly"
        raise ValueError(msg)
    week_start = str(told.get("WKST", ["MO"])[0]).upper()
    rule = Rule(
        frequency=frequency,
        interval=_positive(told.get("INTERVAL", [1])[0], "INTERVAL"),
        count=_positive(told["COUNT"][0], "COUNT") if "COUNT" in told else None,
        until=_until(told["UNTIL"][0]) if "UNTIL" in told else None,
        weekdays=tuple(_weekday(str(one)) for one in told.get("BYDAY", ())),
        monthdays=_within(told.get("BYMONTHDAY", ()), -31, 31, "BYMONTHDAY"),
        months=_within(told.get("BYMONTH", ()), 1, 12, "BYMONTH"),
        positions=_within(told.get("BYSETPOS", ()), -366, 366, "BYSETPOS"),
        week_start=WEEKDAYS.index(week_start) if week_start in WEEKDAYS else 0,
    )
    _require_sense(rule)
    return rule


def _until(told: object) -> date | datetime:
    if isinstance(told, date):
        return told
    msg = "UNTIL is no date"
    raise ValueError(msg)


def _positive(told: object, name: str) -> int:
    number = int(str(told))
    if not 1 <= number <= 100_000:  # noqa: PLR2004 - a bound
        msg = f"{name}={number} is not between 1 and 100000"
        raise ValueError(msg)
    return number


def _within(told: Iterable[object], least: int, most: int, name: str) -> tuple[int, ...]:
    numbers = tuple(dict.fromkeys(int(str(one)) for one in told))
    if len(numbers) > _LONGEST or any(not least <= number <= most or number == 0 for number in numbers):
        msg = f"{name} has a value that no calendar has"
        raise ValueError(msg)
    return numbers


def _weekday(told: str) -> Weekday:
    nth, day = told[:-2], told[-2:].upper()
    number = int(nth) if nth else 0
    if day not in WEEKDAYS or abs(number) > 53:  # noqa: PLR2004 - weeks of a year
        msg = f"BYDAY={told} is no weekday"
        raise ValueError(msg)
    return Weekday(number, WEEKDAYS.index(day))


def _require_sense(rule: Rule) -> None:
    if rule.frequency in {"DAILY", "WEEKLY"} and any(one.nth for one in rule.weekdays):
        msg = "BYDAY with a number belongs to months and years"
        raise ValueError(msg)
    if rule.frequency == "WEEKLY" and rule.monthdays:
        msg = "BYMONTHDAY does not belong to weeks"
        raise ValueError(msg)


def days(rule: Rule, first: date, window: tuple[date, date], budget: Budget) -> Iterator[date]:
    """The days on which it happens, from `first` on, in order; `first` is always one of them.

    Days before the window are left out as far as they need not be counted. `until` is the caller's, who knows times.
    """
    since, last = window
    skipped = 0 if rule.count is not None else _periods_before(rule, first, since)
    given = 0
    if rule.count is not None or first >= since:
        yield first
        given = 1
    for number in range(skipped, skipped + 100_000_000):
        period = _period(rule, first, number)
        if period is None or period[0] > last:
            return
        budget.spend(len(period))
        for day in _chosen(rule, first, period):
            if day <= first:
                continue
            if day > last or (rule.count is not None and given >= rule.count):
                return
            given += 1
            yield day


def _periods_before(rule: Rule, first: date, since: date) -> int:
    """How many periods can be passed by, whole."""
    match rule.frequency:
        case "DAILY":
            periods = (since - first).days
        case "WEEKLY":
            periods = (since - first).days // 7
        case "MONTHLY":
            periods = (since.year - first.year) * 12 + since.month - first.month
        case _:
            periods = since.year - first.year
    return max(0, periods // rule.interval - 1)


def _period(rule: Rule, first: date, number: int) -> list[date] | None:
    """The days of one period; None when the calendar ends."""
    step = number * rule.interval
    try:
        match rule.frequency:
            case "DAILY":
                return [first + step * DAY]
            case "WEEKLY":
                monday = first - (first.weekday() - rule.week_start) % 7 * DAY + 7 * step * DAY
                return [monday + n * DAY for n in range(7)]
            case "MONTHLY":
                months = first.year * 12 + first.month - 1 + step
                return _month(months // 12, months % 12 + 1)
            case _:
                return [day for month in range(1, 13) for day in _month(first.year + step, month)]
    except (OverflowError, ValueError):
        return None


def _month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]


def _chosen(rule: Rule, first: date, period: list[date]) -> list[date]:
    chosen = [day for day in period if _fits(rule, first, day)]
    if not rule.positions:
        return chosen
    places = {at - 1 if at > 0 else at + len(chosen) for at in rule.positions}
    return [day for place, day in enumerate(chosen) if place in places]


def _fits(rule: Rule, first: date, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.monthdays and not _on_monthday(rule, day):
        return False
    if rule.weekdays:
        return any(_on_weekday(rule, one, day) for one in rule.weekdays)
    if rule.monthdays or rule.frequency == "DAILY":
        return True
    return _like_the_first(rule, first, day)


def _like_the_first(rule: Rule, first: date, day: date) -> bool:
    """A rule that chooses no days means those of its start."""
    if rule.frequency == "WEEKLY":
        return day.weekday() == first.weekday()
    same_month = rule.frequency == "MONTHLY" or bool(rule.months) or day.month == first.month
    return day.day == first.day and same_month


def _on_monthday(rule: Rule, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    return day.day in rule.monthdays or day.day - last - 1 in rule.monthdays


def _on_weekday(rule: Rule, told: Weekday, day: date) -> bool:
    if day.weekday() != told.day:
        return False
    if not told.nth:
        return True
    by_year = rule.frequency == "YEARLY" and not rule.months
    passed = day.timetuple().tm_yday if by_year else day.day
    last = (366 if calendar.isleap(day.year) else 365) if by_year else calendar.monthrange(day.year, day.month)[1]
    return told.nth in {(passed - 1) // 7 + 1, -((last - passed) // 7 + 1)}
