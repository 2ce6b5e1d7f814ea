"""Backups: whole and of one moment while hubs go on, and a database that begins anew where one ends."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.clock import NEVER
from hub.delivery.posts import posting
from hub.errors import RefusedError
from hub.service.keeping import backups
from hub.service.keeping.backups import Restored, back_up, begin_in_place, restore
from hub.service.rulebook import Rulebook
from hub.service.subscribers.feed import Cursor, Feed
from hub.store import feed, postings, subscriptions
from hub.store.copies import pg_programs, taking
from hub.store.copies.archive import Backup
from hub.store.engine.database import Connection, connect, is_postgresql
from hub.store.engine.migrating import migrate, ready
from hub.store.engine.writer import Readers, Writer
from hub.store.seals.keyring import key_from
from hub.store.seals.sealing import Seal
from tests.counterparts.postgres import Postgres
from tests.databases import KINDS, POSTGRESQL, in_file

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
INSERT = "INSERT INTO events(municipality, type, subject, body, at) VALUES('2480', 'problem.started', ?, '{}', 0)"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


class Rebuilt:
    """A PostgreSQL database whose tables are made anew for each test: what is restored may leave it without any."""

    def __init__(self, server: Postgres) -> None:
        self.url = server.database()
        migrate(self.url)
        with closing(connect(self.url)) as connection:
            tables = taking.tables(connection, "postgresql")
        self._none = f"DROP TABLE IF EXISTS {', '.join(tables)} CASCADE;".encode()
        words = ["pg_dump", "--inserts", "--no-owner", "--enable-row-security", f"--dbname={self.url}"]
        told = subprocess.run(words, check=True, capture_output=True).stdout
        self._tables = b"".join(line for line in told.splitlines(keepends=True) if not line.startswith(b"\\"))

    def anew(self) -> str:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(self._none + self._tables)
        return self.url


@pytest.fixture(scope="module")
def rebuilt(postgres: Postgres) -> Rebuilt:
    return Rebuilt(postgres)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == POSTGRESQL:
        here: Rebuilt = request.getfixturevalue("rebuilt")
        return here.anew()
    return in_file(tmp_path / "hub.db")


@pytest.fixture
def postgresql_database(rebuilt: Rebuilt) -> str:
    return rebuilt.anew()


@pytest.fixture
def empty(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place of the same kind, with nothing in it."""
    if is_postgresql(database):
        server: Postgres = request.getfixturevalue("postgres")
        return server.database()
    return f"sqlite:///{tmp_path}/new.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "night.zip"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key files of PostgreSQL databases lie in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backups").mkdir()


def tell(url: str, *subjects: str) -> None:
    with closing(connect(url)) as connection, connection.transaction():
        feed.begin_epoch(connection)
        for subject in subjects:
            connection.run(INSERT, (subject,))


def told(url: str) -> list[tuple[int, str]]:
    with closing(connect(url)) as connection:
        return [(id_, subject) for id_, subject in connection.rows("SELECT id, subject FROM events ORDER BY id")]


def brought_back(url: str, file: Path, *, at: datetime = NOON, **how: bool) -> Restored:
    return restore(url, file, at=at, **({"replace": False, "paused": False} | how))


# ---- what a backup is


def test_what_was_there_comes_back_into_an_empty_place(database: str, empty: str, file: Path) -> None:
    tell(database, "a", "b")
    manifest = back_up(database, file, at=NOON)
    brought_back(empty, file)
    assert told(empty) == told(database)
    assert manifest.contents.counts["events"] == 2
    ready(empty)


def test_the_wall_between_municipalities_comes_back_too(
    postgresql_database: str, postgres: Postgres, file: Path
) -> None:
    back_up(postgresql_database, file, at=NOON)
    empty = postgres.database()
    brought_back(empty, file)
    assert walled(empty) == walled(postgresql_database) != []


def walled(url: str) -> list[tuple[Any, ...]]:
    """Tables with the wall, and what it says."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT tablename, row_security_active(tablename), qual FROM pg_policies ORDER BY 1"
        ).fetchall()


def test_a_backup_is_of_one_moment_though_the_hub_writes_on(database: str, file: Path) -> None:
    """Each transaction tells two events: no backup has one without the other."""

    def pairs(connection: Connection, items: list[str]) -> list[None]:
        for item in items:
            connection.run(INSERT, (item,))
            connection.run(INSERT, (item,))
        return [None] * len(items)

    stop = threading.Event()

    async def busy() -> None:
        writer, count = Writer(database), 0
        while not stop.is_set():
            await writer.do(pairs, f"{count}")
            count += 1
        writer.stop()

    working = threading.Thread(target=lambda: asyncio.run(busy()))
    working.start()
    try:
        found: list[int] = []
        for number in range(3):
            while len(told(database)) <= 2 * len(found):
                stop.wait(0.001)
            found.append(back_up(database, file.with_name(f"{number}.zip"), at=NOON).contents.counts["events"])
    finally:
        stop.set()
        working.join()
    assert found == sorted(set(found)), "each a later moment"
    assert all(count and count % 2 == 0 for count in found)


def test_the_key_file_is_named_and_never_contained(database: str, file: Path) -> None:
    path = backups.key_file_of(database)
    secret = key_from(path).newest.secret
    manifest = back_up(database, file, at=NOON)
    assert manifest.key_file.name == path.name
    assert [len(id_) for id_ in manifest.key_file.ids] == [8]
    with zipfile.ZipFile(file) as packed:
        contents = b"".join(packed.read(name) for name in packed.namelist())
    assert manifest.key_file.ids[0].encode() in contents
    assert not any(form in contents for form in (secret, secret.hex().encode(), secret.hex().upper().encode()))


def test_a_restore_tells_which_keys_are_missing(database: str, file: Path) -> None:
    path = backups.key_file_of(database)
    key_from(path)
    back_up(database, file, at=NOON)
    assert brought_back(database, file, replace=True).missing == ()
    ids = Backup(file).manifest.key_file.ids
    path.unlink()
    assert brought_back(database, file, replace=True).missing == ids
    key_from(path)
    assert brought_back(database, file, replace=True).missing == ids, "of another database"


def test_nobody_else_on_the_machine_reads_a_backup(database: str, file: Path) -> None:
    back_up(database, file, at=NOON)
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_a_backup_takes_no_others_place(database: str, file: Path) -> None:
    file.write_bytes(b"an earlier one")
    with pytest.raises(RefusedError, match="choose another name"):
        back_up(database, file, at=NOON)
    assert file.read_bytes() == b"an earlier one"


def test_of_nothing_there_is_no_backup(empty: str, file: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"no database at|nothing to back up"):
        back_up(empty, file, at=NOON)
    assert not (tmp_path / "new.db").exists()
    assert list(file.parent.iterdir()) == []


def test_a_damaged_database_gets_no_backup(sqlite_database: str, file: Path) -> None:
    tell(sqlite_database, *("x" * 500 for _ in range(200)))
    path = Path(sqlite_database.removeprefix("sqlite:///"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9000] + bytes(9000))
    with pytest.raises(RefusedError, match="is damaged"):
        back_up(sqlite_database, file, at=NOON)


def test_a_program_that_is_missing_is_named(
    postgresql_database: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RefusedError, match="pg_dump is not on the PATH: install") as caught:
        back_up(postgresql_database, file, at=NOON)
    assert caught.value.code == "program-missing"
    assert list(file.parent.iterdir()) == []


def test_a_password_is_never_among_a_programs_words() -> None:
    way, environment = pg_programs._way("postgresql://hub:hemligt@127.0.0.1:5/hub?sslmode=require")
    assert "hemligt" not in way
    assert environment["PGPASSWORD"] == "hemligt"
    assert "sslmode=require" in way


# ---- beginning anew


def ids_after(url: str, subject: str) -> int:
    tell(url, subject)
    return told(url)[-1][0]


def test_no_events_id_is_given_twice_however_often_one_backup_is_restored(database: str, file: Path) -> None:
    tell(database, "before")
    back_up(database, file, at=NOON)
    lives = [ids_after(database, "the first life")]
    for hours in (1, 2, 3):
        brought_back(database, file, at=NOON + timedelta(hours=hours), replace=True)
        lives += [ids_after(database, f"life {hours}"), ids_after(database, f"life {hours}")]
    assert lives == sorted(set(lives))


def test_cursors_of_the_lost_time_lead_nowhere(database: str, file: Path) -> None:
    tell(database, "a")
    back_up(database, file, at=NOON)
    with closing(connect(database)) as connection:
        before = Cursor(feed.epoch(connection), 1).written()
    done = brought_back(database, file, replace=True)

    async def ask() -> None:
        readers = Readers(database, threads=1)
        rulebook = Rulebook(Seal(bytes(32)))
        rulebook.town = lambda _key: None  # type: ignore[assignment, method-assign, return-value]
        try:
            page = Feed(readers, rulebook, None)  # type: ignore[arg-type]
            with pytest.raises(RefusedError) as caught:
                await page.page("2480", before, limit=10)
            assert caught.value.code == "cursor-gone"
            assert len((await page.page("2480", Cursor(done.begun.epoch, 0).written(), limit=10)).events) == 1
        finally:
            readers.stop()

    asyncio.run(ask())


def test_where_transactions_are_counted_anew_subscribers_go_on_and_readers_find_all(
    postgresql_database: str, file: Path
) -> None:
    """As on another server, whose numbers are lower than those that the events have."""
    with closing(connect(postgresql_database)) as connection:
        one = subscriptions.add(connection, "2480", "core", url="u", secrets=b"", now=0)
        tell(postgresql_database, "posted")
        posting.fill(connection, *one.place, now=0)
        tell(postgresql_database, "not posted")
        for sql in (
            "events SET xact = xact",
            "subscriptions SET cursor_high = cursor_high",
            "subscriptions SET cursor_low = cursor_low",
        ):
            connection.run(f"UPDATE {sql} + 1000000000000")
    back_up(postgresql_database, file, at=NOON)
    brought_back(postgresql_database, file, replace=True)
    tell(postgresql_database, "new")
    with closing(connect(postgresql_database)) as connection:
        page = feed.page(connection, "2480", feed.beginning(connection, "2480"), limit=10)
        assert [event.subject for event in page.events] == ["posted", "not posted", "new"]
        while posting.fill(connection, *one.place, now=0):
            pass
        due = postings.due(connection, *one.place, now=0, limit=10)
        assert [each.event.subject for each in due] == ["posted", "not posted", "new"]
        assert subscriptions.unread(connection, subscriptions.running(connection)[0]) == 0


def test_a_node_that_slept_through_the_restore_holds_no_lane(database: str, file: Path) -> None:
    with closing(connect(database)) as connection:
        connection.run("INSERT INTO lanes(municipality, connection, key, kind, due) VALUES('2480', 'l', 'k', 'dim', 0)")
    back_up(database, file, at=NOON)
    brought_back(database, file, replace=True)
    with closing(connect(database)) as connection:
        ((token, attempts, look, due),) = connection.rows("SELECT token, attempts, look, due FROM lanes")
    assert token > 1_000_000
    assert (attempts, look, due) == (1, 1, 0)


def test_no_proof_from_before_the_restore_counts(database: str, file: Path) -> None:
    sql = "INSERT INTO lanes(municipality, connection, key, kind, due, effect, delivery, proof) VALUES('2480', {})"
    with closing(connect(database)) as connection:
        connection.run(sql.format(f"'l', 'a', 'dim', {NEVER}, 'standing', 'confirmed', 'read'"))
        connection.run(sql.format(f"'l', 'b', 'record', {NEVER}, 'done', 'confirmed', 'receipt'"))
    back_up(database, file, at=NOON)
    brought_back(database, file, replace=True)
    with closing(connect(database)) as connection:
        found = connection.rows("SELECT key, delivery, proof FROM lanes ORDER BY key")
    assert found == [("a", "due", None), ("b", "confirmed", "receipt")]


def test_what_was_brought_back_by_other_means_begins_anew_too(database: str) -> None:
    tell(database, "a")
    with closing(connect(database)) as connection:
        before = feed.epoch(connection)
    done = begin_in_place(database, at=NOON, paused=False)
    assert done.begun.epoch != before
    assert ids_after(database, "b") > 10**15


# ---- what is refused


def test_what_is_there_is_not_replaced_unless_told(database: str, file: Path) -> None:
    back_up(database, file, at=NOON)
    tell(database, "newer")
    with pytest.raises(RefusedError, match="--replace") as caught:
        brought_back(database, file)
    assert caught.value.code == "not-empty"
    assert [subject for _, subject in told(database)] == ["newer"]
    brought_back(database, file, replace=True)
    assert told(database) == []


@pytest.mark.parametrize("where", [-1, 0.1, 0.5, 0.9])
def test_a_backup_that_is_not_whole_changes_nothing(database: str, file: Path, where: float) -> None:
    tell(database, *(f"{number}" for number in range(300)))
    back_up(database, file, at=NOON)
    whole = file.read_bytes()
    place = int(where * len(whole))
    file.write_bytes(whole[:-2000] if where < 0 else whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    before = told(database)
    with pytest.raises(RefusedError) as caught:
        brought_back(database, file, replace=True)
    assert caught.value.code == "broken-backup"
    assert told(database) == before


def test_a_manifest_that_tells_another_hash_is_not_believed(database: str, file: Path) -> None:
    back_up(database, file, at=NOON)
    with zipfile.ZipFile(file) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    told_hash = Backup(file).manifest.sha256
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in held.items():
            packed.writestr(name, data.replace(told_hash.encode(), b"0" * 64))
    with pytest.raises(RefusedError, match="not what its manifest says"):
        brought_back(database, file, replace=True)


def test_a_backup_of_a_newer_hub_is_refused(database: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back_up(database, file, at=NOON)
    monkeypatch.setattr(backups, "HEAD", "0001")
    with pytest.raises(RefusedError, match=r"newer than this one: install that"):
        brought_back(database, file, replace=True)


def test_a_backup_of_one_kind_does_not_go_into_the_other(
    sqlite_database: str, postgresql_database: str, file: Path
) -> None:
    back_up(sqlite_database, file, at=NOON)
    with pytest.raises(RefusedError, match=r"of SQLite .* another kind of database"):
        brought_back(postgresql_database, file, replace=True)


def test_a_database_that_a_hub_uses_is_not_replaced(database: str, file: Path) -> None:
    back_up(database, file, at=NOON)
    with closing(connect(database)) as hub:
        hub.rows("SELECT 1 FROM events")
        with pytest.raises(RefusedError, match="stop") as caught:
            brought_back(database, file, replace=True)
        assert caught.value.code == "database-in-use"
        with pytest.raises(RefusedError, match="stop"):
            begin_in_place(database, at=NOON, paused=False)


def test_anothers_tables_are_left_alone(postgresql_database: str, postgres: Postgres, file: Path) -> None:
    back_up(postgresql_database, file, at=NOON)
    another = postgres.database()
    with psycopg.connect(another) as connection:
        connection.execute("CREATE TABLE somebody_elses(a int)")
    with pytest.raises(RefusedError, match="give the hub its own"):
        brought_back(another, file, replace=True)


# ---- kill -9


def _dying(place: str, work: Callable[..., Any], words: tuple[Any, ...], *, after: bool) -> None:
    """Do the work, and be killed just before that step, or just after it."""
    module, _, path = place.partition(":")
    owner: Any = import_module(module)
    *outer, name = path.split(".")
    for one in outer:
        owner = getattr(owner, one)
    step = getattr(owner, name)

    def last(*values: Any, **more: Any) -> None:
        if after:
            step(*values, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, last)
    work(*words)


def killed(place: str, work: Callable[..., Any], *words: Any, after: bool = False) -> None:
    process = FORKS.Process(target=_dying, args=(place, work, words), kwargs={"after": after})
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, "it ended before that step"


def _back_up(url: str, file: Path) -> None:
    back_up(url, file, at=NOON)


def _restore(url: str, file: Path) -> None:
    brought_back(url, file, replace=True)


BACKING_UP = [
    pytest.param("hub.store.copies.archive:Packing.data", False, id="before the data"),
    pytest.param("hub.store.copies.archive:Packing.data", True, id="after the data"),
    pytest.param("hub.store.copies.archive:into_place", False, id="before its name"),
    pytest.param("hub.store.copies.archive:into_place", True, id="after its name"),
]


@pytest.mark.parametrize("place, after", BACKING_UP)
def test_a_backup_that_is_killed_leaves_a_whole_file_or_none(
    database: str, file: Path, place: str, *, after: bool
) -> None:
    tell(database, "a")
    killed(place, _back_up, database, file, after=after)
    if file.exists():
        assert Backup(file).manifest.contents.counts["events"] == 1
        brought_back(database, file, replace=True)
    back_up(database, file.with_name("next.zip"), at=NOON)
    assert {one.name for one in file.parent.iterdir()} - {file.name} == {"next.zip"}, "and what it left is gone"


RESTORING = [
    pytest.param("hub.store.copies.archive:Backup.unpack", False, id="before unpacking"),
    pytest.param("hub.store.copies.archive:Backup.unpack", True, id="after unpacking"),
    pytest.param("hub.store.copies.anew:begin", False, id="before beginning anew"),
    pytest.param("hub.store.copies.anew:begin", True, id="before its commit"),
    pytest.param("hub.service.keeping.backups:_begin", True, id="after its commit"),
]


@pytest.mark.parametrize("place, after", RESTORING)
def test_a_restore_that_is_killed_leaves_nothing_that_a_hub_would_start_on_by_half(
    database: str, file: Path, place: str, *, after: bool
) -> None:
    tell(database, "a")
    back_up(database, file, at=NOON)
    tell(database, "lost")
    killed(place, _restore, database, file, after=after)
    if place == "hub.service.keeping.backups:_begin":
        assert [subject for _, subject in told(database)] == (["a"] if is_postgresql(database) else ["a", "lost"])
    elif is_postgresql(database) and place == "hub.store.copies.anew:begin":
        with pytest.raises(RefusedError, match="run knutpunkt restore again"):
            ready(database)
        restore(database, file, at=NOON, replace=False, paused=False)
        assert [subject for _, subject in told(database)] == ["a"]
    else:
        assert [subject for _, subject in told(database)] == ["a", "lost"]


def test_a_restore_that_is_killed_when_the_file_has_its_name_is_done(sqlite_database: str, file: Path) -> None:
    tell(sqlite_database, "a")
    back_up(sqlite_database, file, at=NOON)
    tell(sqlite_database, "lost")
    killed("hub.store.copies.dumping:replace", _restore, sqlite_database, file, after=True)
    assert [subject for _, subject in told(sqlite_database)] == ["a"]
    assert ids_after(sqlite_database, "b") > 10**15


def test_a_log_of_another_database_is_never_taken_for_the_restored_ones(sqlite_database: str, file: Path) -> None:
    back_up(sqlite_database, file, at=NOON)
    path = Path(sqlite_database.removeprefix("sqlite:///"))
    path.unlink()
    path.with_name("hub.db-wal").write_bytes(b"pages of another")
    with pytest.raises(RefusedError, match="put it elsewhere first"):
        brought_back(sqlite_database, file)
    assert not path.exists()
