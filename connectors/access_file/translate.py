"""Between canonical credentials, rows, and the letters of a file; pure."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import SecretStr

from connectors.access_file.config import Column, FileConfig, Holds, Quoting, Receipts
from connectors.access_file.ledger import Action, Row, Said, Seen, Step
from hub.model import Credential, Method, Window
from hub.sdk import STOCKHOLM, Condition, RejectedError, Sighting, widened

MARK = "hub-"
"""How every key of ours begins."""
_FORMULA = "=+-@"
"""What a spreadsheet takes for the beginning of a formula. Source: OWASP, CSV Injection, read 2026-11-26."""
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_QUOTING: Mapping[Quoting, Literal[0, 1, 3]] = {
    Quoting.NONE: csv.QUOTE_NONE,
    Quoting.NEEDED: csv.QUOTE_MINIMAL,
    Quoting.ALWAYS: csv.QUOTE_ALL,
}


def rows_of(credential: Credential, config: FileConfig) -> list[Row]:
    """Give what should stand of a credential.

    Raises:
        RejectedError: a door that has no name in the file, or a value that the file has no room for.
    """
    if unknown := {window.door for window in credential.windows} - config.doors.keys():
        raise RejectedError(f"no door {', '.join(sorted(unknown))} in the settings; write what the file calls it")
    if not credential.key.startswith(MARK):
        raise RejectedError(f"{credential.key}: keys begin with {MARK}; give the credential such a key")
    pin, card = _values(credential)
    for what, text in (("key", credential.key), ("PIN", pin), ("card number", card)):
        if text and not _exact(text, config):
            raise RejectedError(f"{credential.key}: its {what} has letters that the file has no room for; change it")
    holder = _loose(credential.holder, config)
    wide = (widened(window) for window in credential.windows)
    return [
        Row(
            key=credential.key, door=w.door, starts_at=w.starts_at, ends_at=w.ends_at, pin=pin, card=card, holder=holder
        )
        for w in wide
    ]


def _values(credential: Credential) -> tuple[str, str]:
    """(PIN, card)."""
    if not isinstance(credential.value, SecretStr):
        raise RejectedError(f"{credential.key}: a file makes up no {credential.method}; let the hub choose it")
    value = credential.value.get_secret_value()
    if credential.method is Method.PIN:
        return value, ""
    return (credential.second_value.get_secret_value() if credential.second_value else ""), value


def _exact(text: str, config: FileConfig) -> bool:
    """Whether it stands in the file as it is, and is nothing else there."""
    bare = config.quoting is Quoting.NONE and (config.separator in text or '"' in text)
    return text.isprintable() and text[0] not in _FORMULA and not bare and text == _encodable(text, config)


def _loose(text: str, config: FileConfig) -> str:
    """A name that breaks nothing: no line end, no formula, and letters that the encoding has."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    if config.quoting is Quoting.NONE:
        shown = shown.replace(config.separator, " ").replace('"', " ")
    return _encodable(" ".join(shown.split()).lstrip(_FORMULA + " "), config)


def _encodable(text: str, config: FileConfig) -> str:
    return "".join(_letter(letter, config.encoding.codec) for letter in text)


def _letter(letter: str, codec: str) -> str:
    """Itself; without its accent, where the encoding lacks it; else a question mark."""
    for told in (letter, unicodedata.normalize("NFKD", letter)[0]):
        try:
            told.encode(codec)
        except UnicodeEncodeError:
            continue
        return told
    return "?"


# ---------------------------------------------------------------- the file


def written(step: Step, config: FileConfig) -> bytes:
    """Give the file: what opens comes before what shuts."""
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=config.separator, quoting=_QUOTING[config.quoting], lineterminator=config.line_end.text
    )
    if config.header:
        writer.writerow([column.name for column in config.columns])
    for action in step.actions:
        writer.writerow([_cell(column, action, step.ledger.sequence, config) for column in config.columns])
    return text.getvalue().encode(config.encoding.codec)


def _cell(column: Column, action: Action, sequence: int, config: FileConfig) -> str:
    row, told = action.row, column.text
    match column.holds:
        case Holds.STARTS:
            told = row.starts_at.astimezone(STOCKHOLM).strftime(column.format)
        case Holds.ENDS:
            told = _end(row, config).astimezone(STOCKHOLM).strftime(column.format)
        case Holds.ACTION:
            told = str(getattr(config, action.what))
        case Holds.DOOR:
            told = config.doors[row.door]
        case Holds.METHOD:
            told = _method(row, config)
        case Holds.SEQUENCE:
            told = str(sequence)
        case Holds.ID | Holds.KEY | Holds.PIN | Holds.CARD | Holds.HOLDER:
            told = str(getattr(row, column.holds))
    return told


def _end(row: Row, config: FileConfig) -> datetime:
    """Where the file has no seconds, the end of its minute: a window is never cut."""
    told = "".join(column.format for column in config.columns if column.holds is Holds.ENDS)
    if "%S" in told or not row.ends_at.second:
        return row.ends_at
    return row.ends_at.replace(second=0) + timedelta(minutes=1)


def _method(row: Row, config: FileConfig) -> str:
    if row.card:
        return config.card_and_pin if row.pin else config.card_only
    return config.pin_only


# ---------------------------------------------------------------- receipts


def receipt(content: bytes, config: Receipts) -> Mapping[str, Said] | None:
    """Give what a receipt says of each row; None: it cannot be read. Of two words about one row a refusal holds."""
    try:
        lines = list(csv.reader(io.StringIO(content.decode(config.encoding.codec)), delimiter=config.separator))
        told: dict[str, Said] = {}
        for line in lines[config.header :]:
            if line:
                row, said = line[config.id_column - 1], _said(line, config)
                told[row] = said if row not in told or told[row].taken else told[row]
    except (UnicodeDecodeError, csv.Error, IndexError):
        return None
    return told


def _said(line: Sequence[str], config: Receipts) -> Said:
    """Of a reason only a code is told on: other words may be names."""
    taken = line[config.result_column - 1].strip() in config.taken
    nth = config.reason_column
    reason = line[nth - 1].strip() if nth and nth <= len(line) else ""
    return Said(taken, reason if _CODE.fullmatch(reason) else "")


def standing(seen: Seen, rows: Iterable[Row]) -> tuple[Condition | None, str]:
    """How rows stand: None when none of them is left."""
    told = [(row, seen.said(row)) for row in rows]
    left = [(row, said) for row, said in told if not (row.gone and said and said.taken)]
    refused = [said.reason for _, said in left if said and not said.taken]
    if refused:
        return Condition.FAILED, f"the system refuses it ({refused[0]})" if refused[0] else "the system refuses it"
    if any(said is None for _, said in left):
        return Condition.COMING, ""
    return (Condition.STANDING if left else None), ""


def sighting_of(seen: Seen, key: str) -> Sighting[Credential] | None:
    """Give what was handed over under a key, and how far the system has taken it."""
    rows = seen.ledger.of(key)
    condition, detail = standing(seen, rows)
    if condition is None:
        return None
    left = [row for row in rows if not row.gone] or list(rows)
    card, pin = left[-1].card, left[-1].pin
    value = Credential(
        key=key,
        method=Method.CARD if card else Method.PIN,
        value=SecretStr(card or pin),
        second_value=SecretStr(pin) if card and pin else None,
        windows=frozenset(Window(door=row.door, starts_at=row.starts_at, ends_at=row.ends_at) for row in left),
        holder=left[-1].holder,
    )
    return Sighting(value, condition, detail)
