"""What of a booking is registered, and when a document has waited too long, in Swedish working hours."""

from datetime import datetime
from typing import Any

import pytest

from hub.clock import STOCKHOLM, micros
from hub.model.configuration import RegistryDuty
from hub.model.plan import DocumentBody
from hub.planner.registering import compiled_registering, following_documents, overdue_since, registered
from tests.builders import a_booking, mark, occasion

REQUIRED: dict[str, Any] = {"registration": {"required": True}}


def at(wall: str) -> int:
    return micros(datetime.fromisoformat(wall).replace(tzinfo=STOCKHOLM))


@pytest.mark.parametrize(
    "now, since",
    [
        ("2026-11-25 14:30", "2026-11-25 10:30"),
        ("2026-11-25 10:00", "2026-11-24 15:00"),
        ("2026-11-23 09:00", "2026-11-20 14:00"),
        ("2026-11-22 12:00", "2026-11-20 13:00"),
        ("2026-11-24 23:00", "2026-11-24 13:00"),
        ("2026-11-24 03:00", "2026-11-23 13:00"),
        ("2026-03-30 10:00", "2026-03-27 15:00"),
    ],
    ids=["the same day", "overnight", "over a weekend", "on a Sunday", "at night", "early", "clocks set forward"],
)
def test_four_working_hours_ago(now: str, since: str) -> None:
    assert overdue_since(at(now), 4) == at(since)


def test_more_hours_than_a_day_has_reach_over_several() -> None:
    assert overdue_since(at("2026-11-25 09:00"), 20) == at("2026-11-20 16:00")


def test_what_is_null_is_not_registered() -> None:
    duty = {"connection": "diary", "documents": {"bookings": {"preliminary": None}}}
    rules = compiled_registering(RegistryDuty.model_validate(duty))
    asked = [
        bool(registered(a_booking(status=status, **REQUIRED), rules, mark)[0])
        for status in ("preliminary", "confirmed", "cancelled")
    ]
    assert asked == [False, True, True]


def test_several_authorities_and_none_named_for_bookings_is_refused() -> None:
    known: dict[str, Any] = {"authorities": {"Fritidsnämnden": {}, "Kommunstyrelsen": {}}}
    with pytest.raises(ValueError, match="name one of Fritidsnämnden, Kommunstyrelsen"):
        RegistryDuty.model_validate({"documents": known | {"bookings": {}}})
    named = {"bookings": {"authority": "Kommunstyrelsen"}}
    rules = compiled_registering(RegistryDuty.model_validate({"connection": "diary", "documents": known | named}))
    assert rules.authority == "Kommunstyrelsen"


def test_one_booking_is_never_taken_for_another_whose_number_begins_alike() -> None:
    rules = compiled_registering(RegistryDuty(connection="diary"))
    (other,), _ = registered(a_booking("B-1.2", **REQUIRED), rules, mark)
    (mine,), _ = registered(a_booking("B-1", occasions=[occasion(after=60)], **REQUIRED), rules, mark)
    wanted = following_documents([mine], [other.target], "B-1", mark, cancelled=False)
    assert [DocumentBody.read(wish.body) for wish in wanted] == [DocumentBody.read(mine.body)]
