"""DAK as it really comes: every error that the schema misses, every one that it finds, and what is no DAK at all."""

import io
import re
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.attendance_dak.client import read
from connectors.attendance_dak.config import Dangling
from connectors.attendance_dak.simulator import NAMESPACES, DakExports, member
from connectors.attendance_dak.translate import attendance
from connectors.attendance_dak.versions import Version, quick, thorough
from hub.conformance.driver import SetClock
from hub.model import Attendance, AttendanceMethod, GatheringType, Role
from hub.sdk import RawItem, RejectedError

ANNA, BO = member(0), member(1)


def exports(version: str = "2.2") -> DakExports:
    system = DakExports(SetClock())
    system.version = version
    return system


def items(content: bytes | str, dangling: Dangling = Dangling.MARK) -> list[RawItem]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read(io.BytesIO(raw), dangling))


def one(content: bytes | str, **more: Any) -> tuple[RawItem, Attendance]:
    (item,) = items(content, **more)
    assert not item.fault, item.fault
    return item, attendance(item.content, item.place)


def whole(version: str = "2.2", *changes: tuple[str, str], count: int = 1) -> str:
    """A file of gatherings (the second begins at 18:00), changed somewhere."""
    system = exports(version)
    text = system.document("".join(system.gathering(n) for n in range(1, count + 1))).decode()
    for old, new in changes:
        assert old in text, f"{old} is not there to be changed"
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("version", NAMESPACES)
def test_a_file_of_either_version_means_what_its_system_meant(version: str) -> None:
    system = exports(version)
    found = items(system.file(60))
    assert [attendance(item.content, item.place) for item in found] == list(system.meant())
    assert {item.fault for item in found} == {""}


def test_the_version_is_told_by_the_namespace_and_not_by_the_attribute() -> None:
    text = exports("2.1").file(4).decode().replace('version="2.1"', 'version="2.2"')
    late = next(attendance(item.content, item.place) for item in items(text))
    assert (late.ends_at - late.starts_at).total_seconds() == 3600, (
        "past midnight, with no StoppDatum: only 2.1 says so"
    )


def test_the_whole_day_of_the_old_version() -> None:
    _, told = one(whole("2.1", ("18:00:00", "00:00:00"), ("19:30:00", "00:00:00")))
    assert (told.ends_at - told.starts_at).total_seconds() == 86_400


@pytest.mark.parametrize(
    "metod, method",
    [("Add", AttendanceMethod.REPLACE), ("Update", AttendanceMethod.MERGE), ("Remove", AttendanceMethod.REMOVE)],
)
def test_what_a_method_does(metod: str, method: AttendanceMethod) -> None:
    _, told = one(whole("2.2", ("<Metod>Add", f"<Metod>{metod}")))
    assert told.method is method


def test_a_participant_who_leads_once_is_a_leader_there() -> None:
    text = whole()
    first = re.search(r'<Deltagare id="(M-\d+)"><Handikapp>', text)
    assert first
    text = text.replace(first[0], f'<Deltagare id="{first[1]}" tillfaelligLedare="true"><Handikapp>', 1)
    _, told = one(text)
    assert {mark.role for mark in told.attendees if mark.id == first[1]} == {Role.LEADER}


# ---------------------------------------------------------------- what the standard's own schema does not find


def test_a_list_that_says_one_thing_twice_and_another_never_gives_nobody_the_mark_of_another() -> None:
    text = whole()
    first, second = re.findall(r"<Deltagare id=.M-[^/]*?</Handikapp><Naervarande>(?:true|false)</Naervarande>", text)[
        :2
    ]
    told = re.compile("<Naervarande>(true|false)</Naervarande>")
    text = text.replace(first, told.sub("<Naervarande>true</Naervarande><Naervarande>false</Naervarande>", first))
    text = text.replace(second, told.sub("", second))
    found = one(text)[1].attendees
    assert [mark.present for mark in found[:2]] == [True, True], "one that does not say so is not absent"
    assert [mark.id for mark in found] == [mark.id for mark in one(whole())[1].attendees]


def test_a_mark_of_nobody_is_left_out_and_named() -> None:
    text = whole("2.2", (f'<Deltagare id="{_first_mark()}"><Handikapp>', '<Deltagare id="M-99999"><Handikapp>'))
    item, told = one(text)
    assert any("1 on the lists stand in no register" in remark.text for remark in item.remarks)
    assert len(told.attendees) == 20, "nineteen participants and a leader"
    (strict,) = items(text, Dangling.GATHERING)
    assert "stand in no register" in strict.fault


def _first_mark() -> str:
    found = re.search(r'<Deltagare id="(M-\d+)"><Handikapp>', whole())
    assert found
    return found[1]


def test_a_code_that_stands_twice_counts_on_neither_and_each_is_named() -> None:
    found = items(whole("2.2", ('kod="K000002"', 'kod="K000001"'), count=3))
    assert [bool(item.fault) for item in found] == [True, True, False]
    assert len({item.source_id for item in found}) == 3
    assert "kod K000001 stands twice" in found[0].fault


def test_the_same_code_on_another_card_is_another_gathering() -> None:
    system = exports()
    gathering = system.gathering(1)
    other = (
        '</Sammankomster></Naervarokort><Naervarokort NaervarokortNummer="8"><Aktivitet/><Lokal/><Sammankomster>'
        + gathering
    )
    found = items(system.document(gathering + other))
    assert [(item.source_id, item.fault) for item in found] == [("F1/7/K000001", ""), ("F1/8/K000001", "")]


def test_of_two_persons_with_one_id_the_first_counts_and_it_is_said() -> None:
    text = whole("2.2", ("</DeltagarRegister>", _register(ANNA.id, "Kim", "199001019802") + "</DeltagarRegister>"))
    item, told = one(text)
    assert any("an id stands twice with other data" in remark.text for remark in item.remarks)
    assert "Kim" not in {mark.given_name for mark in told.attendees}


def test_the_same_person_twice_in_a_register_is_one() -> None:
    item, _ = one(
        whole(
            "2.2",
            ("</DeltagarRegister>", _register(ANNA.id, ANNA.given, ANNA.number, ANNA.family) + "</DeltagarRegister>"),
        )
    )
    assert not any("twice" in remark.text for remark in item.remarks)


def _register(id_: str, given: str, number: str, family: str = "Ek") -> str:
    return (
        f'<Deltagare id="{id_}"><Foernamn>{given}</Foernamn><Efternamn>{family}</Efternamn>'
        f"<Personnummer>{number}</Personnummer></Deltagare>\n"
    )


def test_somebody_twice_on_a_list_counts_once_and_came_if_either_says_so() -> None:
    mark = f'<Deltagare id="{_first_mark()}"><Handikapp>false</Handikapp><Naervarande>'
    text = whole("2.2", ("<DeltagarLista>", f"<DeltagarLista>{mark}true</Naervarande></Deltagare>"))
    item, told = one(text)
    assert any("twice on a list" in remark.text for remark in item.remarks)
    assert [came.present for came in told.attendees if came.id == _first_mark()] == [True]


@pytest.mark.parametrize("number", ["19980315TF01", "199803158511", "190002300000"])
def test_a_number_that_does_not_hold_is_kept_apart_and_the_person_counts(number: str) -> None:
    text = whole("2.2", (_register(*_parts(_first_mark())), _register(_first_mark(), "Kim", number)))
    item, told = one(text)
    (kim,) = [mark for mark in told.attendees if mark.given_name == "Kim"]
    assert (kim.identity_number, kim.unverified_number) == (None, number)
    assert any("cannot be checked" in remark.text for remark in item.remarks)
    assert number not in str([item.remarks, item.fault, item.place, item])


def _parts(id_: str) -> tuple[str, str, str, str]:
    who = member(int(id_[2:]))
    found = re.search(rf'<Deltagare id="{id_}"><Foernamn>(.*?)</Foernamn><Efternamn>(.*?)</Efternamn>', whole())
    assert found
    return id_, found[1], who.number, found[2]


def test_a_gathering_that_ends_before_it_starts_is_refused_where_nothing_says_the_next_day() -> None:
    (item,) = items(whole("2.2", ("19:30:00", "17:30:00")))
    with pytest.raises(RejectedError, match=r"line \d+, /Aktivitetskort/Kommun/Foerening.*StoppTid is before StartTid"):
        attendance(item.content, item.place)


# ---------------------------------------------------------------- what it does find


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("<Lagidrott>false", "<Lagidrott>nej", "Lagidrott: write true or false"),
        ("<Typ>Match", "<Typ>Cup", "Typ: write Traening, Match, Moete or Oevrigt"),
        ("<Lokal>Bana 1", f"<Lokal>{'x' * 151}", "Lokal: at most 150 characters"),
        ("<Aktivitet>Träning 1</Aktivitet>", "", "Sammankomst: Lokal should not stand here; expected Aktivitet"),
        ("<Handikapp>false</Handikapp>", "", "Deltagare: Naervarande should not stand here; expected Handikapp"),
    ],
)
def test_what_the_schema_finds_is_explained_and_counts_where_it_can(old: str, new: str, said: str) -> None:
    item, _ = one(whole("2.2", (old, new)))
    assert said in [remark.text for remark in item.remarks]
    assert all(remark.place.startswith("line ") for remark in item.remarks)


def test_an_empty_number_as_real_producers_leave_it_costs_the_identity_only() -> None:
    text = whole("2.2", (_register(*_parts(_first_mark())), _register(_first_mark(), "Kim", "")))
    item, told = one(text)
    (remark,) = item.remarks[:1]
    assert remark.text.startswith("Personnummer: write twelve digits")
    assert remark.place.endswith("/Aktivitetskort/DeltagarRegister")
    assert [mark.unverified_number for mark in told.attendees if mark.given_name == "Kim"] == [""]


@pytest.mark.parametrize(
    "old, new, why",
    [
        ("<StartTid>18:00:00", "<StartTid>18.00", "StartTid is no time; write HH:MM:SS"),
        ('Datum="2026-01-06"', 'Datum="6 januari"', "Datum is no date; write YYYY-MM-DD"),
        ("<Metod>Add", "<Metod>Lägg till", "Metod is none of"),
    ],
)
def test_what_a_gathering_cannot_do_without_refuses_it(old: str, new: str, why: str) -> None:
    (item,) = items(whole("2.2", (old, new)))
    with pytest.raises(RejectedError, match=re.escape(why)) as refused:
        attendance(item.content, item.place)
    assert refused.value.place == item.place


@pytest.mark.parametrize("attribute", ['foereningsID="F1" ', ' NaervarokortNummer="7"', ' kod="K000001"'])
def test_a_gathering_that_cannot_be_known_is_refused(attribute: str) -> None:
    (item,) = items(whole("2.2", (attribute, "")))
    assert attribute.strip().partition("=")[0] in item.fault


def test_our_schema_and_the_two_readers_of_it_agree() -> None:
    good = whole("2.2", count=5)
    broken = [
        good.replace("<Metod>Add</Metod>", "", 1), good.replace("<Typ>Match", "<Typ>X", 1),
        good.replace("18:00:00", "6 pm", 1), good.replace('kod="K000001"', 'kod="K"', 1),
    ]  # fmt: skip
    for text in (good, *broken):
        for record in etree.fromstring(text.encode()).iter(Version.V22.tag("Sammankomst")):
            assert quick(Version.V22).validate(record) == thorough(Version.V22).is_valid(record)  # type: ignore[arg-type]


def test_what_only_one_version_has_is_odd_in_the_other() -> None:
    late = exports("2.2").gathering(3)
    assert "<StoppDatum>" in late
    (item,) = items(exports("2.1").document(late))
    assert any("StoppDatum should not stand here" in remark.text for remark in item.remarks)
    assert attendance(item.content, item.place).type is GatheringType.OTHER


def test_a_thousand_records_are_explained_and_the_rest_counted() -> None:
    system = exports()
    text = "".join(system.gathering(n).replace("<Typ>", "<Typ>X") for n in range(1100))
    found = items(system.document(text))
    assert sum("explained" in remark.text for item in found for remark in item.remarks) == 100


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    "day, begin, end, starts, minutes",
    [
        ("2026-03-29", "01:00:00", "04:00:00", datetime(2026, 3, 29, 0, tzinfo=UTC), 120),
        ("2026-03-29", "02:30:00", "04:00:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), 30),
        ("2026-10-25", "01:00:00", "04:00:00", datetime(2026, 10, 24, 23, tzinfo=UTC), 240),
        ("2026-10-25", "02:30:00", "02:45:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 15),
        ("2026-10-25", "02:45:00", "02:15:00", datetime(2026, 10, 25, 0, 45, tzinfo=UTC), 30),
        ("2026-11-02", "22:00:00", "24:00:00", datetime(2026, 11, 2, 21, tzinfo=UTC), 120),
    ],
)
def test_the_nights_when_the_clock_is_turned(day: str, begin: str, end: str, starts: datetime, minutes: int) -> None:
    changed = (('Datum="2026-01-06"', f'Datum="{day}"'), ("18:00:00", begin), ("19:30:00", end))
    _, told = one(whole("2.2", *changed))
    assert told.starts_at.astimezone(UTC) == starts
    assert (told.ends_at.astimezone(UTC) - told.starts_at.astimezone(UTC)).total_seconds() == minutes * 60


# ---------------------------------------------------------------- what is no DAK, or means harm

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "unpack"),
        (b"\x1f\x8brest", "unpack"),
        (whole().encode("utf-16"), "save it as UTF-8"),
        (whole().encode("latin-1", "replace"), "no whole XML"),
        (b"<html></html>", "begins with <html>"),
        (b'<Aktivitetskort xmlns="urn:other"/>', "begins with <Aktivitetskort>"),
        (b"name;number\nKim;1", "no whole XML"),
        (f"{BOMB}<Aktivitetskort>&c;</Aktivitetskort>".encode(), "DOCTYPE"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><Aktivitetskort/>', "DOCTYPE"),
        (b"<a>" * 100_000, "no whole XML"),
        (whole("2.2", ("<StoppTid>19:30:00</StoppTid>", "<StoppDatum>2026-01-06</StoppTid>")).encode(), "mismatch"),
    ],
)
def test_what_is_no_dak_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(RejectedError, match=re.escape(why)):
        items(content)


def test_a_file_cut_anywhere_gives_nothing_half() -> None:
    content = exports().file(5)
    for cut in range(1, len(content) - 20, 97):
        with pytest.raises(RejectedError):
            items(content[:cut])


@given(st.binary(max_size=300), st.integers(0, 5000))
def test_any_bytes_anywhere_are_an_error_or_a_meaning(junk: bytes, place: int) -> None:
    content = bytearray(exports().file(2))
    content[place : place + len(junk)] = junk
    with suppress(RejectedError):
        for item in items(bytes(content)):
            if not item.fault:
                attendance(item.content, item.place)


def test_what_waits_for_the_registers_is_unreadable_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    real = tempfile.TemporaryFile

    def watched(**more: Any) -> Any:
        file = real(**more)
        plain = file.write

        class Watched:
            def write(self, content: bytes) -> int:
                written.append(content)
                return int(plain(content))

            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

        return Watched()

    monkeypatch.setattr("connectors.attendance_dak.store.TemporaryFile", watched)
    assert len(items(exports().file(200))) == 200
    on_disk = b"".join(written)
    assert len(on_disk) > 200_000
    assert b"Sammankomst" not in on_disk
    assert b"M-0000" not in on_disk
