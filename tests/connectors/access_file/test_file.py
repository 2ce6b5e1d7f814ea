"""What is a file's own: its letters, its step from our folder to theirs, what a receipt says, and what nobody says."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.access_file import FileAccess, ReceiptedFileAccess
from connectors.access_file.config import FileConfig
from connectors.access_file.ledger import Ledger, Seen, stepped
from connectors.access_file.simulator import SftpPanel
from connectors.access_file.translate import receipt, rows_of, written
from hub.conformance.driver import Memory, SetClock
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import (
    Condition,
    File,
    Lent,
    ReadsCredentials,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    exchange,
)
from hub.sdk.http import transport
from hub.sdk.places import Disk

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
EVENING = Window(door="Hall A", starts_at=NOW + timedelta(minutes=45), ends_at=NOW + timedelta(hours=2.25))
NEXT = EVENING.model_copy(
    update={"starts_at": EVENING.starts_at + timedelta(days=1), "ends_at": EVENING.ends_at + timedelta(days=1)}
)
BOKA: dict[str, Any] = {
    "content": "delta",
    "header": False,
    "doors": {"Hall A": "7", "Entré": "Entré; väst"},
    "columns": [
        {"name": "op", "holds": "action"},
        {"name": "id", "holds": "id"},
        {"name": "bokning", "holds": "key"},
        {"name": "dörr", "holds": "door"},
        {"name": "från", "holds": "starts", "format": "%Y%m%d%H%M"},
        {"name": "till", "holds": "ends", "format": "%Y%m%d%H%M"},
        {"name": "kod", "holds": "pin"},
        {"name": "kort", "holds": "card"},
        {"name": "namn", "holds": "holder"},
        {"name": "sätt", "holds": "method"},
        {"name": "fil", "holds": "sequence"},
        {"name": "system", "holds": "text", "text": "KNUTPUNKT"},
    ],
}


def config(**changes: Any) -> FileConfig:
    return FileConfig.model_validate({"folder": "/in"} | BOKA | changes)


def pin(value: str = "048291", *windows: Window, key: str = "hub-2480-B-7", holder: str = "") -> Credential:
    return Credential(
        key=key, method=Method.PIN, value=SecretStr(value), windows=frozenset(windows or {EVENING}), holder=holder
    )


def text(credential: Credential, **changes: Any) -> str:
    """The file that a new credential makes, without the rows' numbers."""
    told = config(**changes)
    step = stepped(Seen(Ledger(), {}, told.content == "snapshot"), credential.key, rows_of(credential, told), NOW)
    assert step is not None
    shown = written(step, told).decode(told.encoding.codec)
    for action in step.actions:
        shown = shown.replace(action.row.id, "ID")
    return shown


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


class Folder:
    """A system's folders on this machine, and the connector before them."""

    def __init__(self, home: Path, **changes: Any) -> None:
        self.inside, self.receipts = home / "in", home / "receipts"
        self.inside.mkdir()
        self.receipts.mkdir()
        self.clock, self.state, self.changes = SetClock(NOW), Memory(), changes
        self.doors = self.another()

    def another(self, disk: Any = None, **changes: Any) -> Any:
        """The connector, as another process would have it."""
        told = config(folder=str(self.inside), **(self.changes | changes))
        log = logging.getLogger("file")
        return FileAccess(told, Lent(transport=transport(), clock=self.clock, state=self.state, log=log, disk=disk))

    def put(self, credential: Credential) -> Any:
        return run(self.doors.put_credential(credential))

    def remove(self, key: str = "hub-2480-B-7") -> Any:
        return run(self.doors.remove_credential(key))

    def read(self, key: str = "hub-2480-B-7") -> Any:
        return run(self.doors.read_credential(key))

    def files(self) -> dict[str, list[list[str]]]:
        """What lies there for the system, cut at semicolons."""
        return {
            path.name: [line.split(";") for line in path.read_bytes().decode("cp1252").splitlines()]
            for path in sorted(self.inside.iterdir())
            if path.is_file()
        }

    def taken(self, result: str = "OK", reason: str = "") -> None:
        """Have the system take every file, and say the same of each row."""
        for name, lines in self.files().items():
            told = "".join(f"{line[1]};{result};{reason}\r\n" for line in lines)
            (self.inside / name).unlink()
            (self.receipts / f"{name}.ack").write_text(told)


@pytest.fixture
def silent(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def answering(tmp_path: Path) -> Folder:
    return Folder(tmp_path, receipts={"folder": str(tmp_path / "receipts")})


# ---------------------------------------------------------------- what is written


def test_a_line_is_as_the_template_says_with_leading_zeros_and_swedish_time() -> None:
    assert text(pin(holder="Åsa Öst")) == (
        "A;ID;hub-2480-B-7;7;202612011645;202612011815;048291;;Åsa Öst;PIN;1;KNUTPUNKT\r\n"
    )


@pytest.mark.parametrize(
    "changes, begins",
    [
        ({"encoding": "utf-8-bom", "header": True}, b"\xef\xbb\xbfop;id"),
        ({"encoding": "iso-8859-1", "header": True, "separator": "|"}, "op|id|bokning|dörr".encode("latin-1")),
        ({"encoding": "utf-8", "header": True, "quoting": "always"}, '"op";"id";"bokning";"dörr"'.encode()),
    ],
)
def test_encoding_separator_quoting_and_header_are_settings(changes: dict[str, Any], begins: bytes) -> None:
    told = config(**changes)
    step = stepped(Seen(Ledger(), {}, whole=False), "hub-1", rows_of(pin(key="hub-1"), told), NOW)
    assert step is not None
    assert written(step, told).startswith(begins)


@pytest.mark.parametrize(
    "holder, shown",
    [
        ('A;B "x"', '"A;B ""x"""'),
        ("A\r\nD;hub-2480-B-8", '"A D;hub-2480-B-8"'),
        ("=1+1", "1+1"),
        (" \t@-+=cmd", "cmd"),
        ("Ŝtefan Łęcki 李", "Stefan ?ecki ?"),
        ("a\x00b\u2028c", "a b c"),
    ],
)
def test_a_name_breaks_no_line_and_begins_no_formula(holder: str, shown: str) -> None:
    told = text(pin(holder=holder))
    assert told.count("\r\n") == 1
    assert f";048291;;{shown};PIN;" in told


def test_without_quotation_marks_a_name_loses_what_would_part_it() -> None:
    doors = {"Hall A": "7"}
    assert ";;A B x;PIN;" in text(pin(holder='A;B "x"'), quoting="none", doors=doors)


@pytest.mark.parametrize(
    "credential",
    [
        pin(key="hub-1\r\nD"),
        pin(key="hub-李"),
        pin(key="B-7"),
        Credential(key="hub-1", method=Method.CARD, value=SecretStr("=HYPERLINK(1)"), windows=frozenset({EVENING})),
        Credential(key="hub-1", method=Method.PIN, value=Unsaid.CHOSEN_BY_SYSTEM, windows=frozenset({EVENING})),
    ],
)
def test_a_key_or_a_number_is_refused_rather_than_altered(credential: Credential) -> None:
    with pytest.raises(RejectedError) as refused:
        text(credential)
    assert "HYPERLINK" not in str(refused.value)


@pytest.mark.parametrize("starts, wall", [(0.25, "202610250159;202610250300"), (1.25, "202610250159;202610250300")])
def test_in_the_hour_that_comes_twice_a_window_is_widened_to_whole_minutes(starts: float, wall: str) -> None:
    night = datetime(2026, 10, 25, tzinfo=UTC) + timedelta(hours=starts)
    window = Window(door="Hall A", starts_at=night, ends_at=night + timedelta(minutes=30))
    assert wall in text(pin("048291", window))


def test_a_window_that_ends_within_a_minute_is_not_cut_where_the_file_has_no_seconds() -> None:
    window = EVENING.model_copy(update={"ends_at": EVENING.ends_at + timedelta(seconds=1)})
    assert ";202612011816;" in text(pin("048291", window))


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"name": "bokningar.csv"}, "sequence"),
        ({"name": "../bokningar-{sequence}.csv"}, "letters, digits"),
        ({"folder": "in"}, "from the root"),
        ({"notes": "/in/"}, "different folders"),
        ({"quoting": "none"}, "no room"),
        ({"doors": {"Hall A": "李"}}, "no room"),
        ({"columns": BOKA["columns"][2:]}, "action and id"),
        ({"columns": BOKA["columns"][:6]}, "pin or card"),
        ({"columns": [*BOKA["columns"][:5], {"name": "x", "holds": "ends", "format": "%Y-%m-%d"}]}, "hour and minute"),
        ({"columns": [*BOKA["columns"], {"name": "x", "holds": "starts", "format": "%c"}]}, "nothing else"),
        ({"receipts": {"folder": "/out", "name": "x.ack"}}, "{file}"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_written_is_refused_with_what_is_wrong(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told.replace("{", "[{]")):
        config(**changes)


# ---------------------------------------------------------------- deltas and snapshots


def test_a_delta_says_what_comes_before_what_goes(silent: Folder) -> None:
    silent.put(pin("048291", EVENING))
    silent.put(pin("048291", NEXT))
    added, moved = silent.files().values()
    assert [line[0] for line in added] == ["A"]
    assert [(line[0], line[4][:8]) for line in moved] == [("A", "20261202"), ("D", "20261201")]
    silent.put(pin("773311", NEXT))
    assert silent.files()["bokningar-00000003.csv"][0][0] == "C"


def test_a_snapshot_is_all_that_holds_in_one_file_that_is_replaced(tmp_path: Path) -> None:
    folder = Folder(tmp_path, content="snapshot", name="bokningar.csv")
    folder.put(pin(key="hub-1"))
    folder.put(pin(key="hub-2"))
    assert [line[2] for line in folder.files()["bokningar.csv"]] == ["hub-1", "hub-2"]
    folder.remove("hub-1")
    assert [line[2] for line in folder.files()["bokningar.csv"]] == ["hub-2"]


def test_a_snapshot_is_whole_though_the_system_took_the_last_and_we_lost_our_state(tmp_path: Path) -> None:
    folder = Folder(tmp_path, content="snapshot", name="bokningar.csv")
    folder.put(pin(key="hub-1"))
    (folder.inside / "bokningar.csv").unlink()
    folder.state.kept.clear()
    run(folder.another().put_credential(pin(key="hub-2")))
    assert [line[2] for line in folder.files()["bokningar.csv"]] == ["hub-1", "hub-2"]


def test_a_card_with_its_pin_stands_in_one_row(silent: Folder) -> None:
    both = Credential(
        key="hub-1",
        method=Method.CARD,
        value=SecretStr("0090"),
        second_value=SecretStr("048291"),
        windows=frozenset({EVENING}),
    )
    silent.put(both)
    ((line,),) = silent.files().values()
    assert line[6:10] == ["048291", "0090", "", "CARD+PIN"]


def test_without_receipts_nothing_more_is_claimed_than_that_it_was_sent(silent: Folder) -> None:
    assert silent.put(pin()).condition is silent.remove().condition is Condition.SENT
    assert not isinstance(silent.doors, ReadsCredentials)


def test_without_receipts_what_is_asked_for_again_is_said_again(silent: Folder) -> None:
    for _ in range(2):
        silent.put(pin())
    for _ in range(2):
        silent.remove()
    assert [lines[0][0] for lines in silent.files().values()] == ["A", "C", "D", "D"]


def test_what_has_gone_is_forgotten_when_its_time_is_over(silent: Folder) -> None:
    silent.put(pin(key="hub-1"))
    silent.remove("hub-1")
    silent.clock.move(timedelta(days=2))
    silent.put(pin(key="hub-2"))
    notes = sorted((silent.inside / ".knutpunkt").glob("ledger-*"))
    assert [row.key for row in Ledger.model_validate_json(notes[-1].read_bytes()).rows] == ["hub-2"]
    assert len(notes) == 2, "the old ones are taken away"


# ---------------------------------------------------------------- how far a file has come


class Stopping(Disk):
    """A process that is stopped when its file should get its name."""

    async def publish(self, file: File) -> None:  # noqa: ARG002 - it is stopped
        raise OSError(5, "stopped")


class Overtaken(Disk):
    """A disk on which another process notes first."""

    async def claim(self, file: File) -> bool:
        await asyncio.to_thread(Path(file.path).write_text, Ledger(sequence=1).model_dump_json())
        return await super().claim(file)


def test_whoever_comes_next_lays_what_was_noted_and_not_laid(silent: Folder) -> None:
    with pytest.raises(UnknownOutcomeError):
        run(silent.another(Stopping()).put_credential(pin(key="hub-1")))
    assert silent.files() == {}
    silent.put(pin(key="hub-2"))
    assert [lines[0][2] for lines in silent.files().values()] == ["hub-1", "hub-2"]


def test_of_two_who_note_at_once_the_second_begins_anew(silent: Folder) -> None:
    with pytest.raises(TransientError, match="another has handed over"):
        run(silent.another(Overtaken()).put_credential(pin()))
    assert silent.files() == {}
    assert sorted(path.name for path in (silent.inside / ".knutpunkt").iterdir()) == ["ledger-00000001.json"]


def test_a_ledger_that_is_none_is_a_persons_and_nothing_is_laid_over_it(silent: Folder) -> None:
    silent.put(pin())
    (silent.inside / ".knutpunkt" / "ledger-00000001.json").write_text("{")
    with pytest.raises(RejectedError, match="backup"):
        silent.put(pin(key="hub-2"))


def test_nobody_finds_half_a_file(silent: Folder) -> None:
    silent.put(pin())
    assert [path.name for path in silent.inside.rglob("*.tmp")] == []
    assert sorted(path.name for path in silent.inside.iterdir()) == [".knutpunkt", "bokningar-00000001.csv"]


# ---------------------------------------------------------------- receipts


def test_a_receipt_proves_and_until_then_it_is_coming(answering: Folder) -> None:
    assert answering.put(pin()).condition is Condition.COMING
    assert answering.read().condition is Condition.COMING
    answering.taken()
    assert answering.read().condition is answering.put(pin()).condition is Condition.STANDING
    assert answering.files() == {}, "what stands is not said again"
    assert answering.remove().condition is Condition.COMING
    assert answering.read().condition is Condition.COMING, "it may open yet"
    answering.taken()
    assert answering.read() is None


def test_a_refusal_is_told_once_and_then_said_anew(answering: Folder) -> None:
    answering.put(pin())
    answering.taken("ERR", "unknown-card")
    assert answering.read().condition is Condition.FAILED
    with pytest.raises(RejectedError, match=r"unknown-card"):
        answering.put(pin())
    assert answering.files() == {}
    assert answering.put(pin()).condition is Condition.COMING
    answering.taken()
    assert answering.read().condition is Condition.STANDING


def test_a_reason_that_may_be_a_name_is_not_told_on(answering: Folder) -> None:
    answering.put(pin())
    answering.taken("ERR", "Anna Berg finns inte")
    assert "Berg" not in answering.read().detail


def test_what_got_no_receipt_is_said_again_after_a_while_and_not_before(answering: Folder) -> None:
    answering.put(pin())
    answering.put(pin())
    assert len(answering.files()) == 1
    answering.clock.move(timedelta(minutes=31))
    answering.put(pin())
    assert len(answering.files()) == 2


def test_a_refused_revoke_is_no_revoke(answering: Folder) -> None:
    answering.put(pin())
    answering.taken()
    answering.remove()
    answering.taken("ERR", "busy")
    with pytest.raises(RejectedError):
        answering.remove()
    assert answering.read().condition is Condition.FAILED


def test_the_receipt_of_an_older_snapshot_says_nothing_of_a_newer_row(tmp_path: Path) -> None:
    folder = Folder(tmp_path, content="snapshot", receipts={"folder": str(tmp_path / "receipts")})
    folder.put(pin(key="hub-1"))
    folder.taken()
    assert folder.put(pin(key="hub-2")).condition is Condition.COMING
    assert folder.read("hub-1").condition is Condition.STANDING
    folder.taken()
    assert folder.read("hub-1").condition is folder.read("hub-2").condition is Condition.STANDING
    assert folder.remove("hub-1").condition is Condition.COMING
    folder.taken()
    assert folder.read("hub-1") is None


@pytest.mark.parametrize("content", [b"\x81\x8d", b"a\r\nb\r\n", b""])
def test_a_receipt_that_says_nothing_of_a_row_is_no_proof(answering: Folder, content: bytes) -> None:
    answering.put(pin())
    answering.taken()
    (answering.receipts / "bokningar-00000001.csv.ack").write_bytes(content)
    assert answering.read().condition is Condition.FAILED


def test_of_two_words_about_one_row_the_refusal_holds() -> None:
    settings = config(receipts={"folder": "/out"}).receipts
    assert settings is not None
    for lines in (b"x;OK\r\nx;ERR\r\n", b"x;ERR\r\nx;OK\r\n"):
        told = receipt(lines, settings)
        assert told is not None
        assert not told["x"].taken


def test_check_counts_what_waits_and_misses_a_folder(answering: Folder) -> None:
    answering.put(pin())
    about = run(answering.doors.check())
    assert about.detail.startswith("1 files")
    assert about.external_keys == {"Hall A", "Entré"}
    answering.receipts.joinpath("x").write_text("")
    gone = answering.another(receipts={"folder": str(answering.receipts / "gone")})
    with pytest.raises(TransientError, match="receipts"):
        run(gone.check())


def test_the_simulator_stands_in_whatever_the_template_says() -> None:
    template = BOKA | {
        "content": "snapshot",
        "name": "x.csv",
        "encoding": "utf-8",
        "separator": "|",
        "quoting": "always",
    }
    simulator = SftpPanel.standing_in(SetClock(NOW), ["Hall A"], template)
    told = FileConfig.model_validate({**template, **simulator.config()})
    assert (told.encoding, told.separator, told.name) == ("windows-1252", ";", "bokningar-{sequence}.csv")


def test_over_sftp_a_credential_stands_moves_and_goes() -> None:
    async def story() -> list[int]:
        simulator = SftpPanel(SetClock(NOW), ("Hall A",))
        await simulator.start()
        log, clock = logging.getLogger("file"), SetClock(NOW)
        lent = Lent(transport=transport(), clock=clock, state=Memory(), log=log)
        doors = FileAccess(FileConfig.model_validate(dict(simulator.config())), lent)
        assert isinstance(doors, ReceiptedFileAccess)
        counts = []
        try:
            for step in (
                doors.put_credential(pin()),
                doors.put_credential(pin("048291", NEXT)),
                doors.remove_credential(pin().key),
            ):
                assert (await step).condition is Condition.STANDING
                counts.append(sum(one.key == pin().key for one in simulator.credentials()))
            assert await doors.read_credential(pin().key) is None
        finally:
            await simulator.stop()
        return counts

    assert run(story()) == [1, 1, 0]


def test_over_sftp_a_file_without_a_number_is_replaced_and_a_note_is_given_its_name_once() -> None:
    async def story() -> tuple[list[str], bool]:
        simulator = SftpPanel(SetClock(NOW), ("Hall A",))
        simulator.at_once = False
        await simulator.start()
        template = dict(simulator.config()) | {"content": "snapshot", "name": "alla.csv", "receipts": None}
        told = FileConfig.model_validate(template)
        lent = Lent(transport=transport(), clock=SetClock(NOW), state=Memory(), log=logging.getLogger("file"))
        doors = FileAccess(told, lent)
        try:
            await doors.put_credential(pin(key="hub-1"))
            await doors.put_credential(pin(key="hub-2"))
            async with exchange("/in", told.sftp, lent) as (place, _):
                late = File.at("/in/.hub", "ledger-00000002.json", b"late")
                await place.prepare([late])
                claimed = await place.claim(late)
            return [line[2] for line in _lines(simulator.root / "in/alla.csv")], claimed
        finally:
            await simulator.stop()

    assert run(story()) == (["Bokning", "hub-1", "hub-2"], False)


def _lines(path: Path) -> list[list[str]]:
    return [line.split(";") for line in path.read_bytes().decode("cp1252").splitlines()]
