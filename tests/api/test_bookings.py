"""Bookings by HTTP: one, again, another revision, looked up, and listed."""

import json
from datetime import timedelta

import pytest

from hub.service.accept import waiting
from hub.service.keeping.keys import Scope
from tests.api.site import PROBLEM, Site
from tests.builders import SATURDAY, a_charge, occasion, raw_booking
from tests.delivery.harness import PIN, hour


def test_a_new_booking_is_answered_with_its_code_and_its_windows(site: Site) -> None:
    answer = site.put()
    assert answer.status_code == 202
    told = answer.json()
    assert (told["number"], told["revision"], told["outcome"], told["conflicts"]) == ("B-1", 1, "accepted", [])
    (credential,) = told["credentials"]
    assert (credential["holder"], credential["kind"]) == ("Lena Norberg", "pin")
    assert credential["value"] == site.locks.pin(PIN)
    assert credential["window"] == {"starts_at": "2026-11-21T11:45:00Z", "ends_at": "2026-11-21T13:10:00Z"}
    assert {door["door"] for door in credential["doors"]} == {"outer", "inner"}
    effects = {effect["target"]: effect for effect in told["effects"]}
    assert (effects[f"locks/{PIN}"]["state"], effects[f"locks/{PIN}"]["proof"]) == ("standing", "read")
    assert effects["lamps/court-1"]["expected_at"] == "2026-11-21T11:45:00Z"


def test_an_answer_that_is_held_says_so_and_one_for_which_there_is_no_room_is_given_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.put("B-1", headers={"Prefer": "respond-async, wait=99"}).headers["preference-applied"] == "wait=30"
    assert "preference-applied" not in site.put("B-2", headers={"Prefer": "wait=soon"}, **hour(60)).headers
    monkeypatch.setattr(waiting, "MOST", 0)
    answer = site.put("B-3", **hour(120))
    assert (answer.status_code, answer.headers.get("preference-applied")) == (202, None)
    assert answer.json()["credentials"][0]["value"], "all else is answered as ever"


def test_the_same_again_is_answered_and_nothing_happens_twice(site: Site) -> None:
    first = site.put().json()
    again = site.put()
    assert again.status_code == 200
    assert again.json() == first | {"outcome": "unchanged"}
    assert site.locks.commands() == [("put", PIN)]


def test_a_revision_that_changes_no_effect_is_200_and_one_that_does_202(site: Site) -> None:
    site.put()
    assert site.put(revision=2, notify=["vaktmastare"]).status_code == 200
    assert site.put(revision=3, **hour(30)).status_code == 202
    assert site.put(revision=4, status="cancelled").status_code == 202
    assert site.locks.stands == {}


def test_a_blank_body_held_to_an_empty_plan_is_refused_as_any_blank_body(site: Site) -> None:
    ndjson = {"Content-Type": "application/x-ndjson"}
    dry = site.ask("POST", "/bookings?dry_run=true", content=b"", headers=ndjson)
    token = json.loads(dry.text.splitlines()[-1])["summary"]["state_token"]
    answer = site.ask(
        "PUT", "/bookings/B-1", content=b" ", headers={"If-Match": token, "Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)


def test_an_older_revision_is_told_the_current_one(site: Site) -> None:
    site.put(revision=5)
    answer = site.put(revision=3)
    assert (answer.status_code, answer.headers["content-type"]) == (409, PROBLEM)
    assert (answer.json()["code"], answer.json()["current_revision"]) == ("superseded", 5)


def test_the_same_revision_with_other_content_is_a_conflict(site: Site) -> None:
    site.put(revision=5)
    answer = site.put(revision=5, **hour(30))
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["current_revision"]) == ("revision-conflict", 5)
    assert "revision 6" in answer.json()["detail"]


def test_the_value_of_a_code_is_for_those_who_may_see_it(site: Site) -> None:
    blind = site.key(Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE)
    put = site.ask("PUT", "/bookings/B-1", json=raw_booking(), key=blind)
    assert [one["value"] for one in put.json()["credentials"]] == [None]
    looked = site.get("/bookings/B-1", key=blind)
    assert [one["value"] for one in looked.json()["credentials"]] == [None]
    operator = site.operate("GET", "/bookings/B-1")
    assert [one["value"] for one in operator.json()["credentials"]] == [None]
    pin = site.get("/bookings/B-1").json()["credentials"][0]["value"]
    assert pin.isdecimal()
    assert pin not in put.text + looked.text + operator.text


def test_a_booking_is_looked_up_with_all_that_follows_from_it(site: Site) -> None:
    site.put("B-1", charges=[a_charge()], payment={"kind": "invoice"})
    site.put("B-2", **hour(30, of="hall.whole"))
    told = site.get("/bookings/B-1").json()
    assert told["booking"]["customer"]["name"] == "Provköpings Badmintonklubb"
    assert told["unserved"] == ["finance: invoice"]
    assert [one["number"] for one in told["conflicts"]] == ["B-2"]
    assert {one["number"] for one in told["others"]["lamps/court-1"]} == {"B-2"}
    past = [entry["what"] for entry in told["timeline"] if entry["past"]]
    future = [entry["what"] for entry in told["timeline"] if not entry["past"]]
    assert past[0] == "booking.accepted"
    assert "confirmed" in past
    assert {"will open", "will shut", "will be 60 %"} <= set(future)
    assert [entry["at"] for entry in told["timeline"]] == sorted(entry["at"] for entry in told["timeline"])


def test_who_sent_a_booking_is_kept_with_it(site: Site) -> None:
    site.put("B-1", headers={"X-Sent-By": "bokningsdisken"})
    site.put("B-2", **hour(120))
    assert site.get("/bookings/B-1").json()["sent_by"] == "bokningsdisken"
    assert site.get("/bookings/B-2").json()["sent_by"]


def test_a_core_resynchronises_by_numbers_revisions_and_content(site: Site) -> None:
    for n in range(1, 6):
        site.ask("PUT", f"/bookings/B-{n}", json=raw_booking(f"B-{n}", n, **hour(60 * n)))
    first = site.get("/bookings?limit=2").json()
    assert [(one["number"], one["revision"]) for one in first["bookings"]] == [("B-1", 1), ("B-2", 2)]
    second = site.get(f"/bookings?limit=2&after={first['next']}").json()
    last = site.get(f"/bookings?limit=2&after={second['next']}").json()
    assert [one["number"] for one in second["bookings"] + last["bookings"]] == ["B-3", "B-4", "B-5"]
    assert last["next"] is None
    before = first["bookings"][0]["content"]
    site.ask("PUT", "/bookings/B-1", json=raw_booking("B-1", 2, **hour(90)))
    assert site.get("/bookings?limit=1").json()["bookings"][0]["content"] != before


def test_content_that_is_put_back_has_its_hash_again(site: Site) -> None:
    def content() -> str:
        told: str = site.get("/bookings").json()["bookings"][0]["content"]
        return told

    site.put(revision=1)
    first = content()
    site.put(revision=2, **hour(30))
    assert content() != first
    site.put(revision=3)
    assert content() == first


def test_two_bookings_in_each_others_way_are_both_accepted(site: Site) -> None:
    assert site.put("B-1").status_code == 202
    answer = site.put("B-2", **hour(30, of="hall.whole"))
    assert answer.status_code == 202
    (conflict,) = answer.json()["conflicts"]
    assert (conflict["number"], conflict["resource"]) == ("B-1", "hall.court-1")


def test_a_number_with_a_colon_is_a_number(site: Site) -> None:
    assert site.put("2026:B.1_x-y").status_code == 202
    assert site.get("/bookings/2026:B.1_x-y").json()["booking"]["number"] == "2026:B.1_x-y"


def test_the_light_follows_a_booking_that_came_by_http(site: Site) -> None:
    site.put(occasions=[occasion()])
    site.move_to(SATURDAY)
    site.until("/resources/hall.court-1", id="hall.court-1")
    site.until("/status", effects={"standing": 4})
    assert site.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}
    site.move_to(SATURDAY + timedelta(hours=2))
    site.until("/status", effects={"removed": 4})
    assert site.lamps.lit() == {}
    assert site.locks.stands == {}
