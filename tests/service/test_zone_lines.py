"""Why each edge of a zone's line is there, also where an hour that is booked is not lit."""

from datetime import date

from hub.clock import MINUTE, instant
from hub.planner.lines import After, Dark, LineRule, Why
from hub.service.zones.zone_lines import edges_of
from tests.planner.test_lines import OFF, UMEA, asked, at

WINTER, SUMMER = date(2026, 12, 16), date(2026, 6, 17)
RULE = LineRule(dark=Dark(UMEA, 0), latest_off=OFF, after=After(10 * MINUTE, 20, Why.TAIL))


def told(day: date, *booked: tuple[str, str]) -> list[tuple[str, int | None, str]]:
    """The edges of a day, in UTC."""
    asks = [asked(day, starts, ends) for starts, ends in booked]
    found = edges_of(asks, RULE, at(day, "10:00"), at(day, "23:59"))
    return [(f"{instant(edge.at):%H:%M}", edge.level, edge.why) for edge in found]


def test_each_edge_says_which_rule_made_it() -> None:
    assert told(WINTER, ("12:00", "17:00"), ("21:30", "23:00")) == [
        ("09:00", None, "booked"),
        ("11:00", None, "daylight"),
        ("12:44", 60, "daylight"),
        ("16:00", 20, "tail"),
        ("16:10", None, "tail"),
        ("20:30", 60, "booked"),
        ("21:00", None, "latest-off"),
    ]


def test_an_hour_that_is_never_lit_is_told_with_its_reason() -> None:
    assert told(SUMMER, ("12:00", "13:00"))[1:] == [("10:00", None, "daylight")]
    assert told(WINTER, ("22:30", "23:00"))[1:] == [("21:30", None, "latest-off")]


def test_the_first_edge_is_how_it_is_at_the_beginning() -> None:
    ask = asked(WINTER, "18:00", "20:00")
    first, *_ = edges_of([ask], RULE, at(WINTER, "19:00"), at(WINTER, "19:30"))
    assert (first.at, first.level, first.why) == (at(WINTER, "19:00"), 60, Why.BOOKED)
