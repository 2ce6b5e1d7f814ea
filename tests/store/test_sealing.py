"""Personal fields at rest: they open in their own place only, and the key file is its owner's."""

import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from hub.store.sealing import Seal, key_from

SEAL = Seal(bytes(32))
PLACE = "2480/bookings/persons/B-1"


def test_a_sealed_field_opens_in_its_place() -> None:
    assert SEAL.open(SEAL.close("Åsa Berg".encode(), PLACE), PLACE).decode() == "Åsa Berg"


@pytest.mark.parametrize(
    "place",
    ["2480/bookings/persons/B-2", "2480/bookings/body/B-1", "2480/codes/persons/B-1", "1480/bookings/persons/B-1"],
)
def test_a_sealed_field_does_not_open_in_another_municipality_table_column_or_row(place: str) -> None:
    sealed = SEAL.close(b"Lena", PLACE)
    with pytest.raises(InvalidTag):
        SEAL.open(sealed, place)


def test_a_sealed_field_does_not_open_with_another_key_or_changed_by_a_bit() -> None:
    sealed = SEAL.close(b"Lena", PLACE)
    with pytest.raises(InvalidTag):
        Seal(b"1" * 32).open(sealed, PLACE)
    for place in (0, len(sealed) // 2, -1):
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


def test_a_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "hub.key"
    key = key_from(file)
    assert len(key) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key_from(file) == key
    assert key_from(tmp_path / "other.key") != key


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "not hexadecimal"])
def test_a_file_that_is_no_key_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "hub.key"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"hub\.key|hexadecimal"):
        key_from(file)
    assert file.read_text() == text
