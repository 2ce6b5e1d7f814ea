"""The cells of a row, read: times on the Swedish wall, phone numbers, amounts with a comma."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hub.calendars.entries import Fault, UnreadableError
from hub.calendars.mapping import TableMapping
from hub.calendars.options import Places, plain
from hub.calendars.people import international
from hub.calendars.zones import SWEDISH

_DAY = timedelta(days=1)
_EARLIEST, _LATEST = 2000, 2199


class Cell(NamedTuple):
    """A cell, and the heading of its column; a constant has none."""

    column: str
    text: str


@dataclass(frozen=True)
class Row:
    """One row by fields; empty cells are not there. `fault` when it cannot be read at all."""

    line: int
    cells: dict[str, Cell]
    mapping: TableMapping
    fault: Fault | None = None

    def column(self, field: str) -> str:
        """The heading over a field, or the field's name where the table has no such column."""
        cell = self.cells.get(field)
        named = {told: name for name, told in self.mapping.columns.items()}
        return cell.column if cell and cell.column else named.get(field, field)

    def text(self, field: str) -> str:
        """What the field says, put in our words where the mapping has some."""
        cell = self.cells.get(field)
        if cell is None:
            return ""
        words = {plain(said): means for said, means in self.mapping.values.get(field, {}).items()}
        return words.get(plain(cell.text), cell.text)

    def unreadable(self, field: str, detail: str) -> UnreadableError:
        """A fault of one of its cells."""
        return UnreadableError(self.line, self.column(field), detail)

    def resource(self, places: Places) -> str:
        """Which resource it is. Raises UnreadableError."""
        told = self.text("resource")
        if not told:
            raise UnreadableError(self.line, self.column("resource"), "says no resource", code="missing-field")
        known = {plain(said): key for said, key in self.mapping.resources.items()}
        found = known.get(plain(told)) or places.find(told)
        if found is None:
            raise UnreadableError(
                self.line, self.column("resource"), places.why_not(told[:100]), code="unknown-resource"
            )
        return found


def written(row: Row, field: str) -> object:
    """A field as a booking writes it. Raises UnreadableError."""
    text = row.text(field)
    match field.rpartition(".")[2]:
        case "revision":
            if not (text.isascii() and text.isdigit()) or len(text) > 16:  # noqa: PLR2004 - digits
                raise row.unreadable(field, "is no revision: write a whole number")
            return int(text)
        case "phone":
            number = international(text)
            if number is None:
                raise row.unreadable(field, "is no phone number, such as +46701740605 or 070-174 06 05")
            return number
        case "quantity" | "unit_price":
            return text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
        case _:
            return text


def moments_of(row: Row) -> tuple[datetime, datetime]:
    """When the row's occasion starts and ends, UTC. Raises UnreadableError."""
    starts = _start(row)
    if "minutes" in row.cells:
        text = row.text("minutes")
        if not (text.isascii() and text.isdigit()) or len(text) > 6:  # noqa: PLR2004 - digits
            raise row.unreadable("minutes", "is no number of minutes")
        return starts, starts + timedelta(minutes=int(text))
    if "ends_at" in row.cells:
        return starts, _moment(row, "ends_at")
    if "ends" not in row.cells:
        raise UnreadableError(row.line, row.column("ends_at"), "the row says no end", code="missing-field")
    day = "end_date" if "end_date" in row.cells else "date"
    ends = _wall(row, day, "ends")
    later = ends <= _wall(row, "date", "starts") and day == "date" if "starts" in row.cells else False
    return starts, SWEDISH(ends + _DAY if later else ends)


def _start(row: Row) -> datetime:
    if "starts_at" in row.cells:
        return _moment(row, "starts_at")
    for field in ("date", "starts"):
        if field not in row.cells:
            raise UnreadableError(row.line, row.column(field), f"the row has no {field}", code="missing-field")
    return SWEDISH(_wall(row, "date", "starts"))


def _wall(row: Row, day: str, time: str) -> datetime:
    if day not in row.cells:
        raise UnreadableError(row.line, row.column(day), f"the row has no {day}", code="missing-field")
    date = _read(row, day, row.mapping.date_format)
    return datetime.combine(date.date(), _read(row, time, row.mapping.time_format, dated=False).time())


def _moment(row: Row, field: str) -> datetime:
    told = _read(row, field, row.mapping.moment_format)
    return told.astimezone(UTC) if told.tzinfo else SWEDISH(told)


def _read(row: Row, field: str, form: str, *, dated: bool = True) -> datetime:
    text = row.text(field)
    try:
        told = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 - a wall time
    except (ValueError, OverflowError):
        raise row.unreadable(field, f"is not written as {form}") from None
    if dated and not _EARLIEST <= told.year <= _LATEST:
        raise row.unreadable(field, f"does not lie between {_EARLIEST} and {_LATEST}")
    return told
