"""A table (CSV) as bookings: rows with the same number are one booking, each an occasion, or one more holder of it."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hub.calendars.cells import Cell, Row, moments_of, written
from hub.calendars.entries import Entry, Fault, Gathering, as_json, faults_of, require_size, unusable
from hub.calendars.mapping import FIELDS, OF_THE_BOOKING, TableMapping, as_named
from hub.calendars.options import Places

MOST_ROWS = 200_000
Origins = dict[tuple[str | int, ...], tuple[int, str]]


def read_table(
    raw: bytes, places: Places, mapping: TableMapping | None = None, *, revision: int | None = None
) -> list[Entry]:
    """Every booking of a table as an entry, in the order of their first rows.

    Args:
        raw: the file.
        places: which resource a text means; the mapping's `resources` come first.
        mapping: what the columns are; without one their headings are the fields' names.
        revision: of bookings whose rows tell none; must grow from file to file.

    Raises:
        InvalidError: the file is no table, or lacks a column.
    """
    require_size(raw)
    bookings: dict[str, list[Row]] = {}
    entries: list[Entry] = []
    for row in _rows(raw, mapping):
        number = row.text("number")
        if row.fault or not number:
            fault = row.fault or Fault(row.line, row.column("number"), "missing-field", "the row has no booking number")
            entries.append(Entry(row.line, number, number or None, None, (fault,)))
            continue
        bookings.setdefault(number, []).append(row)
    broken = {entry.number for entry in entries if entry.number}
    whole = {number: rows for number, rows in bookings.items() if number not in broken}
    entries += [_entry(number, rows, places, revision) for number, rows in whole.items()]
    return sorted(entries, key=lambda entry: entry.line)


def _rows(raw: bytes, mapping: TableMapping | None) -> Iterator[Row]:
    told = mapping or as_named()
    try:
        text = raw.decode("utf-8-sig" if told.encoding == "utf-8" else told.encoding)
    except UnicodeDecodeError as error:
        raise unusable(
            f"byte {error.start} is not {told.encoding}: say in the mapping how letters are written"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=told.delimiter, strict=True)
    try:
        heading = [name.strip() for name in next(reader, [])]
        fields = _fields(heading, told, strict=mapping is None)
        before = reader.line_num
        for count, cells in enumerate(reader):
            if count >= MOST_ROWS:
                raise unusable(f"more than {MOST_ROWS} rows: send the table in parts")
            if any(cell.strip() for cell in cells):
                yield _row(before + 1, cells, heading, fields, told)
            before = reader.line_num
    except csv.Error as error:
        raise unusable(f"line {reader.line_num} is no row of a table: {error}") from None


def _fields(heading: list[str], told: TableMapping, *, strict: bool) -> dict[int, str]:
    """Which field each cell of a row is. Raises InvalidError."""
    if doubled := sorted({name for name in heading if name in told.columns and heading.count(name) > 1}):
        raise unusable(f"line 1: two columns are called {doubled[0]!r}")
    if strict and (unknown := [name for name in heading if name not in FIELDS]):
        raise unusable(
            f"line 1: no field is called {unknown[0][:60]!r}; write a mapping, or name it {', '.join(FIELDS)}"
        )
    absent = [] if strict else [name for name in told.columns if name not in heading]
    if absent:
        raise unusable(f"line 1: there is no column {absent[0]!r}; there are {', '.join(heading)[:300]}")
    found: dict[int, str] = {at: told.columns[name] for at, name in enumerate(heading) if name in told.columns}
    if "number" not in found.values():
        raise unusable("no column is the booking's number")
    return found


def _row(line: int, cells: list[str], heading: list[str], fields: dict[int, str], told: TableMapping) -> Row:
    by_field = {field: Cell(heading[at], cells[at].strip()) for at, field in fields.items() if at < len(cells)}
    fixed = {str(field): Cell("", text) for field, text in told.constants.items()}
    fault = None
    if len(cells) != len(heading):
        detail = (
            f"has {len(cells)} cells, and the heading {len(heading)}: look for a {told.delimiter!r} or a quote too many"
        )
        fault = Fault(line, "", "invalid-row", detail)
    return Row(line, fixed | {field: cell for field, cell in by_field.items() if cell.text}, told, fault)


class _Part(NamedTuple):
    """A booking being put together."""

    booking: dict[str, Any]
    origins: Origins
    gathering: Gathering

    def put(
        self, row: Row, field: str, place: tuple[str | int, ...], read: Callable[..., object] | None = None
    ) -> None:
        """Write a row's field at a place, where the row has it."""
        if field not in row.cells:
            return
        value = self.gathering.read(read or written, row, field)
        into: Any = self.booking
        for step in place[:-1]:
            into = into.setdefault(step, {}) if isinstance(into, dict) else into[step]
        into[place[-1]] = value
        self.origins[place] = (row.line, row.column(field))


def _entry(number: str, rows: list[Row], places: Places, revision: int | None) -> Entry:
    first, gathering = rows[0], Gathering()
    part = _Part({"number": number, "revision": revision, "occasions": []}, {(): (first.line, "")}, gathering)
    gathering.faults += [fault for row in rows[1:] for fault in _disagreements(first, row)]
    for field in sorted(OF_THE_BOOKING):
        part.put(first, field, tuple(field.split(".")))
    _put_occasions(part, rows, places)
    part.booking.setdefault("status", "confirmed")
    if part.booking["revision"] is None and "revision" not in first.cells:
        detail = "the row has no revision: give a column, or a number for the file that grows (--revision)"
        gathering.faults.append(Fault(first.line, first.column("revision"), "missing-field", detail))
    faults = gathering.faults or faults_of(part.booking, part.origins)
    return Entry(first.line, number, number, None if faults else as_json(part.booking), tuple(faults))


def _disagreements(first: Row, row: Row) -> Iterator[Fault]:
    for field in sorted(OF_THE_BOOKING & (set(first.cells) | set(row.cells))):
        if first.text(field) != row.text(field):
            detail = f"differs from line {first.line} of the same booking: all its rows say the same"
            yield Fault(row.line, row.column(field), "rows-differ", detail)


def _put_occasions(part: _Part, rows: list[Row], places: Places) -> None:
    """One occasion a row; rows of the same resource and time are the holders of one."""
    known: dict[tuple[object, ...], int] = {}
    for row in rows:
        resource = part.gathering.read(row.resource, places)
        span = part.gathering.read(moments_of, row)
        if resource is None or span is None:
            continue
        at = known.setdefault((resource, *span), len(known))
        if at == len(part.booking["occasions"]):
            times = {"starts_at": span[0].isoformat(), "ends_at": span[1].isoformat()}
            part.booking["occasions"].append({"id": "", "resource": resource, **times, "holders": []})
            _put_occasion(part, row, at, f"{span[0]:%Y%m%dT%H%M%SZ}")
        _put_holder(part, row, at)


def _put_occasion(part: _Part, row: Row, at: int, id_: str) -> None:
    place = ("occasions", at)
    part.origins.update({place: (row.line, ""), (*place, "resource"): (row.line, row.column("resource"))})
    ids = {one["id"] for one in part.booking["occasions"]}
    doubles = (f"{id_}-{n}" for n in range(2, len(ids) + 3))
    part.booking["occasions"][at]["id"] = id_ if id_ not in ids else next(each for each in doubles if each not in ids)
    part.put(row, "occasion", (*place, "id"))
    part.put(row, "activity", (*place, "activity"))
    if "charge.article" in row.cells:
        charges = part.booking.setdefault("charges", [])
        charges.append({"occasion": part.booking["occasions"][at]["id"]})
        part.origins["charges", len(charges) - 1] = (row.line, row.column("charge.article"))
        for field in ("article", "text", "quantity", "unit_price", "vat"):
            part.put(row, f"charge.{field}", ("charges", len(charges) - 1, field))


def _put_holder(part: _Part, row: Row, at: int) -> None:
    if "holder.name" not in row.cells:
        return
    holders = part.booking["occasions"][at]["holders"]
    holders.append({"credential": {"kind": "pin"}})
    place = ("occasions", at, "holders", len(holders) - 1)
    part.origins[place] = (row.line, row.column("holder.name"))
    for field in FIELDS:
        if field.startswith("holder."):
            part.put(row, field, (*place, *field.split(".")[1:]))
