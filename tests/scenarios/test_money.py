"""Scenarios with money: invoices, credit notes, and what became of them, at the access point that really fetches."""

import re
import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx

from connectors.finance_peppol.simulator import AccessPoint
from hub.demo.stage import MUNICIPALITY, Stage
from hub.model import Answer, Invoice, InvoiceKind
from hub.sdk import Misbehaviour
from tests.scenarios.plays import FOLDER, at, booking, cancel, charge, events, occasion, play, put

HALL = occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00")


def point(here: Stage) -> AccessPoint:
    """Where invoices are fetched."""
    found = here.simulators.find(MUNICIPALITY, "peppol")
    assert isinstance(found, AccessPoint)
    return found


def fetched(here: Stage) -> list[tuple[str, str]]:
    """(key, kronor) of every document that was fetched, in order."""
    records = [record for record in point(here).records() if isinstance(record, Invoice)]
    return [(one.key, str(one.payable)) for one in records]


def test_s6_a_training_camp_is_one_invoice() -> None:
    times = [("23", "09", "11"), ("23", "14", "16"), ("24", "09", "11"), ("24", "14", "16")]

    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        camp = booking(
            "B-CAMP",
            *(
                occasion("tennishallen.bana-1", f"2026-11-{day} {starts}:00", f"2026-11-{day} {ends}:00")
                for day, starts, ends in times
            ),
            charges=[charge("240.00", occasion=str(n)) for n in range(1, 5)],
            payment={"kind": "invoice"},
        )
        await put(client, camp)
        await here.quiet()
        assert fetched(here) == [("B-CAMP.i1", "960.00")]
        (invoice,) = point(here).records()
        assert isinstance(invoice, Invoice)
        assert len(invoice.lines) == 4
        assert invoice.period == (at("2026-11-23 00:00").date(), at("2026-11-24 00:00").date())
        await put(client, camp | {"revision": 2})
        await here.quiet()
        assert len(fetched(here)) == 1, "again the same, and no second invoice"

    play(story)


def test_s7_a_closure_leaves_money_alone() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, booking("B-1", HALL, charges=[charge("120.00")], payment={"kind": "invoice"}))
        await here.quiet()
        day = {"starts_at": at("2026-11-23 07:00").isoformat(), "ends_at": at("2026-11-24 00:00").isoformat()}
        await client.put("/closures/snow", json={"revision": 1, "resource": "tennishallen.bana-1", **day})
        await client.delete("/closures/snow")
        await here.quiet()
        assert fetched(here) == [("B-1.i1", "120.00")]

    play(story)


def test_s13_an_invoice_and_its_credit_note_arrive_once_and_their_answers_come_back(tmp_path: Path) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        charges = [charge("120.00"), charge("80.00", "BOLL", vat="25")]
        body = booking("B-1", HALL, charges=charges, payment={"kind": "invoice"})
        await put(client, body)
        await here.quiet()
        await put(client, body | {"revision": 2, "charges": charges[:1]})
        await here.quiet()
        assert fetched(here) == [("B-1.i1", "220.00"), ("B-1.c1", "100.00")]
        invoice, credit = (record for record in point(here).records() if isinstance(record, Invoice))
        assert (credit.kind, credit.credits, credit.taxes[0].tax) == (InvoiceKind.CREDIT, "B-1.i1", Decimal("20.00"))
        assert invoice.lines[0].accounting or invoice.lines[0].article == "BADM-60"
        answers = tmp_path / "answers"
        for said in (Answer.RECEIVED, Answer.ACCEPTED):
            (answers / f"{said}.xml").write_bytes(point(here).answer("B-1.i1", said))
            here.clock.move_to(here.clock.now().replace(hour=20 if said is Answer.ACCEPTED else 19))
        (answers / "stranger.xml").write_bytes(point(here).answer("B-99.i1", Answer.PAID))
        (await client.post("/connections/peppol:fetch")).raise_for_status()
        told = {one["key"]: one["answer"] for one in (await client.get("/invoices")).json()["invoices"]}
        assert told == {"B-1.i1": "AP", "B-1.c1": None}
        heard = [(one["subject"], one["data"].get("answer")) for one in await events(client, "invoice.answered")]
        assert heard[-1] == ("B-1.i1", "AP")
        (odd,) = (await client.get("/quarantine")).json()
        assert odd["reason"] == "there is no invoice B-99.i1"

    play(story, folder=_answers_in(tmp_path / "umea", tmp_path / "answers"))


def test_s13_an_access_point_with_a_full_disk_gets_each_invoice_once_when_there_is_room() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        here.simulators.misbehave(MUNICIPALITY, "peppol", Misbehaviour.FULL)
        for n in range(1, 4):
            hours = (f"2026-11-23 {10 + n}:00", f"2026-11-23 {11 + n}:00")
            body = booking(f"B-{n}", occasion("tennishallen.bana-1", *hours), charges=[charge("120.00")])
            await put(client, body | {"payment": {"kind": "invoice"}})
        await here.quiet()
        await here.play_until(here.clock.now() + timedelta(minutes=30))
        assert fetched(here) == []
        problems = (await client.get("/problems")).json()
        assert [one["connection"] for one in problems] == ["peppol"], "one problem, and not three"
        here.simulators.find(MUNICIPALITY, "peppol").recover()
        await here.play_until(at("2026-11-23 12:00"))
        assert sorted(fetched(here)) == [(f"B-{n}.i1", "120.00") for n in range(1, 4)]
        assert (await client.get("/problems")).json() == []

    play(story)


def test_s13_who_has_no_address_in_peppol_is_a_record_that_says_so_and_holds_nobody_up() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        person = {"kind": "person", "name": "Lena Norberg", "identity_number": "199001019802"}
        body = booking("B-1", HALL, customer=person, charges=[charge("120.00")], payment={"kind": "invoice"})
        await put(client, body)
        later = occasion("tennishallen.bana-1", "2026-11-23 20:00", "2026-11-23 21:00")
        await put(client, booking("B-2", later, charges=[charge("60.00")], payment={"kind": "invoice"}))
        await here.quiet()
        assert fetched(here) == [("B-2.i1", "60.00")]
        (stuck,) = (await client.get("/bookings/B-1")).json()["money"]["invoices"]
        assert (stuck["state"], stuck["delivery"]) == ("planned", "stuck")
        assert "Peppol" in stuck["detail"]
        assert "Norberg" not in stuck["detail"]
        await cancel(client, body)
        await here.quiet()
        assert (await client.get("/problems")).json() == [], "called back: nothing had been sent"
        assert (await client.get("/bookings/B-1")).json()["money"]["owed"] == "0.00"

    play(story)


def _answers_in(folder: Path, answers: Path) -> Path:
    """The example, whose customers' answers come in a folder of the test's own."""
    shutil.copytree(FOLDER, folder)
    connection = folder / "connections" / "peppol.yaml"
    told = connection.read_text(encoding="utf-8")
    here = f"folder: {{path: {answers}, settle_seconds: 0}}"
    connection.write_text(re.sub(r"folder: \{path: .*\}", here, told), encoding="utf-8")
    answers.mkdir()
    return folder
