"""A system that takes bookings from a folder: it reads a file as soon as it lies there, and leaves a receipt.

Written apart from the connector, from the agreement in README.md.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, FolderSimulator, HasDoors, Misbehaviour, SftpSimulator

ZONE = ZoneInfo("Europe/Stockholm")
COLUMNS = (
    ("Åtgärd", "action"), ("Rad", "id"), ("Bokning", "key"), ("Dörr", "door"), ("Datum", "starts"), ("Från", "starts"),
    ("Till", "ends"), ("Kod", "pin"), ("Kort", "card"), ("Namn", "holder"),
)  # fmt: skip
FORMATS = {"Datum": "%Y-%m-%d", "Från": "%H:%M:%S", "Till": "%Y%m%d %H%M%S"}
AGREED = {
    "name": "bokningar-{sequence}.csv", "encoding": "windows-1252", "separator": ";", "quoting": "needed",
    "line_end": "crlf", "header": True, "add": "A", "change": "C", "remove": "D",
}  # fmt: skip
"""What else it was set up with."""


class Panel(FolderSimulator, HasDoors):
    """Rows by their numbers; rows of its own, which no file may touch."""

    can = frozenset({Misbehaviour.FULL, Misbehaviour.REFUSES})
    folders = ("in", "receipts")
    content: ClassVar[str] = "delta"
    receipted: ClassVar[bool] = True
    without: ClassVar[frozenset[str]] = frozenset({"Kort"})
    """Columns that it was not set up with."""

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.doors = tuple(external_keys) or ("Sporthall A", "Entré & Öst")
        self.names = {f"D{number:02}": door for number, door in enumerate(self.doors)}
        self.rows: dict[str, Mapping[str, str]] = {}
        self.no_room = self.refuses = False
        self.at_once = True
        """Takes what comes as it comes; else when `fetch` is called."""

    def settings(self) -> dict[str, object]:
        """The template that it was set up with."""
        columns = [{"name": name, "holds": holds, "format": FORMATS.get(name, "-")} for name, holds in self.columns]
        doors = {door: code for code, door in self.names.items()}
        told: dict[str, object] = {"content": self.content, "columns": columns, "doors": doors} | AGREED
        receipts = {"folder": self.path("receipts"), "name": "{file}.ack", "separator": ";"} if self.receipted else None
        return told | {"receipts": receipts, "notes": self.path("in") + "/.hub"}

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Name of each, and what it holds."""
        return [column for column in COLUMNS if column[0] not in self.without]

    def path(self, folder: str) -> str:
        """How the hub is told to reach a folder."""
        return str(self.root / folder)

    def config(self) -> Mapping[str, object]:
        return self.settings() | {"folder": self.path("in"), "sftp": None}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - for all of them
        self.no_room, self.refuses = how is Misbehaviour.FULL, how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.no_room = self.refuses = False

    def placed(self, path: str) -> None:
        if self.at_once and path.rpartition("/")[0] == "/in" and path.endswith(".csv"):
            self.fetch()

    def fetch(self) -> None:
        """Take every file that is there, in the order of their names."""
        for path in sorted((self.root / "in").glob("[!.]*.csv")):
            answers = self._taken(path)
            path.unlink()
            if self.receipted:
                lines = "".join(f"{row};{result};{reason}\r\n" for row, result, reason in answers)
                (self.root / "receipts" / f"{path.name}.ack").write_bytes(lines.encode("cp1252"))

    def _taken(self, path: Path) -> list[tuple[str, str, str]]:
        text = path.read_bytes().decode("cp1252")
        if not text.endswith("\r\n") or "\n" in text.replace("\r\n", ""):
            msg = "lines end with CR LF"
            raise ValueError(msg)
        header, *lines = csv.reader(io.StringIO(text), delimiter=";", strict=True)
        if header != [name for name, _ in self.columns]:
            msg = "other columns than were agreed"
            raise ValueError(msg)
        rows = [dict(zip(header, line, strict=True)) for line in lines]
        if self.content == "snapshot":
            self.rows = {row: told for row, told in self.rows.items() if row in {one["Rad"] for one in rows}}
        return [self._take(row) for row in rows]

    def _take(self, row: Mapping[str, str]) -> tuple[str, str, str]:
        number, what = row["Rad"], row["Åtgärd"]
        new = what != "D" and number not in self.rows
        if self.refuses or (self.no_room and new):
            return number, "ERR", "full" if self.no_room else "Anna Berg finns inte"
        if what == "D":
            self.rows.pop(number, None)
        elif what in {"A", "C"} and row["Dörr"] in self.names:
            self.rows[number] = row
        else:
            return number, "ERR", "unknown"
        return number, "OK", ""

    def credentials(self) -> Iterable[Credential]:
        """Tell what opens: every row."""
        yield Credential(
            key="vaktmästare",
            method=Method.CARD,
            value=SecretStr("77"),
            windows=frozenset(Window.always(door) for door in self.doors),
        )
        for row in self.rows.values():
            yield Credential(
                key=row["Bokning"],
                method=Method.CARD if row.get("Kort") else Method.PIN,
                value=SecretStr(row.get("Kort") or row["Kod"]),
                second_value=SecretStr(row["Kod"]) if row.get("Kort") and row.get("Kod") else None,
                windows=frozenset({self._window(row)}),
            )

    def _window(self, row: Mapping[str, str]) -> Window:
        starts = datetime.strptime(f"{row['Datum']} {row['Från']}", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - wall time
        ends = datetime.strptime(row["Till"], "%Y%m%d %H%M%S")  # noqa: DTZ007 - likewise
        return Window(door=self.names[row["Dörr"]], starts_at=_moment(starts), ends_at=_moment(ends))


class SnapshotPanel(Panel):
    """One for cards, that is told all each time."""

    content = "snapshot"
    without = frozenset({"Kod"})


class SftpPanel(SftpSimulator, Panel):
    """One whose folders are on an SFTP server."""

    def path(self, folder: str) -> str:
        return f"/{folder}"

    def config(self) -> Mapping[str, object]:
        return self.settings() | {"folder": "/in", "sftp": self.server}


def _moment(wall: datetime) -> datetime:
    """Of the two that an ambiguous wall time may mean, the later."""
    return wall.replace(tzinfo=ZONE, fold=1).astimezone(UTC)
