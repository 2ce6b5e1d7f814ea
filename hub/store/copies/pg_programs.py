"""PostgreSQL's own programs: pg_dump takes a database out as it is at one moment, pg_restore puts it into an empty one.

They are looked for on the PATH, and must be of the server's version or a later one.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hub.errors import RefusedError
from hub.store.copies.archive import Backup
from hub.store.copies.taking import VERSION, Taken, contents, tables
from hub.store.engine import walls
from hub.store.engine.database import Session, connect

_LOOKS, _BETWEEN_LOOKS_SECONDS = 20, 0.1
"""For sessions that are on their way out."""
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'knutpunkt %'"
    " AND pid <> pg_backend_pid()"
)
_WITHOUT = ("--no-owner", "--no-privileges")
"""Owners and their rights are the server's, and another server has others."""
_HOW = ("--format=custom", "--no-password", "--enable-row-security")
"""The wall between municipalities holds for us too, and hides nothing from who is bound to none (`_way`)."""


@contextmanager
def taken(url: str) -> Iterator[Taken]:
    """What pg_dump gives of a moment that we look at too. Raises RefusedError, AwayError."""
    with closing(connect(url, read_only=True)) as connection, connection.snapshot():
        ((snapshot,),) = connection.rows("SELECT pg_export_snapshot()")
        found = contents(connection, "postgresql")
        way, environment = _way(url)
        command = [_found("pg_dump"), *_HOW, *_WITHOUT, f"--snapshot={snapshot}", way]
        with _written(command, environment) as data:
            yield Taken(found, data)


@contextmanager
def _written(command: list[str], environment: dict[str, str]) -> Iterator[IO[bytes]]:
    """What a program writes; read to its end, for only then is it known that all went well."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=said) as running,  # noqa: S603 - our words
    ):
        assert running.stdout is not None  # noqa: S101 - it was asked for
        try:
            yield running.stdout
        except BaseException:
            running.kill()
            raise
        if running.wait() != 0:
            said.seek(0)
            raise _failed(command, said.read())


def load(backup: Backup, url: str, *, replace: bool) -> None:
    """Load the backup, all of it or nothing, in place of what may be replaced; which schema it is stays unsaid.

    Raises:
        RefusedError: the database is in use or may not be replaced, the backup is not whole, or it did not work.
    """
    pg_restore = _found("pg_restore")
    with (
        closing(connect(url)) as connection,
        tempfile.TemporaryFile() as data,
        tempfile.NamedTemporaryFile("w", suffix=".list") as chosen,
    ):
        found = _replaceable(connection, replace=replace)
        backup.unpack(data)
        listed = _done([pg_restore, "--list"], os.environ, data).decode().splitlines(keepends=True)
        chosen.writelines(line for line in listed if not _says_version(line))
        chosen.flush()
        if found:
            connection.run(f"DROP TABLE {', '.join(found)} CASCADE")
        way, environment = _way(url)
        how = ("--single-transaction", "--exit-on-error", "--no-password")
        _done([pg_restore, f"--use-list={chosen.name}", *_WITHOUT, *how, way], environment, data)


def _staying(connection: Session) -> int:
    """How many sessions of hubs there are; one that has just been left ends a moment later."""
    looks = 1
    while (others := int(connection.rows(_OTHERS)[0][0])) and looks < _LOOKS:
        time.sleep(_BETWEEN_LOOKS_SECONDS)
        looks += 1
    return others


def check_unused(connection: Session) -> None:
    """See that no hub is in the database. Raises RefusedError."""
    if others := _staying(connection):
        raise RefusedError("database-in-use", f"{others} sessions of hubs are in the database: stop them first")


def _replaceable(connection: Session, *, replace: bool) -> list[str]:
    """The tables there, when they may go. Raises RefusedError."""
    check_unused(connection)
    found = tables(connection, "postgresql")
    if found and VERSION not in found:
        raise RefusedError("not-empty", "the database holds tables of something else: give the hub its own")
    if found and not replace and connection.rows(f"SELECT 1 FROM {VERSION}"):
        raise RefusedError("not-empty", "the database is not empty: back it up, then say --replace")
    return found


def _says_version(line: str) -> bool:
    return " TABLE DATA " in line and f" {VERSION} " in line


def _done(command: list[str], environment: "dict[str, str] | os._Environ[str]", data: IO[bytes]) -> bytes:
    data.seek(0)
    done = subprocess.run(command, env=environment, stdin=data, capture_output=True, check=False)  # noqa: S603 - our words
    if done.returncode != 0:
        raise _failed(command, done.stderr)
    return done.stdout


def _found(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        msg = f"{program} is not on the PATH: install PostgreSQL's client programs, of the server's version or later"
        raise RefusedError("program-missing", msg)
    return found


def _way(url: str) -> tuple[str, dict[str, str]]:
    """How a program gets there: with the password in its environment, where nobody else on the machine sees it."""
    told: dict[str, Any] = conninfo_to_dict(url)
    told["options"] = f"{told.get('options') or ''} -c {walls.SETTING}={walls.ALL}".strip()
    password = told.pop("password", None)
    more = {"PGPASSWORD": password} if password else {}
    return f"--dbname={make_conninfo(**told)}", {**os.environ, **more}


def _failed(command: list[str], said: bytes) -> RefusedError:
    """What it says of rows it says after the first line, and that is left out."""
    program, lines = command[0].rpartition("/")[2], said.decode(errors="replace").splitlines()
    first = lines[0] if lines else "no reason told"
    return RefusedError("program-failed", f"{program}: {first.removeprefix(f'{program}: ')}")
