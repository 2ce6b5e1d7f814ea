"""Messages to roles: one when a booking is new, changes or is cancelled; a mailbox that fails stops no other."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.model.states import Delivery, Proof, Record
from tests.builders import a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage, hour

Staging = Callable[..., Stage]
FIVE = ("husmor", "vaktmastare", "vaktbolag", "driftstekniker", "fastighetskontor")
TO_ALL: dict[str, Any] = {"notify": list(FIVE)}
SENT = (Record.DONE, Delivery.CONFIRMED, Proof.RECEIPT)


@pytest.fixture
def manned(staging: Staging) -> Stage:
    """The hall, with five who must know."""
    return staging(a_town(told=FIVE))


def vakt(address: str = "vaktmastare") -> str:
    return f"{address}@kommun.example"


def test_each_is_told_of_what_is_new_of_what_changes_and_of_what_is_cancelled(manned: Stage) -> None:
    manned.put(**TO_ALL)
    manned.put(revision=2, **TO_ALL, **hour(60))
    manned.put(revision=3, **TO_ALL, status="cancelled")
    for role in FIVE:
        assert [subject.partition(" B-1")[0] for subject in manned.mail.subjects(role)] == [
            "Ny bokning", "Ändrad bokning", "Avbokat",
        ]  # fmt: skip
    assert len({one.key for one in manned.mail.came}) == 15, "each has a Message-ID of its own"
    assert manned.state("B-1.r1.husmor") == manned.state("B-1.r3.husmor") == SENT
    assert manned.problems() == []


def test_it_says_what_whom_and_when_and_names_an_association(manned: Stage) -> None:
    manned.put(
        notify=["husmor"], occasions=[occasion(after=0), occasion("hall.whole", id="2", after=60 * 30, minutes=90)]
    )
    (notice,) = manned.mail.came
    assert notice.subject == "Ny bokning B-1: hall.court-1, Hela"
    assert "hall.court-1: lördag 2026-11-21 kl. 13:00-14:00\n" in notice.text
    assert "Hela: söndag 2026-11-22 kl. 19:00-20:30\n" in notice.text
    assert "Bokare: Provköpings Badmintonklubb\nBokningsnummer: B-1\n" in notice.text
    assert "Lena Norberg" not in notice.text
    assert "Provköping genom Knutpunkt" in notice.text


@pytest.mark.parametrize("protected, named", [("yes", False), ("unknown", False), (None, False), ("no", True)])
def test_a_person_is_named_only_when_protection_is_a_clear_no(
    manned: Stage,
    protected: str | None,
    named: bool,  # noqa: FBT001
) -> None:
    person = {"kind": "person", "name": "Kim Å. Berg"} | ({"protected": protected} if protected else {})
    manned.put(notify=["husmor"], customer=person)
    (notice,) = manned.mail.came
    assert ("Kim" in notice.text + notice.subject) is named


def test_the_same_booking_again_tells_nobody_again(manned: Stage) -> None:
    manned.put(**TO_ALL)
    manned.put(**TO_ALL)
    manned.restart()
    manned.look_round()
    manned.at("12:30")
    assert len(manned.mail.came) == 5


def test_a_preliminary_booking_tells_nobody_and_its_confirmation_is_new(manned: Stage) -> None:
    manned.put(**TO_ALL, status="preliminary")
    assert manned.mail.came == []
    manned.put(revision=2, **TO_ALL)
    assert {one.subject.partition(" B-1")[0] for one in manned.mail.came} == {"Ny bokning"}


def test_who_is_named_later_hears_of_it_as_new_and_who_is_left_out_hears_no_more(manned: Stage) -> None:
    manned.put(notify=["husmor"])
    manned.put(revision=2, notify=["vaktbolag"])
    manned.put(revision=3, notify=["vaktbolag"], status="cancelled")
    assert [subject.partition(" B-1")[0] for subject in manned.mail.subjects("husmor")] == ["Ny bokning"]
    assert [subject.partition(" B-1")[0] for subject in manned.mail.subjects("vaktbolag")] == ["Ny bokning", "Avbokat"]


def test_what_was_never_told_is_not_told_as_cancelled(manned: Stage) -> None:
    manned.mail.breaks(Fault.DOWN)
    manned.put(**TO_ALL)
    manned.accept(revision=2, **TO_ALL, status="cancelled")
    manned.mail.recovers()
    manned.at("10:00")
    assert manned.mail.came == []
    assert manned.state("B-1.r1.husmor")[:2] == (Record.WITHDRAWN, Delivery.SUPERSEDED)
    assert manned.state("B-1.r2.husmor")[:2] == (Record.WITHDRAWN, Delivery.SUPERSEDED)
    assert manned.problems() == []


def test_after_an_outage_each_gets_the_newest_once(manned: Stage) -> None:
    manned.mail.breaks(Fault.DOWN)
    for revision in range(1, 5):
        manned.put(revision=revision, **TO_ALL, **hour(60 * revision))
    manned.at("10:00")
    assert [problem.code for problem in manned.problems()] == ["unreachable"]
    manned.mail.recovers()
    manned.at("10:30")
    assert [len(manned.mail.subjects(role)) for role in FIVE] == [1] * 5
    assert "kl. 17:00-18:00" in manned.mail.came[0].text
    assert manned.problems() == []


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.REJECTS, Fault.BUG])
def test_a_mailbox_that_fails_stops_none_of_the_others(manned: Stage, fault: Fault) -> None:
    manned.mail.breaks(fault, vakt("vaktbolag"))
    manned.put(**TO_ALL)
    manned.at("10:00")
    assert {one.recipient for one in manned.mail.came} == {vakt(role) for role in FIVE if role != "vaktbolag"}
    (problem,) = manned.problems()
    assert problem.waiting == 1
    assert manned.locks.stands, "and no door"
    manned.mail.recovers(vakt("vaktbolag"))
    if fault is Fault.REJECTS:
        manned.run(manned.operating.retry("2480", problem.id))
    manned.at("10:30")
    assert len(manned.mail.subjects("vaktbolag")) == 1
    assert manned.problems() == []


def test_what_may_have_been_lost_is_sent_again_with_the_same_id(manned: Stage) -> None:
    manned.mail.breaks(Fault.UNANSWERED, vakt())
    manned.put(notify=["vaktmastare"])
    manned.mail.recovers(vakt())
    manned.at("09:30")
    assert [one.key for one in manned.mail.came] == ["B-1.r1.vaktmastare"] * 2
    assert {one.subject.partition(" B-1")[0] for one in manned.mail.came} == {"Ny bokning"}
    assert manned.state("B-1.r1.vaktmastare") == SENT


def test_a_change_after_one_that_may_have_been_lost_is_a_change(manned: Stage) -> None:
    manned.mail.breaks(Fault.UNANSWERED, vakt())
    manned.put(notify=["vaktmastare"])
    manned.mail.recovers(vakt())
    manned.accept(revision=2, notify=["vaktmastare"], **hour(60))
    manned.at("09:30")
    assert [subject.partition(" B-1")[0] for subject in manned.mail.subjects("vaktmastare")] == [
        "Ny bokning", "Ändrad bokning",
    ]  # fmt: skip


def test_where_a_second_message_is_another_a_person_decides(staging: Staging) -> None:
    hall = staging(a_town(told=["husmor"], connectors={"mail": {"connector": "CarelessMail"}}))
    hall.mail.breaks(Fault.UNANSWERED, vakt("husmor"))
    hall.put(notify=["husmor"])
    hall.mail.recovers(vakt("husmor"))
    hall.at("11:00")
    assert len(hall.mail.came) == 1
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("unknown-outcome", 1)
    assert hall.state("B-1.r1.husmor")[:2] == (Record.PLANNED, Delivery.STUCK)
    hall.run(hall.operating.retry("2480", problem.id))
    hall.settle()
    assert len(hall.mail.came) == 2, "as the person has decided"
    assert hall.state("B-1.r1.husmor") == SENT


def test_a_booking_is_effective_when_all_have_been_told_and_not_before(manned: Stage) -> None:
    manned.mail.breaks(Fault.DOWN, vakt())
    manned.put(notify=["vaktmastare"])
    assert manned.events("booking.effective") == []
    manned.mail.recovers(vakt())
    manned.at("09:30")
    assert [event.subject for event in manned.events("booking.effective")] == ["B-1"]


def test_nothing_about_persons_stands_in_what_is_kept_of_a_message(manned: Stage) -> None:
    manned.put(notify=["husmor"], customer={"kind": "person", "name": "Kim Å. Berg", "protected": "no"})
    rows = manned.rows(
        "SELECT body, detail, reference, key FROM lanes UNION ALL SELECT sent, detail, '', '' FROM deliveries"
    )
    assert "Kim" not in str(rows)
    assert "kommun.example" not in str([row[:2] for row in rows])


def test_english_where_it_is_asked_for(staging: Staging) -> None:
    town = a_town(told=["husmor"])
    role = town.municipality.notify["husmor"].model_copy(update={"language": "en"})
    told = town.model_copy(update={"municipality": town.municipality.model_copy(update={"notify": {"husmor": role}})})
    hall = staging(told)
    hall.put(notify=["husmor"])
    (notice,) = hall.mail.came
    assert notice.subject == "New booking B-1: hall.court-1"
    assert "hall.court-1: Saturday 2026-11-21, 13:00-14:00\n" in notice.text
    assert notice.language == "en"
