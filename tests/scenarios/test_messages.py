"""Scenarios in which people are told."""

import shutil
from pathlib import Path

import httpx
from icalendar import Calendar

from connectors.notify_sms.simulator import GatewaySimulator
from connectors.notify_smtp.simulator import MailSimulator
from hub.demo.stage import MUNICIPALITY, Stage
from hub.sdk import Misbehaviour
from tests.scenarios.plays import FOLDER, at, booking, cancel, doors, occasion, play, put, values

MAILED = {
    "husmor": "husmor@umea.example",
    "vaktmastare": "vaktmastare@umea.example",
    "driftstekniker": "driftjour@umea.example",
}
OFFICE, GUARD = "fastighet@umea.example", "+46701740610"
FIVE = [*MAILED, "vaktbolag", "fastighetskontor"]
HALL = occasion("tennishallen.bana-1", "2026-11-27 18:00", "2026-11-27 19:00")
LATER = occasion("tennishallen.bana-1", "2026-11-27 20:00", "2026-11-27 21:00")


def post(here: Stage) -> MailSimulator:
    system = here.simulators.find(MUNICIPALITY, "mail")
    assert isinstance(system, MailSimulator)
    return system


def phones(here: Stage) -> GatewaySimulator:
    system = here.simulators.find(MUNICIPALITY, "sms")
    assert isinstance(system, GatewaySimulator)
    return system


def subjects(here: Stage, address: str) -> list[str]:
    return [str(message["Subject"]) for message in post(here).mailboxes.get(address, [])]


def texts(here: Stage, address: str) -> list[str]:
    bodies = (message.get_body(("plain",)) for message in post(here).mailboxes.get(address, []))
    return [body.get_content().replace("\r\n", "\n") for body in bodies if body is not None]


def test_s4_five_outside_parties_know_of_what_is_new_changed_and_cancelled_each_by_its_own_channel() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        first = booking("B-1", HALL, notify=FIVE)
        moved = booking("B-1", LATER, notify=FIVE, revision=2)
        for day, body in ((24, first), (25, moved), (26, moved | {"revision": 3, "status": "cancelled"})):
            await put(client, body)
            await here.quiet()
            await put(client, body)
            await here.play_until(at(f"2026-11-{day} 07:00"))
        for address in MAILED.values():
            assert subjects(here, address) == [
                "Ny bokning B-1: Bana 1", "Ändrad bokning B-1: Bana 1", "Avbokat B-1: Bana 1",
            ]  # fmt: skip
        assert phones(here).texts(GUARD) == [
            "Ny bokning B-1\nBana 1 2026-11-27 18:00-19:00",
            "Ändrad bokning B-1\nBana 1 2026-11-27 20:00-21:00",
            "Avbokad bokning B-1\nBana 1 2026-11-27 20:00-21:00",
        ]
        assert subjects(here, OFFICE) == [f"Bokningar 2026-11-{day}: 1 nyheter" for day in (24, 25, 26)]
        assert [text.splitlines()[0] for text in texts(here, OFFICE)] == [
            "NY B-1, Umeå Badmintonklubb", "ÄNDRAD B-1, Umeå Badmintonklubb", "AVBOKAD B-1, Umeå Badmintonklubb",
        ]  # fmt: skip
        ids = [message["Message-ID"] for box in post(here).mailboxes.values() for message in box]
        assert len(set(ids)) == len(ids) == 12
        told = texts(here, MAILED["husmor"])[1]
        assert "fredag 2026-11-27 kl. 20:00-21:00" in told
        assert "Umeå Badmintonklubb" in told
        view = (await client.get("/bookings/B-1")).json()
        done = [one["target"] for one in view["effects"] if one["state"] == "done"]
        assert len(done) == 12, "and one page shows every message of its own"

    play(story)


def test_s4_a_mailbox_that_fails_stops_none_of_the_others_and_is_one_problem() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        post(here).misbehave(Misbehaviour.REFUSES, MAILED["husmor"])
        await put(client, booking("B-1", HALL, notify=FIVE))
        await put(client, booking("B-2", LATER, notify=FIVE))
        await here.quiet()
        assert {role: len(subjects(here, MAILED[role])) for role in MAILED} == dict.fromkeys(MAILED, 2) | {"husmor": 0}
        assert len(phones(here).texts(GUARD)) == 2
        assert {one.key for one in doors(here)} == {"hub-B-1", "hub-B-2"}
        (problem,) = (await client.get("/problems")).json()
        assert (problem["connection"], problem["code"], problem["waiting"]) == ("mail", "rejected", 2)
        assert "no such mailbox" in problem["detail"]
        assert "husmor@" not in str(problem)
        post(here).recover()
        await client.post(f"/problems/{problem['id']}:retry")
        await here.quiet()
        assert len(subjects(here, MAILED["husmor"])) == 2
        assert (await client.get("/problems")).json() == []

    play(story)


def test_s4_a_gateway_that_says_no_in_a_200_is_for_a_person_and_holds_no_mail_up() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        phones(here).misbehave(Misbehaviour.REFUSES, GUARD)
        await put(client, booking("B-1", HALL, notify=FIVE))
        await here.quiet()
        assert [len(subjects(here, address)) for address in MAILED.values()] == [1, 1, 1]
        (problem,) = (await client.get("/problems")).json()
        assert (problem["connection"], problem["code"]) == ("sms", "rejected")
        assert "the gateway says failed" in problem["detail"]
        assert GUARD not in str(problem)
        phones(here).recover()
        await client.post(f"/problems/{problem['id']}:retry")
        await here.quiet()
        assert phones(here).texts(GUARD) == ["Ny bokning B-1\nBana 1 2026-11-27 18:00-19:00"]

    play(story)


def test_s4_who_is_protected_is_named_to_nobody() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        hidden = {"kind": "person", "name": "Kim Hemlig", "protected": "yes", "email": "kim@example.se"}
        await put(client, booking("B-1", HALL, notify=FIVE, customer=hidden))
        await here.play_until(at("2026-11-24 07:00"))
        assert len(post(here).came) == 5
        assert len(phones(here).came) == 1
        everything = [str(message) for _, message in post(here).came] + [text for _, text in phones(here).came]
        assert "Hemlig" not in "".join(everything)

    play(story)


def test_s4_what_happens_at_night_waits_for_the_morning() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await here.play_until(at("2026-11-23 22:00"))
        await put(client, booking("B-1", HALL, notify=FIVE))
        await here.quiet()
        assert subjects(here, MAILED["vaktmastare"]) == ["Ny bokning B-1: Bana 1"]
        await here.play_until(at("2026-11-24 06:29"))
        assert subjects(here, MAILED["husmor"]) == []
        await here.play_until(at("2026-11-24 06:31"))
        assert subjects(here, MAILED["husmor"]) == ["Ny bokning B-1: Bana 1"]

    play(story)


CLUB = {
    "kind": "association", "organisation_number": "802400-0005", "name": "Umeå Badmintonklubb",
    "email": "kansli@example.se", "phone": "+46701740605",
}  # fmt: skip


def test_s1_whoever_books_gets_code_calendar_and_times_by_mail_and_phone() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, booking("B-1", HALL, customer=CLUB), wait=5)
        await here.quiet()
        (code,) = values(here, "hub-B-1")
        (message,) = post(here).mailboxes["kansli@example.se"]
        assert message["Subject"] == "Din bokning (B-1): Bana 1"
        (text,) = texts(here, "kansli@example.se")
        assert f"Kod: {code}\n" in text
        assert "ENTRE: fredag 2026-11-27 kl. 17:45-19:15" in text
        html = message.get_body(("html",))
        assert html is not None
        assert code in html.get_content()
        (attached,) = message.iter_attachments()
        (event,) = Calendar.from_ical(attached.get_content()).walk("VEVENT")
        assert event.decoded("dtstart") == at("2026-11-27 18:00")
        assert (str(event["summary"]), str(event["status"])) == ("Bana 1, Tennishallen", "CONFIRMED")
        (short,) = phones(here).texts("+46701740605")
        assert short.startswith("Din bokning B-1\nBana 1 2026-11-27 18:00-19:00\nKod: " + code)

    play(story)


def test_s7_each_booker_is_told_once_that_snow_closes_the_pitch_and_once_that_it_is_lifted() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        clubs = [CLUB | {"email": f"klubb{n}@example.se"} for n in range(6)]
        for n, club in enumerate(clubs):
            pitch = occasion("konstgras.halvplan-a", f"2026-11-{23 + n} 18:00", f"2026-11-{23 + n} 19:00")
            await put(client, booking(f"B-{n}", pitch, customer=club, notify=["vaktmastare"]))
        snow = {
            "revision": 1, "resource": "konstgras.helplan", "reason": "snö",
            "starts_at": at("2026-11-24 00:00").isoformat(), "ends_at": at("2026-11-27 00:00").isoformat(),
        }  # fmt: skip
        told = await client.put("/closures/snow", json=snow)
        assert (told.status_code, told.json()["bookings"]) == (202, 3)
        await here.quiet()
        await client.put("/closures/snow", json=snow)
        await here.play_until(at("2026-11-23 12:00"))
        assert (await client.delete("/closures/snow")).status_code == 202
        await here.quiet()
        heads = [[one.partition(" (")[0] for one in subjects(here, f"klubb{n}@example.se")] for n in range(6)]
        closed = ["Din bokning", "Din bokning är inställd", "Din bokning gäller igen"]
        assert heads == [["Din bokning"], closed, closed, closed, ["Din bokning"], ["Din bokning"]]
        assert "Det är avstängt (snö)" in texts(here, "klubb1@example.se")[1]
        pitch_keeper = subjects(here, "vaktmastare.konstgras@umea.example")
        assert len(pitch_keeper) == 12, "its own caretaker hears of the six, of the three closed, and of the three open"
        assert subjects(here, MAILED["vaktmastare"]) == []

    play(story)


def test_a_municipality_changes_a_text_without_code(tmp_path: Path) -> None:
    folder = tmp_path / "umea"
    shutil.copytree(FOLDER, folder)
    (folder / "templates" / "sv").mkdir(parents=True)
    (folder / "templates" / "sv" / "role.txt").write_text(
        "{{ number }} ({{ kind }})\nHej vaktmästeriet!\n"
        "{% for one in occasions %}{{ one.place }} {{ one.starts }}{% endfor %}\n"
    )

    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, booking("B-1", HALL, notify=["vaktmastare", "vaktbolag"]))
        await cancel(client, booking("B-1", HALL, notify=["vaktmastare", "vaktbolag"]))
        await here.quiet()
        assert subjects(here, MAILED["vaktmastare"]) == ["B-1 (new)", "B-1 (cancelled)"]
        assert texts(here, MAILED["vaktmastare"])[0] == "Hej vaktmästeriet!\nBana 1 18:00\n"
        assert len(phones(here).texts(GUARD)) == 2, "what it has not changed is as it was"

    play(story, folder=folder)
