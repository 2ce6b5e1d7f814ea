"""S12: a file of attendance is taken in once however often it comes; what is bad is named, and the rest counts."""

import pytest

from hub.clock import now_of
from hub.demo.stage import MUNICIPALITY
from hub.intake.taking import MOST_ROWS
from hub.service.keeping.keys import Scope, create
from hub.store.engine.database import Connection
from tests.intake.place import ANNA, BO, LENA, NAME, Place, play

MONDAY = f"1;a;2026-11-02 18:00;2026-11-02 19:00;{ANNA}*,{BO},{LENA}!"
TUESDAY = f"2;a;2026-11-03 18:00;2026-11-03 19:00;{BO},{LENA}"


def test_a_file_counts_once_however_often_it_comes() -> None:
    async def story(place: Place) -> None:
        first = await place.send(MONDAY, TUESDAY)
        assert (first["items"], first["new"], first["doubles"]) == (2, 2, 0)
        assert first["receipt"] == {"gatherings": 2, "participants": 3, "leaders": 1}
        before = await place.attendance()
        again = await place.send(MONDAY, TUESDAY)
        assert (again["new"], again["changed"], again["doubles"]) == (0, 0, 2)
        assert again["receipt"] == first["receipt"], "the receipt is of the file, not of what is new in it"
        assert await place.attendance() == before
        assert [one["participants"] for one in before] == [1, 2]

    play(story)


def test_what_is_bad_is_named_and_quarantined_and_the_rest_counts() -> None:
    async def story(place: Place) -> None:
        report = await place.send(MONDAY, "x;a;bad", TUESDAY, "y;a;doubled")
        assert report["faults"] == [
            {"place": "line 3", "text": "line 3: no date; write one"},
            {"place": "line 5", "text": "doubled in the file"},
        ]
        assert (report["new"], report["quarantined"], report["receipt"]["gatherings"]) == (4, 2, 2)
        rows = await place.get("/quarantine")
        assert [(row["place"], row["import_id"]) for row in rows] == [
            ("line 3", report["id"]),
            ("line 5", report["id"]),
        ]
        (problem,) = await place.get("/problems")
        assert (problem["code"], problem["detail"]) == ("quarantined-rows", "2 rows in quarantine")
        assert problem["remedy"]

    play(story)


def test_a_corrected_line_leaves_the_quarantine_and_ends_the_problem() -> None:
    async def story(place: Place) -> None:
        await place.send("1;a;bad")
        again = await place.send("1;a;bad")
        assert (again["doubles"], again["quarantined"]) == (1, 0), "the same bad line is one bad line"
        report = await place.send(MONDAY.replace("1;a", "1;b"))
        assert (report["new"], report["changed"]) == (0, 1)
        assert await place.get("/quarantine") == []
        assert await place.get("/problems") == []

    play(story)


def test_a_dry_run_tells_the_same_and_keeps_nothing() -> None:
    async def story(place: Place) -> None:
        await place.send(TUESDAY)
        dry = await place.send(MONDAY, TUESDAY, "x;a;bad", dry_run=True)
        assert (dry["id"], dry["dry_run"], dry["new"], dry["doubles"], dry["quarantined"]) == (None, True, 2, 1, 1)
        assert len(await place.attendance()) == 1
        assert await place.get("/quarantine") == []
        assert len(await place.get("/imports")) == 1
        live = await place.send(MONDAY, TUESDAY, "x;a;bad")
        same = ("items", "new", "changed", "doubles", "quarantined", "receipt", "faults")
        assert {key: live[key] for key in same} == {key: dry[key] for key in same}

    play(story)


def test_a_dry_run_tells_what_would_change_of_which_gathering() -> None:
    async def story(place: Place) -> None:
        await place.send(
            MONDAY, TUESDAY, f"3;a;2026-11-04 18:00;2026-11-04 19:00;{BO}", "4;a;+2026-11-05 18:00;2026-11-05 19:00;Kim"
        )
        before = await place.attendance()
        dry = await place.send(
            f"1;b;2026-11-02 18:30;2026-11-02 19:30;{ANNA}*,{BO}",
            TUESDAY.replace("2;a", "2;b"),
            "3;b;gone",
            "4;b;+2026-11-05 18:00;2026-11-05 19:00;Kim!",
            "4/1;a;+2026-11-05 18:00;2026-11-05 19:00;Alex,Sam*",
            f"5;a;2026-11-06 18:00;2026-11-06 19:00;{LENA}",
            "6;a;gone",
            dry_run=True,
        )
        told = {one["gathering"]["code"]: (one["before"], one["after"]) for one in dry["changes"]}
        assert list(told) == ["1", "3", "4", "5"], "what is told again and what is not there does not change"
        assert told["1"][0] | {"starts_at": "2026-11-02T17:30:00Z", "ends_at": "2026-11-02T18:30:00Z"} == told["1"][1]
        assert (told["3"][0]["participants"], told["3"][1]) == (1, None)
        assert [(one["participants"], one["leaders"]) for one in told["4"]] == [(1, 0), (1, 1)]
        assert (told["5"][0], told["5"][1]["participants"]) == (None, 1)
        assert BO not in str(dry)
        assert await place.attendance() == before
        assert (await place.send("6;a;gone"))["changes"] == []

    play(story)


def test_a_dry_run_of_many_batches_tells_the_same_as_a_live_one() -> None:
    async def story(place: Place) -> None:
        marks = [f"1/{n};a;+2026-11-02 18:00;2026-11-02 19:00;kid-{n}" for n in range(3 * MOST_ROWS)]
        again = [MONDAY, *marks, MONDAY.replace("1;a", "1;b"), *marks[:5]]
        dry = await place.send(*again, dry_run=True)
        (change,) = dry["changes"]
        assert (change["before"], change["after"]["participants"]) == (None, 1), "the last word is the whole list"
        live = await place.send(*again)
        same = ("items", "new", "changed", "doubles", "quarantined", "receipt")
        assert {key: dry[key] for key in same} == {key: live[key] for key in same}
        assert (live["new"], live["changed"], live["doubles"]) == (3 * MOST_ROWS + 1, 1, 5)

    play(story)


def test_a_dry_run_tells_of_a_hundred_gatherings() -> None:
    async def story(place: Place) -> None:
        lines = [f"{n};a;2026-11-02 18:00;2026-11-02 19:00;kid-{n}" for n in range(3 * MOST_ROWS)]
        dry = await place.send(*lines, dry_run=True)
        assert [one["gathering"]["code"] for one in dry["changes"]] == [str(n) for n in range(100)]

    play(story)


def test_what_changed_replaces_merges_or_removes() -> None:
    async def story(place: Place) -> None:
        await place.send(MONDAY)
        await place.send(f"1;b;+2026-11-02 18:00;2026-11-02 19:00;{LENA},Kim")
        (merged,) = await place.attendance()
        assert (merged["participants"], merged["leaders"]) == (3, 1), "LENA came after all, and so did Kim"
        await place.send(f"1;c;2026-11-02 18:30;2026-11-02 19:30;{LENA}")
        (replaced,) = await place.attendance()
        assert (replaced["participants"], replaced["leaders"], replaced["starts_at"]) == (1, 0, "2026-11-02T17:30:00Z")
        report = await place.send("1;d;gone")
        assert (report["changed"], await place.attendance()) == (1, [])

    play(story)


def test_what_went_back_to_how_it_was_is_taken_in_again() -> None:
    async def story(place: Place) -> None:
        for version, who in (("a", ANNA), ("b", f"{ANNA},{BO}"), ("a", ANNA)):
            report = await place.send(f"1;{version};2026-11-02 18:00;2026-11-02 19:00;{who}")
            assert report["doubles"] == 0
        assert [one["participants"] for one in await place.attendance()] == [1]

    play(story)


def test_what_stands_again_far_down_in_the_file_is_a_change_and_no_second_thing() -> None:
    async def story(place: Place) -> None:
        others = [
            f"{n};a;2026-11-03 {n // 60 % 24:02}:{n % 60:02};2026-11-04 00:00;{BO}" for n in range(2, 2 * MOST_ROWS)
        ]
        report = await place.send(MONDAY, *others, MONDAY.replace("1;a", "1;b").replace("19:00", "20:00"))
        assert (report["items"], report["new"], report["changed"]) == (len(others) + 2, len(others) + 1, 1)
        (listed, *_) = await place.get("/imports")
        assert (listed["counts"]["new"], listed["counts"]["changed"]) == (report["new"], 1), (
            "what is stored of it says the same"
        )
        (monday,) = [one for one in await place.attendance() if one["starts_at"].startswith("2026-11-02T17:00")]
        assert monday["ends_at"].startswith("2026-11-02T19:00"), "the last word counts"

    play(story)


def test_many_marks_of_one_gathering_in_one_file_become_one_list() -> None:
    async def story(place: Place) -> None:
        lines = [f"1/{n};a;+2026-11-02 18:00;2026-11-02 19:00;kid-{n}" for n in range(450)]
        await place.send(*lines)
        (gathering,) = await place.attendance()
        assert gathering["participants"] == 450
        await place.send("1/7;b;+2026-11-02 18:00;2026-11-02 19:00;kid-7!")
        (gathering,) = await place.attendance()
        assert gathering["participants"] == 449

    play(story)


def test_a_person_in_two_places_at_once_is_reported_and_counted_once() -> None:
    async def story(place: Place) -> None:
        report = await place.send(
            f"1;a;2026-11-02 18:00;2026-11-02 19:00;{BO},{LENA}",
            f"2;a;2026-11-02 18:30;2026-11-02 19:30;{BO},{LENA}!",
            f"3;a;2026-11-02 19:30;2026-11-02 20:30;{BO}",
        )
        (overlap,) = report["overlaps"]
        assert (overlap["gathering"]["code"], overlap["other"]["code"], overlap["persons"]) == ("1", "2", 1)
        assert (overlap["starts_at"], overlap["ends_at"]) == ("2026-11-02T17:30:00Z", "2026-11-02T18:00:00Z")
        counted = {one["code"]: one["participants"] for one in await place.attendance()}
        assert counted == {"1": 2, "2": 0, "3": 1}
        text = str(report)
        assert BO not in text, "the report names nobody"

    play(story)


def test_an_overlap_with_what_another_file_brought_is_reported_too() -> None:
    async def story(place: Place) -> None:
        await place.send(f"2;a;2026-11-02 18:30;2026-11-02 19:30;{BO}")
        report = await place.send(f"1;a;2026-11-02 18:00;2026-11-02 19:00;{BO}")
        (overlap,) = report["overlaps"]
        assert {overlap["gathering"]["code"], overlap["other"]["code"]} == {"1", "2"}
        assert {one["code"]: one["participants"] for one in await place.attendance()} == {"1": 1, "2": 0}

    play(story)


def test_a_leader_who_also_takes_part_is_counted_as_leader() -> None:
    async def story(place: Place) -> None:
        await place.send(f"1;a;2026-11-02 18:00;2026-11-02 19:00;{ANNA},{ANNA}*,{BO}")
        (gathering,) = await place.attendance()
        assert (gathering["participants"], gathering["leaders"]) == (1, 1)

    play(story)


def test_who_somebody_is_takes_a_scope_of_its_own() -> None:
    async def story(place: Place) -> None:
        await place.send(f"1;a;2026-11-02 18:00;2026-11-02 19:00;{BO},Kim")
        (told,) = await place.attendance()
        numbers = {one["identity"].get("identity_number") for one in told["attendees"]}
        assert BO in numbers, "the operator's key has every scope"
        key = await place.here.hub.writer.call(_reader, place)
        answer = await place.client.get(
            "/attendance",
            params={"from": "2026-11-01", "to": "2026-11-30"},
            headers={"Authorization": f"Bearer {key}"},
        )
        (narrow,) = answer.json()["gatherings"]
        assert BO not in answer.text
        assert "Kim" not in answer.text
        by_person = {one["person"]: one for one in narrow["attendees"]}
        assert {one["person"] for one in told["attendees"]} == set(by_person)
        assert sorted((one["birth_year"], one["sex"]) for one in by_person.values() if one["sex"]) == [(2006, "male")]

    play(story)


def _reader(connection: Connection, place: Place) -> str:
    now = now_of(place.here.clock)
    return create(connection, municipality=MUNICIPALITY, name="reader", scopes=[Scope.ATTENDANCE_READ], now=now)


@pytest.mark.parametrize(
    "content, status, code",
    [(b"", 400, "invalid-file"), (b"not so", 400, "invalid-file"), (b"lists\nbug", 400, "invalid-file")],
)
def test_a_file_of_another_kind_is_refused_whole(content: bytes, status: int, code: str) -> None:
    async def story(place: Place) -> None:
        told = await place.upload(content, status=status)
        assert told["code"] == code
        assert "Lena" not in told["detail"]
        (listed,) = await place.get("/imports")
        assert (listed["state"], bool(listed["detail"])) == ("failed", True)

    play(story)


def test_what_came_before_a_file_was_cut_counts() -> None:
    async def story(place: Place) -> None:
        for end in ("cut", "bug"):
            report = await place.send(MONDAY, end)
            assert report["state"] == "failed"
            assert report["items"] == 1
            assert "Lena" not in report["detail"]
        assert len(await place.attendance()) == 1

    play(story)


def test_a_format_that_nobody_reads_says_which_there_are() -> None:
    async def story(place: Place) -> None:
        answer = await place.client.post("/attendance/imports", params={"format": "xls"}, content=b"x")
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown-format")
        assert "lists" in answer.json()["detail"]

    play(story)


def test_a_connectors_bug_costs_its_item_and_names_nobody() -> None:
    async def story(place: Place) -> None:
        place.source.broken = True
        report = await place.send(MONDAY)
        assert report["faults"][0]["text"] == "attendance_lists raised ZeroDivisionError: its author must mend it"
        place.source.broken = False
        told = await place.post("/quarantine:rerun", {"connection": "lists"})
        assert told == {"tried": 1, "understood": 1, "left": 0}
        assert len(await place.attendance()) == 1
        assert await place.get("/problems") == []

    play(story)


def test_remarks_are_told_and_stop_nothing() -> None:
    async def story(place: Place) -> None:
        report = await place.send(MONDAY, "2;odd;2026-11-03 18:00;2026-11-03 19:00;kid")
        assert report["remarks"] == [{"place": "line 3", "text": "odd"}]
        assert (report["remarked"], report["new"], report["quarantined"]) == (1, 2, 0)

    play(story)


def test_a_finished_import_is_one_event_and_one_that_brought_nothing_is_none() -> None:
    async def story(place: Place) -> None:
        report = await place.send(MONDAY, TUESDAY)
        await place.send(MONDAY, TUESDAY)
        told = [event for event in (await place.get("/events"))["events"] if event["type"].startswith("attendance")]
        assert [(event["type"], event["data"]["import_id"], event["data"]["gatherings"]) for event in told] == [
            ("attendance.imported", report["id"], 2)
        ]

    play(story)


def test_the_audit_tells_who_sent_a_file_who_saw_persons_and_what_was_left() -> None:
    async def story(place: Place) -> None:
        place.client.headers["X-Sent-By"] = "Anna Ek"
        report = await place.send(MONDAY, "x;a;bad")
        await place.attendance()
        (held,) = await place.get("/quarantine")
        await place.post("/quarantine:rerun", {"connection": NAME})
        await place.post(f"/quarantine/{held['id']}:dismiss")
        rows = [row for row in (await place.get("/audit"))["rows"][::-1] if row["who"] != "hub"]
        assert [(row["act"], row["subject"], row["person"]) for row in rows] == [
            ("attendance.imported", NAME, "Anna Ek"),
            ("attendance.identities_shown", "", "Anna Ek"),
            ("quarantine.rerun", NAME, "Anna Ek"),
            ("quarantine.dismissed", NAME, "Anna Ek"),
        ]
        assert rows[0]["told"] == {"import": report["id"], "via": "upload"}
        assert rows[1]["told"] == {"days": "2026-11-01/2026-11-30", "gatherings": 1}

    play(story)
