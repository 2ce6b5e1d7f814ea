"""The template of one system's file: every supplier has its own, and none of them is public."""

import re
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from hub.sdk import ConnectorConfig, SftpServer

_FORMAT = re.compile(r"(?:%[YymdHMSj]|[^%])*")
_NUMBER = "{sequence}"
Separator = Literal[";", ",", "\t", "|"]


class Holds(StrEnum):
    """What stands in a column."""

    ACTION = "action"
    ID = "id"
    KEY = "key"
    DOOR = "door"
    STARTS = "starts"
    ENDS = "ends"
    PIN = "pin"
    CARD = "card"
    HOLDER = "holder"
    METHOD = "method"
    SEQUENCE = "sequence"
    TEXT = "text"


class Content(StrEnum):
    """What a file says."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"


class Quoting(StrEnum):
    """When a value stands in quotation marks."""

    NONE = "none"
    NEEDED = "needed"
    ALWAYS = "always"


class Encoding(StrEnum):
    """How letters are written."""

    WINDOWS = "windows-1252"
    LATIN_1 = "iso-8859-1"
    UTF_8 = "utf-8"
    UTF_8_BOM = "utf-8-bom"

    @property
    def codec(self) -> str:
        """Python's name for it."""
        return "utf-8-sig" if self is Encoding.UTF_8_BOM else self.value


class LineEnd(StrEnum):
    """What ends a line."""

    CRLF = "crlf"
    LF = "lf"

    @property
    def text(self) -> str:
        """The letters themselves."""
        return "\r\n" if self is LineEnd.CRLF else "\n"


class Column(ConnectorConfig):
    """One column of the file."""

    name: str = Field(min_length=1, description="What the header calls it.")
    holds: Holds = Field(
        description="`action`, `id` (of the row), `key` (of the credential), `door`, `starts`, `ends`, `pin`, `card`, "
        "`holder`, `method`, `sequence` (of the file) or `text` (always the same)."
    )
    format: str = Field(
        default="%Y-%m-%d %H:%M:%S",
        description="Of a time, in Swedish time: `%Y-%m-%d`, `%H:%M`; day and hour may be two columns.",
    )
    text: str = Field(default="", description="What stands in a column of `text`.")

    @model_validator(mode="after")
    def _is_a_format(self) -> Self:
        if not _FORMAT.fullmatch(self.format):
            msg = f"{self.name}: write the format with %Y %y %m %d %H %M %S %j and nothing else that begins with %"
            raise ValueError(msg)
        return self


class Receipts(ConnectorConfig):
    """How the system says what it took."""

    folder: str = Field(min_length=1, description="Where it leaves them; another folder.")
    name: str = Field(default="{file}.ack", description="What it calls one; `{file}` is the file that it is of.")
    separator: Separator = Field(default=";", description="Between its columns.")
    encoding: Encoding = Field(default=Encoding.WINDOWS, description="How letters are written.")
    header: bool = Field(default=False, description="Its first line names the columns.")
    id_column: int = Field(default=1, ge=1, description="Which column, from 1, holds our `id` of the row.")
    result_column: int = Field(default=2, ge=1, description="Which column says how it went.")
    reason_column: int | None = Field(default=3, ge=1, description="Which column says why; none: no reason is told.")
    taken: list[str] = Field(default=["OK"], min_length=1, description="Results that mean taken; all others refuse.")
    again_after_minutes: int = Field(
        default=30, ge=1, description="What got no receipt for so long is written once more when it is asked for again."
    )


class FileConfig(ConnectorConfig):
    """One system's file."""

    folder: str = Field(min_length=1, description="Where files are laid: on this machine or, with `sftp`, there.")
    notes: str = Field(
        default="", description="Our own folder beside, for what was handed over; left out: `.knutpunkt` in `folder`."
    )
    sftp: SftpServer | None = Field(default=None, description="The server; left out: folders on this machine.")
    name: str = Field(
        default=f"bokningar-{_NUMBER}.csv",
        description="Of a file; `{sequence}` is its number. Without it each file replaces the one before.",
    )
    content: Content = Field(description="`snapshot`: each file is all that holds; `delta`: what has changed.")
    columns: list[Column] = Field(min_length=1, description="In their order.")
    doors: dict[str, str] = Field(min_length=1, description="What stands in the file for each door that may be booked.")
    encoding: Encoding = Field(
        default=Encoding.WINDOWS, description="`windows-1252`, `iso-8859-1`, `utf-8` or `utf-8-bom`."
    )
    separator: Separator = Field(default=";", description="Between columns.")
    quoting: Quoting = Field(default=Quoting.NEEDED, description="Quotation marks: `none`, where `needed`, `always`.")
    line_end: LineEnd = Field(default=LineEnd.CRLF, description="`crlf` or `lf`.")
    header: bool = Field(default=True, description="The first line names the columns.")
    add: str = Field(default="A", description="The action of a row that comes, and of every row of a snapshot.")
    change: str = Field(default="C", description="The action of a row that has come before; may be the same as `add`.")
    remove: str = Field(default="D", description="The action of a row that goes.")
    pin_only: str = Field(default="PIN", description="The method of a row with a PIN.")
    card_only: str = Field(default="CARD", description="The method of a row with a card.")
    card_and_pin: str = Field(default="CARD+PIN", description="The method of a row with both.")
    pin_digits: int = Field(default=6, ge=4, le=8, description="How many digits a PIN has.")
    receipts: Receipts | None = Field(
        default=None, description="How the system says what it took; left out: nothing more than `sent` is known."
    )

    def held(self) -> set[Holds]:
        """What the columns hold."""
        return {column.holds for column in self.columns}

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        faults = [*self._missing(), *self._places(), *self._unwritable()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _missing(self) -> list[str]:
        held, faults = self.held(), []
        for need in (Holds.KEY, Holds.DOOR, Holds.STARTS, Holds.ENDS):
            faults += [] if need in held else [f"no column holds {need}"]
        if not held & {Holds.PIN, Holds.CARD}:
            faults.append("no column holds pin or card")
        if self.content is Content.DELTA and not held >= {Holds.ACTION, Holds.ID}:
            faults.append("a delta needs columns that hold action and id")
        if self.receipts and Holds.ID not in held:
            faults.append("receipts need a column that holds id")
        for side in (Holds.STARTS, Holds.ENDS):
            told = "".join(column.format for column in self.columns if column.holds is side)
            if not all(part in told for part in ("%H", "%M")) or not ("%d" in told or "%j" in told):
                faults.append(f"the columns of {side} must tell day, hour and minute")
        return faults

    def _places(self) -> list[str]:
        faults, receipts = [], self.receipts
        paths = [self.folder, *([self.notes] if self.notes else []), *([receipts.folder] if receipts else [])]
        if self.sftp is None and not all(path.startswith("/") for path in paths):
            faults.append("write folders of this machine from the root: /srv/passage/in")
        if len({path.rstrip("/") for path in paths}) < len(paths):
            faults.append("folder, notes and the folder of receipts are different folders")
        if self.name.count(_NUMBER) > 1 or not re.fullmatch(r"\w[\w. -]*", self.name.replace(_NUMBER, "1")):
            faults.append("name is letters, digits, dots and hyphens, with {sequence} once or never")
        if _NUMBER not in self.name and (self.content is Content.DELTA or receipts):
            faults.append("a delta, and a file with receipts, has {sequence} in its name: none may replace another")
        if receipts and receipts.name.count("{file}") != 1:
            faults.append("the name of a receipt holds {file} once")
        return faults

    def _unwritable(self) -> list[str]:
        texts = [*self.doors.values(), *(text for c in self.columns for text in (c.name, c.text, c.format))]
        texts += [self.add, self.change, self.remove, self.pin_only, self.card_only, self.card_and_pin]
        bad = [text for text in texts if not _writable(text, self)]
        return [f"the file has no room for {text!r}: another letter, or other quoting" for text in bad]


def _writable(text: str, config: FileConfig) -> bool:
    """Whether it can stand in the file as it is."""
    try:
        text.encode(config.encoding.codec)
    except UnicodeEncodeError:
        return False
    bare = config.quoting is Quoting.NONE and (config.separator in text or '"' in text)
    return text.isprintable() and not bare
