"""Digests: all news of a role since the last one, in one message, once, whenever the hub dies."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.model.states import Delivery, Record
from hub.service.telling import news
from tests.builders import a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage, hour

Staging = Callable[..., Stage]
OFFICE = "office@kommun.example"
TOLD: dict[str, Any] = {"notify": ["office"]}
PHONE = "+46701740605"


def office(**more: Any) -> Any:
    return a_town(told=["office"], roles={"office": {"digest": {"at": "06:30"}} | more})


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(office())


def told(hall: Stage) -> list[list[str]]:
    """What each digest tells: its lines about bookings."""
    return [
        [line.partition(",")[0] for line in one.text.splitlines() if line[:1].isupper() and " B-" in line]
        for one in hall.mail.to(OFFICE)
    ]


class Killed(BaseException):
    """The process is gone."""


def test_all_news_come_in_one_message_at_its_time(hall: Stage) -> None:
    hall.put("B-1", **TOLD)
    hall.put("B-2", **TOLD, **hour(60))
    hall.put("B-2", 2, **TOLD, **hour(120))
    hall.put("B-3", **TOLD, **hour(180))
    hall.put("B-3", 2, **TOLD, status="cancelled")
    hall.at("05:29", days=1)
    assert hall.mail.came == []
    hall.at("05:30", days=1)
    (notice,) = hall.mail.came
    assert notice.subject == "Bokningar 2026-11-22: 2 nyheter"
    assert told(hall) == [["NY B-1", "NY B-2"]]
    assert "  hall.court-1: lördag 2026-11-21 kl. 15:00-16:00\n" in notice.text
    assert "Provköpings Badmintonklubb" in notice.text
    assert notice.key == "digest.office.2026-11-22T0630.0001"


def test_the_next_digest_tells_what_has_changed_since_and_nothing_else(hall: Stage) -> None:
    for n in range(4):
        hall.put(f"B-{n}", **TOLD, **hour(60 * n))
    hall.at("12:00", days=1)
    hall.put("B-1", 2, **TOLD, **hour(60 * 50))
    hall.put("B-2", 2, **TOLD, status="cancelled", **hour(60 * 2))
    hall.put("B-3", 2, **TOLD, registration={"required": True}, **hour(60 * 3))
    hall.at("12:00", days=2)
    assert told(hall) == [["NY B-0", "NY B-1", "NY B-2", "NY B-3"], ["ÄNDRAD B-1", "AVBOKAD B-2"]]


def test_without_news_there_is_no_digest(hall: Stage) -> None:
    hall.put("B-1", **TOLD)
    hall.at("12:00", days=4)
    assert told(hall) == [["NY B-1"]]
    hall.put("B-1", 2, **TOLD, registration={"required": True})
    hall.at("12:00", days=5)
    assert len(hall.mail.came) == 1
    assert hall.state("digest.office.2026-11-26T0630.0001")[:2] == (Record.WITHDRAWN, Delivery.SUPERSEDED)
    assert hall.problems() == []


def test_a_digest_comes_on_its_weekdays_only(staging: Staging) -> None:
    hall = staging(office(digest={"at": "06:30", "weekdays": ["monday", "thursday"]}))
    hall.put("B-1", **TOLD)
    hall.at("05:29", days=2)
    assert hall.mail.came == []
    hall.at("05:30", days=2)
    assert told(hall) == [["NY B-1"]]
    hall.put("B-2", **TOLD, **hour(60 * 100))
    hall.at("05:30", days=5)
    assert told(hall)[1:] == [["NY B-2"]]


def test_a_digest_waits_for_the_end_of_quiet_hours(staging: Staging) -> None:
    hall = staging(office(quiet_hours={"from": "21:00", "until": "07:00"}))
    hall.put("B-1", **TOLD)
    hall.at("05:59", days=1)
    assert hall.mail.came == []
    hall.at("06:00", days=1)
    assert told(hall) == [["NY B-1"]]


def test_a_digest_by_text_message_counts(staging: Staging) -> None:
    hall = staging(office(sms={"connection": "sms", "to": PHONE}))
    for n in range(3):
        hall.put(f"B-{n}", **TOLD, **hour(60 * n))
    hall.at("12:00", days=1)
    assert [one.text for one in hall.phones.to(PHONE)] == ["Bokningar 2026-11-22: 3 nya, 0 ändrade, 0 avbokade"]
    assert len(hall.mail.to(OFFICE)) == 1


def test_a_closure_and_its_lifting_between_two_digests_are_no_news(staging: Staging) -> None:
    hall = staging(office(when=["new", "closed", "reopened"]))
    hall.put("B-1", **TOLD, **hour(60 * 48))
    hall.at("12:00", days=1)
    hall.close_resource("snow", of="hall.court-1", day=2)
    hall.lift_closure("snow")
    hall.at("05:30", days=2)
    assert told(hall) == [["NY B-1"]]
    hall.close_resource("snow", 3, of="hall.court-1", day=2)
    hall.at("05:30", days=3)
    assert told(hall) == [["NY B-1"]], "what is over is not told as closed"


def test_a_closure_is_told_in_the_next_digest_and_its_lifting_in_the_one_after(staging: Staging) -> None:
    hall = staging(office(when=["new", "closed", "reopened"]))
    hall.put("B-1", **TOLD, **hour(60 * 24 * 4))
    hall.at("12:00", days=1)
    hall.close_resource("snow", of="hall.court-1", day=4)
    hall.at("12:00", days=2)
    hall.lift_closure("snow")
    hall.at("12:00", days=3)
    assert told(hall) == [["NY B-1"], ["INSTÄLLD B-1"], ["GÄLLER IGEN B-1"]]


def test_what_was_never_told_is_not_told_as_cancelled(hall: Stage) -> None:
    hall.put("B-1", **TOLD)
    hall.put("B-1", 2, **TOLD, status="cancelled")
    hall.at("12:00", days=1)
    assert hall.mail.came == []


def test_what_moves_away_is_told_as_gone_and_who_is_left_out_hears_no_more(staging: Staging) -> None:
    hall = staging(office(resources=["hall.court-1"]))
    hall.put("B-1", **TOLD, **hour(60 * 60))
    hall.put("B-2", **TOLD, **hour(60 * 62))
    hall.at("12:00", days=1)
    hall.put("B-1", 2, **TOLD, **hour(60 * 60, of="hall.court-2"))
    hall.put("B-2", 2, notify=[], **hour(60 * 64))
    hall.at("12:00", days=2)
    hall.put("B-1", 3, **TOLD, **hour(60 * 61, of="hall.court-2"))
    hall.at("12:00", days=3)
    assert told(hall) == [["NY B-1", "NY B-2"], ["AVBOKAD B-1"]]


def test_a_protected_customer_is_named_in_no_digest(hall: Stage) -> None:
    hall.put(**TOLD, customer={"kind": "person", "name": "Kim Hemlig"})
    hall.at("12:00", days=1)
    (notice,) = hall.mail.came
    assert "Hemlig" not in notice.model_dump_json()
    assert "Hemlig" not in str(hall.rows("SELECT body, confirmed, detail FROM lanes"))


def test_more_than_fits_one_message_comes_in_several(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST", 3)
    for n in range(7):
        hall.put(f"B-{n}", **TOLD, **hour(60 * n))
    hall.at("12:00", days=1)
    assert told(hall) == [["NY B-0", "NY B-1", "NY B-2"], ["NY B-3", "NY B-4", "NY B-5"], ["NY B-6"]]


def test_a_booking_of_four_hundred_occasions_fits(hall: Stage) -> None:
    for n in range(3):
        hall.put(f"B-{n}", **TOLD, occasions=[occasion(id=str(k), after=60 * (400 * n + k)) for k in range(400)])
    hall.at("12:00", days=1)
    (notice,) = hall.mail.came
    assert notice.text.count("hall.court-1") == 15
    assert notice.text.count("och 395 till") == 3


# ---------------------------------------------------------------- outages and deaths


def test_a_digest_that_cannot_be_sent_waits_and_the_next_tells_only_its_own(hall: Stage) -> None:
    hall.put("B-1", **TOLD, **hour(60 * 100))
    hall.mail.breaks(Fault.DOWN)
    hall.at("07:00", days=1)
    hall.put("B-1", 2, **TOLD, **hour(60 * 101))
    hall.put("B-2", **TOLD, **hour(60 * 102))
    hall.after(hours=28)
    hall.at("12:00", days=2)
    assert len(hall.problems()) == 1
    hall.mail.recovers()
    hall.at("14:00", days=2)
    assert sorted(line for one in told(hall) for line in one) == ["NY B-1", "NY B-2"]
    assert hall.problems() == []


def test_a_digest_that_may_have_been_lost_is_sent_again_with_the_same_id(hall: Stage) -> None:
    hall.put("B-1", **TOLD)
    hall.mail.breaks(Fault.UNANSWERED)
    hall.at("05:30", days=1)
    hall.mail.recovers()
    hall.at("12:00", days=1)
    assert told(hall) == [["NY B-1"]] * 2
    assert len({one.key for one in hall.mail.came}) == 1


def test_news_that_come_while_the_digest_is_made_are_in_the_next(hall: Stage) -> None:
    hall.put("B-1", **TOLD)

    async def meanwhile() -> None:
        await hall.accepting("B-2", **TOLD, **hour(60 * 60))
        await hall.accepting("B-1", 2, **TOLD, **hour(60 * 61))

    hall.mail.meanwhile = meanwhile
    hall.at("12:00", days=1)
    assert told(hall) == [["NY B-1"]]
    hall.at("12:00", days=2)
    assert told(hall) == [["NY B-1"], ["ÄNDRAD B-1", "NY B-2"]]


def test_news_that_are_committed_after_their_digest_was_made_are_told_with_the_same_time(hall: Stage) -> None:
    hall.put("B-1", **TOLD)
    hall.at("05:30", days=1)
    hall.put("B-2", **TOLD, **hour(60 * 60))
    made = hall.now()
    late = "UPDATE told SET due = ? WHERE number = 'B-2'"
    hall.run(hall.writer.call(lambda connection: connection.run(late, (made,))))
    hall.settle()
    assert [line for one in told(hall) for line in one] == ["NY B-1", "NY B-2"]
    assert len({one.key for one in hall.mail.came}) == 2


@pytest.mark.parametrize(
    "where, times",
    [("hub.store.told.take", 1), ("hub.store.lanes.raise_all", 1), ("hub.store.lanes.take", 1)],
)
def test_a_death_while_it_is_made_leaves_it_to_be_made(
    hall: Stage, monkeypatch: pytest.MonkeyPatch, where: str, times: int
) -> None:
    """The transaction is broken off there: nothing of it is on disk."""
    for n in range(3):
        hall.put(f"B-{n}", **TOLD, **hour(60 * n))
    hall.at("05:29", days=1)
    hall.skip(minutes=1)
    hall.dies_at(monkeypatch, where)
    hall.restart()
    hall.at("12:00", days=1)
    assert told(hall) == [["NY B-0", "NY B-1", "NY B-2"]] * times


def test_a_death_between_making_and_sending_sends_it_once(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.put("B-1", **TOLD)
    hall.at("05:29", days=1)
    hall.skip(minutes=1)

    async def stopped(*_: object) -> None:
        raise SystemError("killed before the call")

    with monkeypatch.context() as patch:
        patch.setattr(hall.node.dispatcher._carrier, "carry", stopped)
        hall.run(hall.node.carry_once())
    assert hall.mail.came == []
    hall.skip(minutes=2)
    hall.restart()
    hall.at("12:00", days=3)
    assert told(hall) == [["NY B-1"]]


def test_a_death_between_data_and_settling_sends_it_again_with_the_same_id_and_no_digest_after_it(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.put("B-1", **TOLD)
    hall.at("05:29", days=1)
    hall.skip(minutes=1)

    def dies(*_: object) -> None:
        raise SystemError("killed between DATA and settle")

    with monkeypatch.context() as patch:
        patch.setattr(hall.node.dispatcher._settling, "settle", dies)
        hall.run(hall.node.carry_once())
    hall.skip(minutes=2)
    hall.restart()
    hall.at("12:00", days=3)
    assert told(hall) == [["NY B-1"]] * 2
    assert len({one.key for one in hall.mail.came}) == 1


def test_what_was_cancelled_after_a_digest_that_may_have_told_it_is_told_as_cancelled(hall: Stage) -> None:
    hall.put("B-1", **TOLD, **hour(60 * 60))
    hall.mail.breaks(Fault.UNANSWERED)
    hall.at("05:30", days=1)
    hall.accept("B-1", 2, **TOLD, status="cancelled", **hour(60 * 60))
    hall.mail.recovers()
    hall.at("12:00", days=1)
    assert told(hall) == [["NY B-1"], ["AVBOKAD B-1"]]
    hall.at("12:00", days=2)
    assert len(hall.mail.came) == 2


def test_a_stopped_hub_makes_one_digest_of_the_days_that_it_missed(hall: Stage) -> None:
    hall.put("B-1", **TOLD)
    hall.skip(hours=20)
    hall.accept("B-2", **TOLD, **hour(60 * 90))
    hall.skip(hours=48)
    hall.restart()
    assert sorted(line for one in told(hall) for line in one) == ["NY B-1", "NY B-2"]
