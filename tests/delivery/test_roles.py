"""Who is told of what, where and when: by facility, by resource, by what happens, and never in quiet hours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.clock import STOCKHOLM
from hub.model.configuration import Configuration
from hub.model.states import Delivery, Record
from tests.builders import SATURDAY, a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage, hour

Staging = Callable[..., Stage]
PHONE = "+46701740605"
EVERY = ["new", "changed", "cancelled", "closed", "reopened"]
VAKT: dict[str, Any] = {"notify": ["vakt"]}
SHIFTS = {"quiet_hours": {"from": "21:00", "until": "06:30"}}


def town(**role: Any) -> Configuration:
    """One hall, and one role that is told."""
    return a_town(told=["vakt"], roles={"vakt": role})


def two_halls(**role: Any) -> Configuration:
    """Two halls, and one role that is told."""
    one = town(**role)
    annex = one.facilities["hall"].model_dump(mode="json")
    return Configuration.model_validate(
        {
            "municipality": one.municipality.model_dump(mode="json"),
            "connections": {name: c.model_dump(mode="json") for name, c in one.connections.items()},
            "facilities": {"hall": annex, "annex": _moved(annex)},
        }
    )


def _moved(facility: dict[str, Any]) -> dict[str, Any]:
    """The same facility, without doors and lamps, under another name."""
    resources = {
        key.replace("hall.", "annex."): value | {"parts": [part.replace("hall.", "annex.") for part in value["parts"]]}
        for key, value in facility["resources"].items()
    }
    return {"name": "Annexet", "resources": resources, "access": None, "zones": {}}


def kinds(hall: Stage, role: str = "vakt") -> list[str]:
    return [subject.partition(" B-")[0] for subject in hall.mail.subjects(role)]


# ---------------------------------------------------------------- by which way


def test_a_role_is_told_by_text_message_by_mail_or_by_both(staging: Staging) -> None:
    hall = staging(town(sms={"connection": "sms", "to": PHONE}))
    hall.put(**VAKT)
    hall.put(revision=2, **VAKT, **hour(60))
    hall.put(revision=3, **VAKT, status="cancelled")
    assert kinds(hall) == ["Ny bokning", "Ändrad bokning", "Avbokat"]
    assert [one.text for one in hall.phones.to(PHONE)] == [
        "Ny bokning B-1\nhall.court-1 2026-11-21 13:00-14:00",
        "Ändrad bokning B-1\nhall.court-1 2026-11-21 14:00-15:00",
        "Avbokad bokning B-1\nhall.court-1 2026-11-21 13:00-14:00",
    ]
    assert len({one.key for one in (*hall.phones.came, *hall.mail.came)}) == 6


def test_a_long_booking_is_short_in_a_text_message(staging: Staging) -> None:
    hall = staging(town(sms={"connection": "sms", "to": PHONE}))
    hall.put(**VAKT, occasions=[occasion(id=str(n), after=60 * 24 * n) for n in range(10)])
    (notice,) = hall.phones.came
    assert notice.text.count("\n") == 4
    assert notice.text.endswith("och 7 till")


def test_a_way_without_a_connection_is_unserved_and_never_a_problem(staging: Staging) -> None:
    hall = staging(town(sms={"to": PHONE}))
    done = hall.put(**VAKT)
    assert kinds(hall) == ["Ny bokning"]
    assert hall.answer(done).unserved == ("notification: vakt: sms",)
    assert hall.problems() == []


def test_a_gateway_that_is_down_holds_no_mail_up(staging: Staging) -> None:
    hall = staging(town(sms={"connection": "sms", "to": PHONE}))
    hall.phones.breaks(Fault.DOWN)
    hall.put(**VAKT)
    assert kinds(hall) == ["Ny bokning"]
    hall.phones.recovers()
    hall.at("10:00")
    assert len(hall.phones.came) == 1


# ---------------------------------------------------------------- where


def test_each_facility_has_its_own_caretaker_who_sees_only_what_is_there(staging: Staging) -> None:
    hall = staging(two_halls(email={"connection": "mail", "to": "vakt@kommun.example", "by_facility": {
        "annex": "annex@kommun.example"}}))  # fmt: skip
    hall.put(**VAKT, occasions=[occasion(), occasion("annex.court-1", id="2", after=60)])
    (here,), (there,) = hall.mail.to("vakt@kommun.example"), hall.mail.to("annex@kommun.example")
    assert "hall.court-1" in here.text
    assert "annex" not in here.text
    assert there.subject == "Ny bokning B-1: hall.court-1", "the annex calls its courts so too"
    assert "kl. 14:00-15:00" in there.text
    assert "kl. 13:00-14:00" not in there.text


def test_a_booking_that_moves_away_is_told_to_who_is_left_and_to_who_gets_it(staging: Staging) -> None:
    hall = staging(two_halls(email={"connection": "mail", "by_facility": {
        "hall": "hall@kommun.example", "annex": "annex@kommun.example"}}))  # fmt: skip
    hall.put(**VAKT)
    hall.put(revision=2, **VAKT, **hour(of="annex.court-1"))
    assert kinds(hall, "hall") == ["Ny bokning", "Avbokat"]
    gone = hall.mail.to("hall@kommun.example")[-1]
    assert "En bokning är flyttad härifrån. Den gällde:\n\nhall.court-1: lördag" in gone.text
    assert kinds(hall, "annex") == ["Ny bokning"]
    hall.put(revision=3, **VAKT, **hour(60, of="annex.court-1"))
    assert kinds(hall, "hall") == ["Ny bokning", "Avbokat"], "once"
    hall.put(revision=4, **VAKT)
    assert kinds(hall, "hall") == ["Ny bokning", "Avbokat", "Ny bokning"], "and back again it is new there"
    hall.put(revision=5, **VAKT, status="cancelled", occasions=[])
    assert kinds(hall, "hall")[-1] == kinds(hall, "annex")[-1] == "Avbokat"
    assert kinds(hall, "annex").count("Avbokat") == 1


def test_what_moved_away_before_anybody_was_told_is_told_to_nobody_there(staging: Staging) -> None:
    hall = staging(two_halls(email={"connection": "mail", "by_facility": {
        "hall": "hall@kommun.example", "annex": "annex@kommun.example"}}))  # fmt: skip
    hall.mail.breaks(Fault.DOWN)
    hall.put(**VAKT)
    hall.put(revision=2, **VAKT, **hour(of="annex.court-1"))
    hall.mail.recovers()
    hall.at("10:00")
    assert kinds(hall, "hall") == []
    assert kinds(hall, "annex") == ["Ny bokning"]


def test_a_facility_where_nobody_has_an_address_is_unserved(staging: Staging) -> None:
    hall = staging(two_halls(email={"connection": "mail", "by_facility": {"hall": "hall@kommun.example"}}))
    done = hall.put(**VAKT, **hour(of="annex.court-1"))
    assert hall.answer(done).unserved == ("notification: vakt: email at annex",)
    assert hall.mail.came == []


@pytest.mark.parametrize(
    "resources, booked, told",
    [
        (["hall.court-1"], "hall.court-1", True),
        (["hall.court-1"], "hall.court-2", False),
        (["hall.court-1"], "hall.whole", True),
        (["hall.whole"], "hall.court-2", True),
        (["hall"], "hall.court-2", True),
        (["hall.machine"], "hall.court-2", True),
        ("all", "hall.machine", True),
    ],
)
def test_a_role_is_told_only_of_what_touches_its_resources(
    staging: Staging,
    resources: Any,
    booked: str,
    told: bool,  # noqa: FBT001
) -> None:
    hall = staging(town(resources=resources))
    extras = [{"resource": "hall.machine", "occasions": ["1"]}] if booked != "hall.machine" else []
    hall.put(**VAKT, **hour(of=booked), extras=extras)
    assert bool(hall.mail.came) is told


def test_a_role_that_is_always_told_need_not_be_named_and_is_told_once(staging: Staging) -> None:
    hall = staging(town(always=True))
    hall.put()
    hall.put("B-2", notify=["vakt", "vakt"], **hour(120))
    hall.cancel()
    assert hall.mail.subjects("vakt") == [
        "Ny bokning B-1: hall.court-1",
        "Ny bokning B-2: hall.court-1",
        "Avbokat B-1: hall.court-1",
    ]


# ---------------------------------------------------------------- of what


def test_a_revision_that_changes_nothing_that_they_see_is_not_told(staging: Staging) -> None:
    hall = staging(town())
    hall.put(**VAKT)
    hall.put(revision=2, **VAKT, registration={"required": True})
    assert kinds(hall) == ["Ny bokning"]
    assert hall.state("B-1.r2.vakt")[:2] == (Record.WITHDRAWN, Delivery.SUPERSEDED)
    hall.put(revision=3, **VAKT, extras=[{"resource": "hall.machine", "occasions": ["1"]}])
    assert kinds(hall) == ["Ny bokning", "Ändrad bokning"]


def test_who_hears_only_of_cancellations_hears_of_them(staging: Staging) -> None:
    hall = staging(town(when=["cancelled"]))
    hall.put(**VAKT)
    hall.put(revision=2, **VAKT, **hour(60))
    assert hall.mail.came == []
    hall.put(revision=3, **VAKT, status="cancelled")
    assert kinds(hall) == ["Avbokat"]


def test_who_does_not_hear_of_changes_still_hears_of_the_end(staging: Staging) -> None:
    hall = staging(town(when=["new", "cancelled"]))
    hall.put(**VAKT)
    hall.put(revision=2, **VAKT, **hour(60))
    hall.put(revision=3, **VAKT, status="cancelled", **hour(60))
    assert kinds(hall) == ["Ny bokning", "Avbokat"]


def test_a_booking_that_comes_back_after_a_cancellation_is_new(staging: Staging) -> None:
    hall = staging(town())
    hall.put(**VAKT)
    hall.put(revision=2, **VAKT, status="cancelled")
    hall.put(revision=3, **VAKT)
    assert kinds(hall) == ["Ny bokning", "Avbokat", "Ny bokning"]


def test_a_cancellation_that_names_nobody_is_told_to_all_who_know(staging: Staging) -> None:
    hall = staging(town())
    hall.put(**VAKT)
    hall.put(revision=2, status="cancelled", occasions=[])
    assert kinds(hall) == ["Ny bokning", "Avbokat"]
    assert "hall.court-1: lördag 2026-11-21 kl. 13:00-14:00" in hall.mail.came[-1].text


@pytest.mark.parametrize("when, heard", [(EVERY, ["Ny bokning", "Inställt", "Gäller igen"]), (None, ["Ny bokning"])])
def test_closures_are_told_to_who_hears_of_them(staging: Staging, when: Any, heard: list[str]) -> None:
    hall = staging(town(**({"when": when} if when else {})))
    hall.put(**VAKT)
    assert hall.close_resource("snow", of="hall.whole", reason="snö") == 1
    assert hall.lift_closure("snow") == 1
    assert kinds(hall) == heard


def test_closures_over_what_has_neither_door_nor_lamp_are_told_too(staging: Staging) -> None:
    hall = staging(two_halls(when=EVERY))
    hall.put(**VAKT, **hour(of="annex.court-1"))
    hall.close_resource("snow", of="annex.court-1", reason="snö")
    assert kinds(hall) == ["Ny bokning", "Inställt"]
    assert "avstängt: snö." in hall.mail.came[-1].text
    assert [event.subject for event in hall.events("booking.")] == ["B-1", "B-1"], "accepted and effective"


def test_each_closure_is_told_once_and_a_change_of_its_reason_is_not(staging: Staging) -> None:
    hall = staging(town(when=EVERY))
    hall.put(**VAKT)
    for turn in range(3):
        hall.close_resource("snow", 4 * turn + 1, of="hall.court-1", reason="snö")
        hall.close_resource("snow", 4 * turn + 2, of="hall.court-1", reason="is")
        hall.look_round()
        hall.close_resource("snow", 4 * turn + 3, of="hall.court-1", day=5)
        hall.lift_closure("snow")
    assert kinds(hall) == ["Ny bokning", *["Inställt", "Gäller igen"] * 3]


def test_a_closure_that_was_lifted_before_it_was_told_is_not_told(staging: Staging) -> None:
    hall = staging(town(when=EVERY))
    hall.put(**VAKT)
    hall.mail.breaks(Fault.DOWN)
    hall.close_resource("snow", of="hall.court-1")
    hall.lift_closure("snow")
    hall.mail.recovers()
    hall.at("11:00")
    assert kinds(hall) == ["Ny bokning"]
    assert hall.problems() == []


def test_a_closure_of_what_is_over_is_not_told(staging: Staging) -> None:
    hall = staging(town(when=EVERY))
    hall.put(**VAKT, occasions=[occasion(), occasion(id="2", after=60 * 24)])
    hall.at("15:00")
    hall.close_resource("snow", of="hall.court-1")
    assert kinds(hall) == ["Ny bokning"]


# ---------------------------------------------------------------- when


def test_what_falls_due_in_quiet_hours_waits_until_their_end(staging: Staging) -> None:
    hall = staging(town(**SHIFTS))
    hall.at("19:59")
    hall.put("B-1", **VAKT)
    assert len(hall.mail.came) == 1
    hall.at("20:00")
    hall.put("B-2", **VAKT, **hour(60 * 24))
    hall.put("B-2", 2, **VAKT, **hour(60 * 25))
    hall.put("B-3", **VAKT, **hour(60 * 27))
    hall.put("B-3", 2, **VAKT, status="cancelled")
    assert hall.state("B-2.r2.vakt")[:2] == (Record.PLANNED, Delivery.WAITING)
    hall.restart()
    hall.at("05:29", days=1)
    assert len(hall.mail.came) == 1
    hall.at("05:30", days=1)
    assert hall.mail.subjects("vakt")[1:] == ["Ny bokning B-2: hall.court-1"], (
        "only what is left to tell in the morning"
    )
    assert hall.problems() == []


def test_a_booking_is_effective_though_somebody_sleeps(staging: Staging) -> None:
    hall = staging(town(**SHIFTS))
    hall.at("22:00")
    hall.put(**VAKT, **hour(60 * 24))
    assert [event.subject for event in hall.events("booking.effective")] == ["B-1"]


@pytest.mark.parametrize(
    "night, quiet, ends",
    [
        ("2027-03-27T22:00", ("21:00", "06:30"), "2027-03-28T06:30+02:00"),
        ("2027-03-27T22:00", ("21:00", "02:30"), "2027-03-28T03:30+02:00"),
        ("2027-10-30T22:00", ("21:00", "06:30"), "2027-10-31T06:30+01:00"),
        ("2027-10-30T22:00", ("21:00", "02:30"), "2027-10-31T02:30+02:00"),
        ("2027-10-30T22:00", ("22:00", "03:00"), "2027-10-31T03:00+01:00"),
        ("2026-12-24T12:30", ("12:00", "13:00"), "2026-12-24T13:00+01:00"),
    ],
)
def test_quiet_hours_end_right_in_the_nights_of_both_clock_changes(
    staging: Staging, night: str, quiet: tuple[str, str], ends: str
) -> None:
    hall = staging(town(quiet_hours={"from": quiet[0], "until": quiet[1]}))
    hall.clock.moment = datetime.fromisoformat(night).replace(tzinfo=STOCKHOLM).astimezone(UTC)
    late = (hall.clock.moment - SATURDAY) / timedelta(minutes=1) + 60 * 24
    hall.put(**VAKT, **hour(late))
    end = datetime.fromisoformat(ends).astimezone(UTC)
    hall.clock.moment = end - timedelta(seconds=1)
    hall.settle()
    assert hall.mail.came == []
    hall.clock.moment = end
    hall.settle()
    assert len(hall.mail.came) == 1
    hall.clock.moment = end + timedelta(minutes=30)
    hall.put(revision=2, **VAKT, **hour(late + 60))
    assert len(hall.mail.came) == 2, "the hour that comes twice is quiet once"


def test_a_protected_customer_is_named_by_no_way(staging: Staging) -> None:
    hall = staging(town(sms={"connection": "sms", "to": PHONE}, when=EVERY))
    hall.put(**VAKT, customer={"kind": "person", "name": "Kim Hemlig", "email": "kim@example.se"})
    hall.close_resource("snow", of="hall.court-1")
    assert len(hall.mail.came) == len(hall.phones.came) == 2
    everything = "".join(one.model_dump_json() for one in (*hall.mail.came, *hall.phones.came))
    assert "Hemlig" not in everything
    assert "kim@" not in everything


def test_a_message_that_may_have_been_sent_by_a_node_that_died_is_followed_by_its_cancellation(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = staging(town())
    hall.accept(**VAKT)

    def dies(*_: object) -> None:
        raise SystemError("killed between DATA and settle")

    with monkeypatch.context() as patch:
        patch.setattr(hall.node.dispatcher._settling, "settle", dies)
        hall.run(hall.node.carry_once())
    assert kinds(hall) == ["Ny bokning"]
    hall.accept(revision=2, **VAKT, status="cancelled")
    hall.skip(minutes=2)
    hall.restart()
    assert kinds(hall) == ["Ny bokning", "Avbokat"]


def test_a_message_that_was_sent_by_a_node_that_died_is_sent_again_with_the_same_id(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = staging(town(sms={"connection": "sms", "to": PHONE}))
    hall.accept(**VAKT)

    def dies(*_: object) -> None:
        raise SystemError("killed between DATA and settle")

    with monkeypatch.context() as patch:
        patch.setattr(hall.node.dispatcher._settling, "settle", dies)
        hall.run(hall.node.carry_once())
    hall.skip(minutes=2)
    hall.restart()
    assert kinds(hall) == ["Ny bokning"] * 2
    assert {one.key for one in hall.mail.came} == {"B-1.r1.vakt"}
    assert {one.text for one in hall.phones.came} == {"Ny bokning B-1\nhall.court-1 2026-11-21 13:00-14:00"}
    assert len(hall.phones.came) == 2
    hall.look_round()
    assert len(hall.mail.came) == 2
