"""Asked, called and left in folders: nothing is skipped, nothing counts twice, and what is down is one problem."""

import asyncio
import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from hub.demo.stage import MUNICIPALITY
from hub.intake.importing import Importing
from hub.intake.inlets import Inlet
from hub.intake.shelves import FolderShelf, Look, Settled
from hub.model.connection import Arrival, WatchedFolder
from hub.model.imported import ImportReport
from hub.sdk import CredentialsError, Page, RawItem, TransientError, UnknownOutcomeError
from hub.store import intake
from tests.intake.lists import item
from tests.intake.place import NAME, Place, play

LINES = [f"{n};a;2026-11-{n:02} 18:00;2026-11-{n:02} 19:00;kid-{n}" for n in range(1, 8)]


async def fetch(place: Place) -> dict[str, Any]:
    told: dict[str, Any] = await place.post(f"/connections/{NAME}:fetch")
    return told


async def cursor(place: Place) -> str | None:
    return await place.here.hub.readers.read(intake.cursor, MUNICIPALITY, NAME)


def test_a_poll_goes_on_from_where_what_it_kept_ended() -> None:
    async def story(place: Place) -> None:
        place.source.lines = LINES[:5]
        told = await fetch(place)
        assert (told["items"], told["new"], told["failed"]) == (5, 5, None)
        assert await cursor(place) == "5"
        place.source.lines = LINES
        assert (await fetch(place))["items"] == 2
        assert (await fetch(place))["items"] == 0
        assert len(await place.attendance()) == 7

    play(story)


def test_a_source_that_tells_again_is_known_and_one_that_fails_midway_loses_nothing() -> None:
    async def story(place: Place) -> None:
        place.source.lines = LINES
        real = place.source.poll

        async def failing(at: str | None) -> Page:
            if at == "4":
                raise UnknownOutcomeError("the line broke")
            return await real(at)

        place.source.poll = failing  # type: ignore[method-assign, assignment]
        assert (await fetch(place))["failed"] == "the line broke"
        assert await cursor(place) == "4"
        place.source.poll = real  # type: ignore[method-assign]
        assert (await fetch(place))["new"] == 3
        place.source.lines = LINES + LINES[:3]
        told = await fetch(place)
        assert (told["items"], told["doubles"]) == (3, 3)
        assert len(await place.attendance()) == 7

    play(story)


def test_a_source_that_is_down_is_one_problem_that_ends_by_itself() -> None:
    async def story(place: Place) -> None:
        place.source.down = TransientError("no answer")
        for _ in range(4):
            assert (await fetch(place))["failed"] == "no answer"
        (problem,) = await place.get("/problems")
        assert (problem["code"], problem["connection"], problem["detail"]) == ("source-down", NAME, "no answer")
        place.source.down = None
        await fetch(place)
        assert await place.get("/problems") == []

    play(story)


def test_a_source_that_refuses_our_account_is_not_asked_again_until_somebody_resumes() -> None:
    async def story(place: Place) -> None:
        place.source.down = CredentialsError("wrong password")
        await fetch(place)
        asked = place.source.polled
        assert (await fetch(place))["failed"] == "the connection is paused"
        assert place.source.polled == asked
        (problem,) = await place.get("/problems")
        assert problem["code"] == "credentials"

    play(story)


def test_a_source_that_always_has_more_where_it_was_is_asked_once_and_told_of() -> None:
    async def story(place: Place) -> None:
        async def poll(cursor: str | None) -> Page:
            place.source.polled += 1
            return Page([item(LINES[0], 1)], cursor or "1", more=True)

        place.source.poll = poll  # type: ignore[method-assign]
        assert "its author must mend it" in (await fetch(place))["failed"]
        assert place.source.polled == 2
        assert len(await place.attendance()) == 1

    play(story)


def test_a_connectors_bug_in_a_poll_names_nobody() -> None:
    async def story(place: Place) -> None:
        place.source.down = KeyError("Lena Norberg")
        assert (await fetch(place))["failed"] == "attendance_lists raised KeyError"

    play(story)


def test_a_callback_is_on_disk_before_the_answer_and_a_double_is_known() -> None:
    async def story(place: Place) -> None:
        for _ in range(2):
            answer = await place.client.post(
                f"/connections/{NAME}/inbox", content=LINES[0], headers={"Password": "s3cret", "Authorization": ""}
            )
            assert answer.status_code == 204
        assert len(await place.attendance()) == 1
        told = [event["type"] for event in (await place.get("/events"))["events"]]
        assert told.count("attendance.changed") == 1

    play(story)


@pytest.mark.parametrize("path", [f"/connections/{NAME}/inbox", "/connections/nobody/inbox"])
def test_whoever_cannot_prove_who_they_are_leaves_nothing_and_learns_nothing(path: str) -> None:
    async def story(place: Place) -> None:
        answer = await place.client.post(path, content=LINES[0], headers={"Password": "guess"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unproven-sender")
        assert answer.json()["detail"] == "the sender is not proven; nothing was kept"
        assert await place.attendance() == []
        assert await place.get("/quarantine") == []

    play(story)


def test_a_proven_callback_that_cannot_be_read_says_so_and_is_kept_as_it_came() -> None:
    async def story(place: Place) -> None:
        for content in (b"?1;a", b"?1;a", b"?2;b"):
            answer = await place.client.post(
                f"/connections/{NAME}/inbox", content=content, headers={"Password": "s3cret"}
            )
            assert (answer.status_code, answer.json()["code"]) == (422, "unreadable-callback")
        rows = await place.get("/quarantine")
        assert [(row["place"], row["reason"]) for row in rows] == [("callback", "a question was told")] * 2
        (problem,) = await place.get("/problems")
        assert problem["detail"] == "2 rows in quarantine"
        held = await place.here.hub.readers.read(intake.quarantined, MUNICIPALITY)
        taking_in = place.intake.quarantine._in
        assert [taking_in.raw(MUNICIPALITY, one).content for one in held] == [b"?1;a", b"?2;b"]

    play(story)


def test_ids_that_no_database_can_hold_are_written_out_and_stop_nothing() -> None:
    async def story(place: Place) -> None:
        good = [item(line, n) for n, line in enumerate(LINES[:2], 1)]
        odd = [replace(item(LINES[n], n), source_id=id_, place=id_) for n, id_ in ((2, "a\ud800"), (3, "b\0c"))]
        bad = replace(item("9;a;bad", 9), source_id="\udce5", version="\0", place="\udce5", fault="no \udce5 here\0")

        async def poll(cursor: str | None) -> Page:
            return Page([*good, *odd, bad], "1")

        place.source.poll = poll  # type: ignore[method-assign]
        for times in range(2):
            told = await fetch(place)
            assert (told["failed"], told["items"], told["doubles"]) == (None, 5, 5 * times)
        assert len(await place.attendance()) == 4
        (row,) = await place.get("/quarantine")
        assert (row["place"], row["reason"]) == ("\\udce5", "no \\udce5 here\\x00")
        assert await place.post("/quarantine:rerun", {"connection": NAME}) == {"tried": 1, "understood": 0, "left": 1}
        (held,) = await place.here.hub.readers.read(intake.quarantined, MUNICIPALITY)
        raw = place.intake.quarantine._in.raw(MUNICIPALITY, held)
        assert (raw.source_id, raw.version, raw.content) == ("\\udce5", "\\x00", b"9;a;bad")

    play(story)


def test_a_callback_that_means_nothing_is_quarantined_and_answered_with_thanks() -> None:
    async def story(place: Place) -> None:
        answer = await place.client.post(
            f"/connections/{NAME}/inbox", content=b"1;a;bad", headers={"Password": "s3cret"}
        )
        assert answer.status_code == 204
        (row,) = await place.get("/quarantine")
        dismissed = await place.post(f"/quarantine/{row['id']}:dismiss")
        assert dismissed["reason"] == row["reason"]
        assert await place.get("/quarantine") == []
        assert await place.get("/problems") == []
        assert (await place.client.post(f"/quarantine/{row['id']}:dismiss")).status_code == 404

    play(story)


def test_a_passage_is_an_event_and_a_touched_credential_is_looked_at() -> None:
    async def story(place: Place) -> None:
        place.source.lines = ["9;a;passed;hall-a;2026-11-23T18:00:00+01:00", "hub-B-1;a;touched"]
        await fetch(place)
        told = (await place.get("/events"))["events"]
        (passed,) = [event for event in told if event["type"] == "door.passed"]
        assert passed["subject"] == f"{NAME}/hall-a"
        assert passed["data"] == {
            "door": "hall-a", "at": "2026-11-23T17:00:00Z", "method": None, "credential": None,
            "booking": None, "occasion": None, "resource": None, "facility": None,
        }  # fmt: skip

    play(story)


def watched(folder: Path, **more: Any) -> Arrival:
    return Arrival(folder=WatchedFolder(path=str(folder), settle_seconds=0, **more))


def left(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(["lists", *lines]))


def names(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[2] for path in folder.iterdir()) if folder.is_dir() else []


def test_a_file_in_a_folder_is_read_once_and_archived(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        left(tmp_path, "höst.txt", *LINES)
        told = await fetch(place)
        assert (told["files"], told["new"], told["failed"]) == (1, 7, None)
        assert names(tmp_path / "archive") == ["höst.txt"]
        assert names(tmp_path) == ["", ""], "nothing but the archive, and what is being read"
        left(tmp_path, "höst.txt", *LINES)
        assert (await fetch(place))["doubles"] == 7
        assert names(tmp_path / "archive") == ["höst.txt", "höst.txt"], "a later one never covers an earlier"
        (latest, _) = await place.get("/imports")
        assert (latest["via"], latest["name"], latest["sent_by"], latest["state"]) == (
            "folder",
            "höst.txt",
            NAME,
            "done",
        )

    play(story, arrives=watched(tmp_path))


def test_a_file_that_cannot_be_read_is_put_aside_with_the_reason_and_stops_no_other(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        (tmp_path / "a.txt").write_text("not so")
        left(tmp_path, "b.txt", LINES[0], "cut")
        left(tmp_path, "c.txt", LINES[1])
        told = await fetch(place)
        assert (told["files"], told["new"], told["failed"]) == (3, 2, None)
        assert names(tmp_path / "errors") == ["a.txt", "a.txt.reason.txt", "b.txt", "b.txt.reason.txt"]
        reasons = sorted(path.read_text() for path in (tmp_path / "errors").glob("*.reason.txt"))
        assert reasons == [
            "line 3: the file ends too early; export it again\n",
            "this is no list; export it as lists\n",
        ]
        problems = await place.get("/problems")
        assert sorted(one["detail"].partition(":")[0] for one in problems) == ["a.txt", "b.txt"]
        left(tmp_path, "a.txt", LINES[2])
        await fetch(place)
        assert [one["detail"].partition(":")[0] for one in await place.get("/problems")] == ["b.txt"]

    play(story, arrives=watched(tmp_path))


def test_what_was_taken_when_the_process_died_is_read_at_the_next_look(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        left(tmp_path, "höst.txt", *LINES)
        await FolderShelf(WatchedFolder(path=str(tmp_path))).take("höst.txt")
        left(tmp_path, "höst.txt", "9;a;2026-11-09 18:00;2026-11-09 19:00;kid-9")
        told = await fetch(place)
        assert (told["files"], told["new"]) == (2, 8), "the one that was taken, and the new one of its name"
        assert names(tmp_path / "archive") == ["höst.txt", "höst.txt"]

    play(story, arrives=watched(tmp_path))


def test_a_name_in_another_encoding_is_read_as_it_was_meant_and_keeps_its_bytes(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        latin = tmp_path / os.fsdecode("höst.txt".encode("latin-1"))
        latin.write_text("\n".join(["lists", *LINES]))
        (tmp_path / os.fsdecode("vår.txt".encode("latin-1"))).write_text("not so")
        left(tmp_path, "z.txt", LINES[0])
        told = await fetch(place)
        assert (told["files"], told["new"], told["failed"]) == (3, 7, None)
        assert {one["name"] for one in await place.get("/imports")} == {"höst.txt", "vår.txt", "z.txt"}
        assert names(tmp_path / "archive") == sorted([latin.name, "z.txt"])
        (problem,) = await place.get("/problems")
        assert problem["detail"] == "vår.txt: this is no list; export it as lists"

    play(story, arrives=watched(tmp_path))


def test_a_file_that_strikes_a_bug_of_ours_keeps_no_other_waiting_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Importing.live

    async def live(importing: Importing, inlet: Inlet, file: BinaryIO, name: str, *more: Any) -> ImportReport:
        if name == "a.txt":
            raise ZeroDivisionError
        return await real(importing, inlet, file, name, *more)

    async def story(place: Place) -> None:
        for n, name in enumerate(("a.txt", "b.txt")):
            left(tmp_path, name, LINES[n])
        monkeypatch.setattr(Importing, "live", live)
        told = await fetch(place)
        assert (told["files"], told["new"], told["failed"]) == (1, 1, "attendance_lists raised ZeroDivisionError")
        left(tmp_path, "a.txt", LINES[3])
        left(tmp_path, "c.txt", LINES[2])
        assert (await fetch(place))["new"] == 1
        monkeypatch.setattr(Importing, "live", real)
        told = await fetch(place)
        assert (told["files"], told["new"], told["failed"]) == (2, 2, None), "also the second of that name"
        assert names(tmp_path / "archive") == ["a.txt", "a.txt", "b.txt", "c.txt"]

    play(story, arrives=watched(tmp_path))


def test_a_full_disk_is_no_fault_of_a_file_which_is_read_when_there_is_room(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        def full(file: BinaryIO) -> Iterator[RawItem]:
            yield from islice(real(file), 3)
            raise OSError(errno.ENOSPC, "no space left on device")

        real = place.source.read_file
        place.source.read_file = full  # type: ignore[method-assign]
        left(tmp_path, "a.txt", *LINES)
        assert "no space left" in (await fetch(place))["failed"]
        params = {"format": NAME}
        answer = await place.client.post("/attendance/imports", params=params, content=b"lists\n")
        assert (answer.status_code, answer.json()["code"]) == (507, "no-room")
        place.source.read_file = real  # type: ignore[method-assign]
        told = await fetch(place)
        assert (told["files"], told["new"] + told["doubles"], told["failed"]) == (1, 7, None)
        assert len(await place.attendance()) == 7
        assert names(tmp_path / "errors") == []

    play(story, arrives=watched(tmp_path))


def test_only_what_is_meant_is_taken(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        for name in (".höst.txt", "höst.txt.part", "höst.TMP", "höst.csv", "folder"):
            (tmp_path / name).mkdir() if name == "folder" else left(tmp_path, name, LINES[0])
        (tmp_path / "link.txt").symlink_to("/etc/hostname")
        assert (await fetch(place))["files"] == 0
        left(tmp_path, "HÖST.TXT", LINES[0])
        assert (await fetch(place))["files"] == 1

    play(story, arrives=watched(tmp_path, pattern="*.txt"))


def test_a_folder_that_is_gone_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        await fetch(place)
        assert (await fetch(place))["failed"]
        (problem,) = await place.get("/problems")
        assert problem["code"] == "source-down"
        (tmp_path / "gone").mkdir()
        assert (await fetch(place))["failed"] is None
        assert await place.get("/problems") == []

    play(story, arrives=watched(tmp_path / "gone"))


def test_a_file_is_taken_when_it_has_stopped_growing() -> None:
    settled = Settled("*", 5)
    assert settled.of({"a": Look(1, 0), "b": Look(9, 1)}, now=100) == []
    assert settled.of({"a": Look(2, 4), "b": Look(9, 1)}, now=104) == []
    assert settled.of({"a": Look(2, 4), "b": Look(9, 1)}, now=105) == ["b"]
    assert settled.of({"a": Look(2, 4)}, now=109) == ["a"]
    assert settled.of({}, now=110) == []
    assert settled.of({"a": Look(2, 4)}, now=111) == [], "one that went away and came back is new"


def test_two_looks_at_once_read_each_file_once(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        for n in range(5):
            left(tmp_path, f"{n}.txt", *LINES)
        told = await asyncio.gather(*(fetch(place) for _ in range(4)))
        assert sum(one["files"] for one in told) == 5
        assert sum(one["new"] for one in told) == 7

    play(story, arrives=watched(tmp_path))


def test_an_upload_and_a_folder_at_once_count_once(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        left(tmp_path, "a.txt", *LINES)
        told, *reports = await asyncio.gather(fetch(place), *(place.send(*LINES) for _ in range(4)))
        assert told["new"] + sum(report["new"] for report in reports) == 7
        assert len(await place.attendance()) == 7

    play(story, arrives=watched(tmp_path))
