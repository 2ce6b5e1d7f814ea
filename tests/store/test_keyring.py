"""The key file: its owner's alone, never half written, and changed without losing a key."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.store.seals.keyring import Keys, SealingKey, key_from, read, retire, rotate


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A key file."""
    path = tmp_path / "hub.key"
    key_from(path, made="2026-01-01T00:00:00+00:00")
    return path


def test_a_key_file_is_made_once_and_only_its_owner_reads_it(file: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key_from(file) == key_from(file)
    assert key_from(tmp_path / "other.key") != key_from(file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub.key", "other.key"]


def test_a_file_of_one_key_as_before_is_read_and_keeps_its_key_when_it_is_rotated(tmp_path: Path) -> None:
    old = tmp_path / "old.key"
    old.write_text("2b" * 32 + "\n")
    old.chmod(0o600)
    before = read(old)
    assert before == Keys.of(b"+" * 32)
    after = rotate(old, made="2026-12-01")
    assert after.sealing[:-1] == before.sealing
    assert after.sealing[0].bare
    assert not after.newest.bare
    assert (after.content, after.lookup) == (before.content, before.lookup)
    assert read(old) == after
    assert "2b" * 32 not in old.read_text(), "what the hashes and the old key came from is gone"


def test_a_rotation_adds_a_key_and_keeps_the_rest(file: Path, tmp_path: Path) -> None:
    first = read(file)
    rotate(file, made="2026-12-01")
    third = rotate(file, made="2026-12-02")
    assert third.sealing[0] == first.newest
    assert [key.made for key in third.sealing] == ["2026-01-01T00:00:00+00:00", "2026-12-01", "2026-12-02"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["hub.key"]


def test_a_retired_key_is_gone_and_the_newest_never_is(file: Path) -> None:
    old, new = read(file).newest, rotate(file, made="2026-12-01").newest
    kept = retire(file, frozenset({old.id, new.id}))
    assert kept.sealing == (new,)
    assert old.secret.hex() not in file.read_text()


def test_what_a_killed_rotation_left_is_taken_away_and_a_copy_of_the_operators_stays(
    file: Path, tmp_path: Path
) -> None:
    (tmp_path / "hub.key.x1y2z3.unfinished").write_text("half")
    (tmp_path / "hub.key.bak").write_text(file.read_text())
    rotate(file, made="2026-12-01")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub.key", "hub.key.bak"]


def _rotate_some(path: Path) -> None:
    for _ in range(5):
        rotate(path, made="now")


def test_those_who_rotate_at_once_wait_for_one_another(file: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_rotate_some, [file] * 4))
    assert len(read(file).sealing) == 21


def test_no_key_is_shown() -> None:
    keys = Keys.new("2026-01-01").rotated("2026-12-01")
    shown = repr(keys) + str(keys) + repr(SealingKey(b"1" * 32))
    every = [keys.content, keys.lookup, *(key.secret for key in keys.sealing), b"1" * 32]
    assert not [key for key in every if key.hex() in shown or repr(key)[2:-1] in shown]


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "not hexadecimal", "seal 00 00", "# nothing"])
def test_a_file_that_is_no_key_file_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "hub.key"
    file.write_text(text)
    for use in (key_from, read, lambda path: rotate(path, made="")):
        with pytest.raises(ValueError, match=r"hub\.key: no key file .*restore"):
            use(file)
    assert file.read_text() == text


def test_a_file_with_a_changed_or_missing_line_is_refused_and_its_keys_not_told(file: Path) -> None:
    rotate(file, made="2026-12-01")
    lines = file.read_text().splitlines()
    secrets = [line.split()[2] for line in lines[1:]]
    for number in range(1, len(lines)):
        head, id_, secret, *made = lines[number].split()
        other = f"{int(secret[0], 16) ^ 1:x}{secret[1:]}"
        for changed in (f"{head} {id_} {other}", f"{head} {secret}", f"other {id_} {secret}", *made[:0]):
            file.write_text("\n".join([*lines[:number], changed, *lines[number + 1 :]]))
            with pytest.raises(ValueError, match="no key file") as refused:
                read(file)
            assert not [one for one in secrets if one[:8] in str(refused.value)]
    for missing in (1, 2):
        file.write_text("\n".join(lines[:missing] + lines[missing + 1 :]))
        with pytest.raises(ValueError, match="a key is missing"):
            read(file)


def test_a_missing_file_is_not_made_for_a_database_that_has_been_used(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="put the newest copy"):
        key_from(tmp_path / "hub.key", may_make=False)
    assert list(tmp_path.iterdir()) == []
