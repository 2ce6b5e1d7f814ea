"""Scenarios in which people are told."""

import httpx

from connectors.notify_smtp.simulator import MailSimulator
from hub.demo.stage import MUNICIPALITY, Stage
from hub.sdk import Misbehaviour
from tests.scenarios.plays import booking, cancel, doors, occasion, play, put

FIVE = {
    "husmor": "husmor@umea.example",
    "vaktmastare": "vaktmastare@umea.example",
    "vaktbolag": "larmcentral@vaktbolaget.example",
    "driftstekniker": "driftjour@umea.example",
    "fastighetskontor": "fastighet@umea.example",
}
HALL = occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00")
LATER = occasion("tennishallen.bana-1", "2026-11-23 20:00", "2026-11-23 21:00")


def post(here: Stage) -> MailSimulator:
    system = here.simulators.find(MUNICIPALITY, "mail")
    assert isinstance(system, MailSimulator)
    return system


def subjects(here: Stage, role: str) -> list[str]:
    return [str(message["Subject"]) for message in post(here).mailboxes.get(FIVE[role], [])]


def test_s4_five_outside_parties_know_of_what_is_new_changed_and_cancelled() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        first = booking("B-1", HALL, notify=list(FIVE))
        await put(client, first)
        await here.quiet()
        await put(client, first)
        await here.quiet()
        moved = booking("B-1", LATER, notify=list(FIVE), revision=2)
        await put(client, moved)
        await here.quiet()
        await cancel(client, moved)
        await here.quiet()
        for role in FIVE:
            assert subjects(here, role) == [
                "Ny bokning B-1: Bana 1", "Ändrad bokning B-1: Bana 1", "Avbokat B-1: Bana 1",
            ]  # fmt: skip
        ids = [message["Message-ID"] for box in post(here).mailboxes.values() for message in box]
        assert len(set(ids)) == len(ids) == 15
        told = post(here).mailboxes[FIVE["husmor"]][1].get_content().replace("\r\n", "\n")
        assert "måndag 2026-11-23 kl. 20:00-21:00" in told
        assert "Umeå Badmintonklubb" in told
        view = (await client.get("/bookings/B-1")).json()
        done = [one["target"] for one in view["effects"] if one["state"] == "done"]
        assert len(done) == 15, "and one page shows every message"

    play(story)


def test_s4_a_mailbox_that_fails_stops_none_of_the_others_and_is_one_problem() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        post(here).misbehave(Misbehaviour.REFUSES, FIVE["vaktbolag"])
        await put(client, booking("B-1", HALL, notify=list(FIVE)))
        await put(client, booking("B-2", LATER, notify=list(FIVE)))
        await here.quiet()
        assert {role: len(subjects(here, role)) for role in FIVE} == dict.fromkeys(FIVE, 2) | {"vaktbolag": 0}
        assert {one.key for one in doors(here)} == {"hub-B-1", "hub-B-2"}
        (problem,) = (await client.get("/problems")).json()
        assert (problem["connection"], problem["code"], problem["waiting"]) == ("mail", "rejected", 2)
        assert "no such mailbox" in problem["detail"]
        assert "vaktbolaget" not in str(problem)
        post(here).recover()
        await client.post(f"/problems/{problem['id']}:retry")
        await here.quiet()
        assert len(subjects(here, "vaktbolag")) == 2
        assert (await client.get("/problems")).json() == []

    play(story)


def test_s4_who_is_protected_is_named_to_nobody() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        hidden = {"kind": "person", "name": "Kim Hemlig", "protected": "yes"}
        await put(client, booking("B-1", HALL, notify=list(FIVE), customer=hidden))
        await here.quiet()
        assert len(post(here).came) == 5
        assert "Hemlig" not in "".join(str(message) for _, message in post(here).came)

    play(story)
