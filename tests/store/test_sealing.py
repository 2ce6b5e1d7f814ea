"""Personal fields at rest: they open in their own place only, by whichever key of the file has sealed them."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.store.seals.keyring import Keys, key_from, retire, rotate
from hub.store.seals.sealed import BOOKING_PERSONS, CODE, COLUMNS
from hub.store.seals.sealing import Place, Seal, UnknownKeyError
from hub.store.tables.schema import METADATA

SEAL = Seal(bytes(32))
PLACE = BOOKING_PERSONS.place("2480", "B-1")

KEYED_HASHES = {
    "bookings.content", "codes.hash", "intake.source", "intake.version", "gatherings.organisation", "marks.person",
    "keys.hash", "audit.person",
    "documents.content", "spare_codes.hash",
}  # fmt: skip
"""Columns of bytes that are not sealed, but looked up by."""
CHAINED = {f"audit_leaves.{name}" for name in ("mark", "digests", "sealed", "proof", "link")}
"""What is proven and chained, and so never changes: `sealed` is so with a key that `audit_leaves.secret` holds."""


def test_a_sealed_field_opens_in_its_place() -> None:
    assert SEAL.open(SEAL.close("Åsa Berg".encode(), PLACE), PLACE).decode() == "Åsa Berg"


@pytest.mark.parametrize(
    "place",
    ["2480/bookings/persons/B-2", "2480/bookings/body/B-1", "2480/codes/persons/B-1", "1480/bookings/persons/B-1"],
)
def test_a_sealed_field_does_not_open_in_another_municipality_table_column_or_row(place: str) -> None:
    sealed = SEAL.close(b"Lena", PLACE)
    with pytest.raises(InvalidTag):
        SEAL.open(sealed, Place(place))


def test_a_sealed_field_does_not_open_with_another_key_or_changed_by_a_bit() -> None:
    sealed = SEAL.close(b"Lena", PLACE)
    with pytest.raises(InvalidTag):
        Seal(b"1" * 32).open(sealed, PLACE)
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(InvalidTag):
            SEAL.open(bytes(broken), PLACE)


def test_the_same_value_is_never_sealed_the_same_way_twice() -> None:
    sealed = {SEAL.close(b"1234", PLACE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"1234" in one for one in sealed)


def test_hashes_are_keyed_and_each_use_has_its_own_key() -> None:
    assert SEAL.lookup_hash("48291") == SEAL.lookup_hash("48291")
    assert SEAL.lookup_hash("48291") != Seal(b"1" * 32).lookup_hash("48291")
    assert SEAL.lookup_hash("48291") != SEAL.content_hash(b"48291")
    assert SEAL.mark("Lena") != SEAL.mark("lena")


# ---------------------------------------------------------------- several keys


def as_before(value: bytes, place: str, keys: Keys, nonce: bytes = bytes(12)) -> bytes:
    """What version 0.3 wrote."""
    return nonce + AESGCM(keys.sealing[0].secret).encrypt(nonce, value, place.encode())


def test_what_was_sealed_before_values_had_an_id_opens_whatever_its_first_bytes_are() -> None:
    keys = Keys.of(bytes(32)).rotated("2026-12-01")
    seal = Seal(keys)
    for nonce in (bytes(12), *(key.id + bytes(8) for key in keys.sealing)):
        sealed = as_before(b"Lena", PLACE, keys, nonce)
        assert seal.open(sealed, PLACE) == b"Lena"
        renewed = seal.renewed(sealed, PLACE)
        assert renewed is not None, "also where it only looks as if the newest key had sealed it"
        assert renewed.startswith(keys.newest.id)
        assert seal.open(renewed, PLACE) == b"Lena"
        with pytest.raises(InvalidTag):
            seal.open(sealed, CODE.place("2480", "1"))


def test_the_newest_key_seals_and_the_older_ones_open() -> None:
    first = Keys.new("2026-01-01")
    second = first.rotated("2026-12-01")
    old, new = Seal(first), Seal(second)
    sealed = old.close(b"Lena", PLACE)
    assert new.open(sealed, PLACE) == b"Lena"
    assert new.close(b"Lena", PLACE).startswith(second.newest.id)
    assert new.renewed(new.close(b"Lena", PLACE), PLACE) is None
    with pytest.raises(UnknownKeyError, match=second.newest.id.hex()):
        old.open(new.close(b"Lena", PLACE), PLACE)


def test_hashes_stay_the_same_when_keys_rotate_and_tell_nothing_of_the_keys_that_seal() -> None:
    first = Keys.of(bytes(32))
    second = first.rotated("2026-12-01").without(frozenset({first.newest.id}))
    assert [key.id for key in second.sealing] != [key.id for key in first.sealing]
    assert Seal(second).mark("Lena") == Seal(first).mark("Lena")
    assert Seal(second).content_hash(b"x") == Seal(first).content_hash(b"x")
    assert first.newest.secret.hex() not in second.text()


def test_a_seal_follows_its_file_without_being_told(tmp_path: Path) -> None:
    file = tmp_path / "hub.key"
    here, there = Seal(key_from(file), file), Seal(key_from(file), file)
    before = here.close(b"Lena", PLACE)
    rotate(file, made="2026-12-01")
    assert there.follow()
    assert not there.follow(), "only when it is new"
    assert here.open(there.close(b"Berg", PLACE), PLACE) == b"Berg", "a key that is met for the first time is read"
    assert here.newest == there.newest != before[:4]
    retire(file, frozenset({before[:4]}))
    there.follow()
    with pytest.raises(UnknownKeyError):
        there.open(before, PLACE)


@pytest.mark.parametrize("harm", ["gone", "half", "older copy", "of another database"])
def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(tmp_path: Path, harm: str) -> None:
    file = tmp_path / "hub.key"
    key_from(file)
    copy = file.read_text()
    seal = Seal(rotate(file, made="2026-12-01"), file)
    newest, whole = seal.newest, file.read_text()
    match harm:
        case "gone":
            file.unlink()
        case "half":
            file.write_text(whole[: len(whole) // 2])
        case "older copy":
            file.write_text(copy)
        case _:
            file.write_text(Keys.new("").text())
    assert not seal.follow()
    assert "hub.key" in seal.fault
    assert seal.newest == newest
    assert seal.open(seal.close(b"Lena", PLACE), PLACE) == b"Lena"
    file.write_text(whole)
    seal.follow()
    assert seal.fault == ""


def test_threads_that_meet_a_new_key_at_once_all_open_with_it(tmp_path: Path) -> None:
    file = tmp_path / "hub.key"
    here, there = Seal(key_from(file), file), Seal(key_from(file), file)
    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            rotate(file, made=str(n))
            there.follow()
            sealed = [there.close(b"Lena", PLACE)] * 8
            assert list(pool.map(here.open, sealed, [PLACE] * 8)) == [b"Lena"] * 8


def test_a_file_that_could_not_be_read_for_a_while_is_read_when_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hub.key"
    seal = Seal(key_from(file), file)
    rotate(file, made="2026-12-01")

    def refused(_file: Path) -> Keys:
        raise PermissionError(13, "Permission denied", str(file))

    with monkeypatch.context() as shut:
        shut.setattr("hub.store.seals.keyring.read", refused)
        assert not seal.follow()
        assert "Permission denied" in seal.fault
    assert seal.follow(), "its rights have changed, and nothing else of it"
    assert seal.fault == ""


# ---------------------------------------------------------------- every column


def columns_of_bytes() -> set[str]:
    """Every column that could hold a sealed value."""
    tables = METADATA.tables.values()
    every = itertools.chain.from_iterable(table.columns for table in tables)
    return {f"{column.table.name}.{column.name}" for column in every if column.type.python_type is bytes}


def test_every_column_of_bytes_is_sealed_and_registered_or_a_keyed_hash() -> None:
    registered = {one.name for one in COLUMNS}
    assert registered | KEYED_HASHES | CHAINED == columns_of_bytes(), (
        "a new column of bytes: register it in hub/store/seals/sealed.py, so that it is sealed anew when keys rotate"
    )
    assert not registered & (KEYED_HASHES | CHAINED)


@pytest.mark.parametrize("one", COLUMNS, ids=lambda one: one.name)
def test_a_registered_column_is_walked_by_its_primary_key(one: object) -> None:
    column = next(each for each in COLUMNS if each is one)
    table = METADATA.tables[column.table]
    assert [key.name for key in table.primary_key.columns] == list(column.key)
    assert {*column.row, column.column, "municipality"} <= set(table.columns.keys())


def test_a_place_is_bound_to_municipality_table_column_and_row() -> None:
    assert BOOKING_PERSONS.place("2480", "B-1") == "2480/bookings/persons/B-1"
    assert CODE.place("2480", "17") == "2480/codes/sealed/17"
