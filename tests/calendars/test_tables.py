"""A table as bookings: rows of one number are one, each fault with its line and its column."""

import json
from typing import Any

import pytest

from hub.calendars import Entry, Places, TableMapping, read_mapping, read_table
from hub.errors import InvalidError
from hub.model.booking import Booking
from tests.calendars.text import SAMPLES

PLACES = Places({"hall.court-1": "Bana 1", "hall.court-2": "Bana 2"})
HEADING = "number,revision,status,resource,starts_at,ends_at,customer.kind,customer.name,holder.name"
ROW = "B-1,3,confirmed,hall.court-1,2026-11-23 18:00,2026-11-23 19:00,association,Klubben,Lena"


def table(*rows: str, heading: str = HEADING) -> bytes:
    return "\n".join([heading, *rows]).encode()


def told(entries: list[Entry]) -> list[dict[str, Any]]:
    """Every booking; all must be one of ours."""
    for entry in entries:
        assert entry.booking is not None, [str(fault) for fault in entry.faults]
        Booking.model_validate_json(entry.booking)
    return [json.loads(entry.booking or b"") for entry in entries]


def faults(raw: bytes, mapping: TableMapping | None = None) -> list[str]:
    return [str(fault) for entry in read_table(raw, PLACES, mapping) for fault in entry.faults]


def test_headings_that_are_fields_need_no_mapping() -> None:
    (booking,) = told(read_table(table(ROW), PLACES))
    assert booking == {
        "number": "B-1",
        "revision": 3,
        "status": "confirmed",
        "customer": {"kind": "association", "name": "Klubben"},
        "occasions": [
            {
                "id": "20261123T170000Z",
                "resource": "hall.court-1",
                "starts_at": "2026-11-23T17:00:00+00:00",
                "ends_at": "2026-11-23T18:00:00+00:00",
                "holders": [{"name": "Lena", "credential": {"kind": "pin"}}],
            }
        ],
    }


def test_rows_of_one_number_are_its_occasions_and_rows_of_one_time_its_holders() -> None:
    rows = (
        ROW,
        ROW.replace("Lena", "Sofia"),
        ROW.replace("18:00", "19:00").replace("19:00,a", "20:00,a"),
        ROW.replace("-1,2026", "-2,2026"),
    )
    (booking,) = told(read_table(table(*rows), PLACES))
    assert [(one["id"], one["resource"], len(one["holders"])) for one in booking["occasions"]] == [
        ("20261123T170000Z", "hall.court-1", 2),
        ("20261123T180000Z", "hall.court-1", 1),
        ("20261123T170000Z-2", "hall.court-2", 1),
    ]


def test_a_table_out_of_a_swedish_system_is_read_by_its_mapping() -> None:
    mapping = read_mapping((SAMPLES / "lokalbokning.yaml").read_text(encoding="utf-8"))
    first, second, third = told(read_table((SAMPLES / "lokalbokning.csv").read_bytes(), PLACES, mapping, revision=7))
    assert first["customer"]["name"] == "Umeå Badmintonklubb"
    assert first["occasions"][0]["holders"][0]["phone"] == "+46701740606"
    assert first["charges"] == [
        {
            "occasion": "20261123T170000Z",
            "article": "BADM-60",
            "text": "Badminton",
            "quantity": "1.5",
            "unit_price": "1120.00",
            "vat": "exempt",
        }
    ]
    assert second["status"] == "cancelled"
    assert (third["occasions"][0]["starts_at"], third["occasions"][0]["ends_at"]) == (
        "2027-03-27T21:00:00+00:00",
        "2027-03-28T01:30:00+00:00",
    )
    assert {one["revision"] for one in (first, second, third)} == {7}


def test_the_same_table_twice_is_the_same() -> None:
    assert read_table(table(ROW), PLACES) == read_table(table(ROW), PLACES)


@pytest.mark.parametrize(
    "row, expected",
    [
        (ROW.replace("B-1", ""), "line 2, number: the row has no booking number"),
        (ROW.replace(",3,", ",three,"), "line 2, revision: is no revision"),
        (ROW.replace(",3,", ",,"), "line 2, revision: the row has no revision"),
        (ROW.replace("confirmed", "Bokad"), "line 2, status: "),
        (ROW.replace("hall.court-1", "Ishallen"), "line 2, resource: 'Ishallen' is no resource"),
        (ROW.replace("hall.court-1", ""), "line 2, resource: says no resource"),
        (ROW.replace("2026-11-23 18:00", "igår"), "line 2, starts_at: is not written as iso"),
        (ROW.replace("2026-11-23 18:00", "0001-11-23 18:00"), "line 2, starts_at: does not lie"),
        (ROW.replace("2026-11-23 18:00", ""), "line 2, date: the row has no date"),
        (ROW.replace("2026-11-23 19:00", ""), "line 2, ends_at: the row says no end"),
        (ROW.replace("19:00", "17:00"), "line 2: occasions.ends_at: must be after starts_at"),
        (ROW.replace("association", "club"), "line 2, customer.kind: "),
        (ROW.replace("B-1", "B 1"), "line 2, number: "),
        (ROW + ",more", "line 2: has 10 cells, and the heading 9"),
    ],
)
def test_a_fault_has_its_line_and_its_column(row: str, expected: str) -> None:
    found = faults(table(row, ROW.replace("B-1", "B-2")))
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize("cell", [",3,", "2026-11-23 18:00", "2026-11-23 19:00"])
def test_a_number_that_slipped_into_another_column_is_not_repeated(cell: str) -> None:
    told = faults(table(ROW.replace(cell, cell.replace(cell.strip(","), "19410708-1111"))))
    assert told
    assert "19410708" not in " ".join(told)


def test_rows_of_one_booking_that_disagree_are_refused_with_both_lines() -> None:
    assert faults(table(ROW, ROW.replace("Klubben", "Andra").replace("Lena", "Sofia"))) == [
        "line 3, customer.name: differs from line 2 of the same booking: all its rows say the same"
    ]


def test_a_row_that_cannot_be_read_takes_its_booking_with_it_and_no_other() -> None:
    entries = read_table(table(ROW, ROW + ",more", ROW.replace("B-1", "B-2")), PLACES)
    assert [(entry.number, entry.booking is None) for entry in entries] == [("B-1", True), ("B-2", False)]


@pytest.mark.parametrize(
    "raw, expected",
    [
        (table(ROW, heading=HEADING.replace("status", "Läge")), "line 1: no field is called 'Läge'"),
        (table(ROW, heading=HEADING.replace("revision", "number")), "line 1: two columns are called 'number'"),
        (table(ROW, heading=HEADING.replace("number", "occasion")), "no column is the booking's number"),
        (table(ROW).replace(b"Lena", b"\xc5ke"), "byte 173 is not utf-8"),
        (table(ROW + ' "x" y"', ROW), ""),
        (table(ROW.replace("Lena", '"Lena')), "line 2 is no row of a table"),
    ],
)
def test_a_file_that_is_no_table_is_refused_whole(raw: bytes, expected: str) -> None:
    if not expected:
        assert read_table(raw, PLACES)
        return
    with pytest.raises(InvalidError) as refused:
        read_table(raw, PLACES)
    assert refused.value.faults[0].detail.startswith(expected)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("- a", "the mapping is not a document"),
        ("a: [", "the mapping is not YAML"),
        ("columns: {Nr: nummer}", "columns.Nr: Value error, no field is called 'nummer'"),
        ("columns: {Nr: number, Id: number}", "columns: Value error, number comes from more than one column"),
        ("columns: {Nr: number}\ndate_format: '%Q'", "date_format: Value error, '%Q' has a part that no date has"),
        ("columns: {Nr: number}\nkolumner: {}", "kolumner: Extra inputs are not permitted"),
        ("columns: {}", "columns: Dictionary should have at least 1 item"),
    ],
)
def test_a_mapping_says_what_is_wrong_with_it(text: str, expected: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read_mapping(text)
    assert expected in refused.value.faults[0].detail


def test_a_column_that_the_mapping_wants_and_the_table_lacks_is_named() -> None:
    with pytest.raises(InvalidError, match="there is no column 'Nr'; there are number, revision"):
        read_table(table(ROW), PLACES, read_mapping("columns: {Nr: number}"))
