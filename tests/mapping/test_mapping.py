"""Mapping documents: what they mean, what is wrong with them, and that none can hang or fill the hub."""

import io
import json
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.main import knutpunkt
from hub.configuration.check import check_folder
from hub.configuration.mappings import mapping_names, read_mapping, shipped_mapping
from hub.mapping import ExpressionError, Mapping
from hub.mapping.expressions import Expression, compiled
from hub.mapping.samples import differences, shipped
from hub.model import Attendance
from hub.model.mapping import MappingDocument
from hub.sdk import RejectedError
from tests.scenarios.plays import FOLDER


@pytest.mark.parametrize("name", mapping_names())
def test_every_sample_means_what_is_expected(name: str) -> None:
    folder = shipped() / name
    assert list((folder / "samples").iterdir()), "a mapping without a sample proves nothing"
    assert list(differences(Mapping(shipped_mapping(name)), folder)) == []


def test_a_sample_that_means_something_else_is_told(tmp_path: Path) -> None:
    shutil.copytree(shipped() / "attendance-csv", tmp_path / "mine")
    mapping = tmp_path / "mine" / "mapping.yaml"
    mapping.write_text(mapping.read_text().replace("venue: item.Lokal", "venue: item.Grupp"))
    told = CliRunner().invoke(knutpunkt, ["mapping", "test", str(tmp_path)], env={"LANG": "C"})
    assert told.exit_code == 1
    assert "1 mean something else than expected" in told.output
    assert "+++ hosten.csv" in told.output
    assert CliRunner().invoke(knutpunkt, ["mapping", "test"]).exit_code == 0


def test_a_mapping_without_a_sample_is_not_tested_but_refused(tmp_path: Path) -> None:
    shutil.copytree(shipped() / "attendance-csv", tmp_path / "mine")
    shutil.rmtree(tmp_path / "mine" / "samples")
    told = CliRunner().invoke(knutpunkt, ["mapping", "test", str(tmp_path / "mine")])
    assert told.exit_code == 2
    assert "no sample" in told.output


def test_a_file_is_tried_with_personal_data_masked() -> None:
    sample = shipped() / "attendance-csv" / "samples" / "hosten.csv"
    told = CliRunner().invoke(knutpunkt, ["mapping", "try", "attendance-csv", str(sample)])
    assert told.exit_code == 1, "two of its rows are wrong"
    assert "Öberg" not in told.output
    assert '"identity_number": "********"' in told.output
    assert "line 7: 3 cells, and 13 headings" in told.output
    shown = CliRunner().invoke(knutpunkt, ["mapping", "try", "attendance-csv", str(sample), "--show-personal"])
    assert "Öberg" in shown.output


# ---------------------------------------------------------------- hostile documents and items

DOUBLED = "@|" + "|".join(["[@,@]"] * 60)
"""Small, and said in full more than there is room for."""
HOSTILE = [
    "|".join(["[@,@][]"] * 60),
    "|".join(["[@,@]"] * 60) + "|to_string(@)",
    "|".join(["join('', [@,@])"] * 40),
    "|".join(["replace(@, 'a', 'aaaaaaaaaa')"] * 20),
    "map(&[@,@,@][], " * 30 + "@" + ")" * 30,
    "(" * 900 + "@" + ")" * 900,
    "sort_by([], &@)",
    "@" + "[*]" * 400,
    f"({DOUBLED}) == ({DOUBLED})",
    f"contains([{DOUBLED}], {DOUBLED})",
    f"find([{{a: {DOUBLED}}}], 'a', {DOUBLED})",
    "[" + ",".join("@" * 100) + "]|map(&[" + ",".join("@" * 100) + "], @)[]|map(&length(sort(@)), @)",
    "[" + ",".join("@" * 300) + "]|map(&length(sort(@)), @)",
    "[" + ",".join("@" * 300) + "]|map(&find(@, 'a', [@]), @)",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "data",
    ["a", ["a", "b"] * 20, {"a": [{"a": [1]}] * 50}, [f"{n * 7919 % 15_000}" for n in range(15_000)]],
    ids=["text", "list", "deep", "long"],
)
def test_no_expression_runs_long_or_makes_much(text: str, data: object) -> None:
    began = time.process_time()
    with suppress(ExpressionError):
        made = Expression(text).of(data)
        assert size(made, 0) <= MOST_TOLD, "it ended, and made no more than a message may hold"
    assert time.process_time() - began < LONGEST, "it ended, and in time"


LONGEST = 10
"""Seconds of this processor, where unbounded ones take minutes or years."""


def test_all_that_is_asked_of_one_item_is_bounded_together() -> None:
    dear = "length(sort(item.words))"
    told = {"each": "item.words", "give": {"id": "it", "role": "'leader'", "present": f"{dear} == {dear}"}}
    mapping = table(reads="json", items="@", message={**MESSAGE, "attendees": told})
    content = json.dumps([{"kod": "1", "dag": "2026-11-02", "words": [str(n) for n in range(9000)]}]).encode()
    (item,) = items(mapping, content)
    with pytest.raises(RejectedError, match="steps for one item"):
        list(mapping.translate(item))


MOST_TOLD = 10_000_000


def size(made: object, count: int) -> int:
    """Values in what was made; counted no further than the bound."""
    for one in made if isinstance(made, list) else ():
        count = size(one, count + 1)
        if count > MOST_TOLD:
            return count
    return count + (len(made) if isinstance(made, str) else 0)


@given(st.text(max_size=60), st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists))
def test_any_expression_on_anything_is_a_value_or_an_error(text: str, data: Any) -> None:
    with suppress(ExpressionError):
        compiled(text).of(data)


def test_an_error_holds_nothing_of_the_data() -> None:
    with pytest.raises(ExpressionError) as error:
        compiled("local(name, name)").of({"name": "Lena Norberg"})
    assert "Lena" not in str(error.value)


MESSAGE: dict[str, Any] = {
    "association": {"id": "'F'"}, "card": "'1'", "code": "item.kod",
    "starts_at": "local(item.dag, '18:00')", "ends_at": "local(item.dag, '19:00')",
}  # fmt: skip


def table(**more: Any) -> Mapping:
    told: dict[str, Any] = {
        "description": "test", "reads": "csv", "gives": "attendance", "source_id": "item.kod",
        "message": MESSAGE,
    }  # fmt: skip
    return Mapping(MappingDocument.model_validate(told | more))


def items(mapping: Mapping, content: bytes) -> list[Any]:
    return list(mapping.read_file(io.BytesIO(content)))


def test_a_row_in_another_encoding_is_named_and_stops_no_other() -> None:
    found = items(table(), "kod;dag\nå1;2026-11-02\n".encode("latin-1") + b"2;2026-11-03\n")
    assert [bool(item.fault) for item in found] == [True, False]
    assert "another encoding" in found[0].fault
    latin = table(table={"encoding": "iso-8859-1"})
    assert [item.source_id for item in items(latin, "kod;dag\nå1;2026-11-02\n".encode("latin-1"))] == ["å1"]


def test_a_row_in_another_encoding_keeps_its_letters_and_is_understood_when_the_mapping_is_mended() -> None:
    mapping = table()
    (row,) = items(mapping, "kod;dag\nå1;2026-11-02\n".encode("latin-1"))
    with pytest.raises(RejectedError, match="another encoding"):
        list(mapping.translate(row))
    (told,) = table(table={"encoding": "iso-8859-1"}).translate(row)
    assert isinstance(told, Attendance)
    assert told.code == "å1"


def test_headings_in_another_encoding_are_no_headings() -> None:
    with pytest.raises(RejectedError, match="line 1: letters in another encoding"):
        items(table(), "kod;dag;närvaro\n1;2026-11-02;x\n".encode("latin-1"))


def test_a_row_of_too_few_cells_stays_one_when_it_is_tried_again() -> None:
    mapping = table()
    (row,) = items(mapping, b"kod;dag;plats\n1;2026-11-02\n")
    assert row.fault == "2 cells, and 3 headings; correct the row"
    with pytest.raises(RejectedError, match="2 cells, and 3 headings"):
        list(mapping.translate(row))


def test_an_item_that_is_too_large_with_its_context_is_kept_whole_without() -> None:
    mapping = table(reads="json", items="rows", context="{people: people}")
    rows = [{"kod": "1", "dag": "2026-11-02"}, {"kod": "2", "dag": "2026-11-03"}]
    found = items(mapping, json.dumps({"rows": rows, "people": ["x" * 999_950]}).encode())
    assert [json.loads(item.content)["item"] for item in found] == rows
    assert len({item.source_id for item in found}) == 2
    for item in found:
        assert "make `context` smaller" in item.fault
        with pytest.raises(RejectedError, match="and send the file again"):
            list(mapping.translate(item))


@pytest.mark.parametrize("count, letters", [(1, 1_100_000), (2000, 400_000)])
def test_a_context_that_would_make_a_file_many_times_as_large_is_refused(count: int, letters: int) -> None:
    mapping = table(reads="json", items="rows", context="people")
    content = json.dumps({"rows": [{"kod": str(n)} for n in range(count)], "people": "x" * letters})
    with pytest.raises(RejectedError, match="make it smaller"):
        items(mapping, content.encode())


def test_what_is_made_of_a_small_file_for_its_items_has_its_bound() -> None:
    mapping = table(reads="json", items="@", context=DOUBLED)
    with pytest.raises(RejectedError, match="holds more than"):
        items(mapping, b'[{"kod": "1"}]')


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "no column kod"),
        (b"a;b\n1;2\n", "no column kod"),
        (b"kod;dag\n\x00;1\n", "NUL"),
        (b"k" * 2_000_000, "too long"),
    ],
)
def test_what_is_no_such_table_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(RejectedError, match=why):
        items(table(table={"required": ["kod", "dag"]}), content)


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"{}", b'{"meetings": 7}'])
def test_what_is_no_such_json_is_refused(content: bytes) -> None:
    with pytest.raises(RejectedError):
        items(Mapping(shipped_mapping("attendance-skojjt")), content)


def test_a_table_of_a_hundred_thousand_rows_is_read_as_it_comes() -> None:
    class Rows(io.RawIOBase):
        """Makes rows as they are asked for."""

        given = 0

        def read(self, size: int = -1) -> bytes:  # noqa: ARG002 - io's
            self.given += 1
            if self.given == 1:
                return b"kod;dag\n"
            return b"1;2026-11-02\n" * 100 if self.given < 1000 else b""

    rows = Rows()
    reading = table().read_file(rows)  # type: ignore[arg-type]
    assert next(reading).source_id == "1"
    assert rows.given < 20
    assert sum(1 for _ in reading) == 99_799


# ---------------------------------------------------------------- in a municipality's folder


def town(home: Path, mapping: str | None, connection: str) -> Path:
    folder = home / "town"
    shutil.copytree(FOLDER, folder)
    (folder / "connections" / "lists.yaml").write_text(connection)
    if mapping is not None:
        (folder / "mappings" / "mine").mkdir(parents=True)
        (folder / "mappings" / "mine" / "mapping.yaml").write_text(mapping)
    return folder


FILE = "mappings/mine/mapping.yaml"
CONNECTION = "connector: mapped_files\nmode: live\nsettings: {}\nmapping: mine\n"
MINE = (shipped() / "attendance-csv" / "mapping.yaml").read_text()


def codes(folder: Path) -> list[tuple[str, str, int]]:
    report = check_folder(folder, environment={})
    return [(one.code, one.file, one.line) for one in report.findings if one.severity.value == "error"]


def test_a_folders_own_mapping_is_read_and_counted(tmp_path: Path) -> None:
    folder = town(tmp_path, MINE, CONNECTION)
    assert codes(folder) == []
    assert check_folder(folder, environment={}).read.mappings == 1


@pytest.mark.parametrize(
    "mapping, connection, found",
    [
        (None, CONNECTION, ("unknown-mapping", "connections/lists.yaml", 4)),
        (None, CONNECTION.replace("mapping: mine\n", ""), ("missing-key", "connections/lists.yaml", 1)),
        (MINE.replace("reads: csv", "reads: xls"), CONNECTION, ("wrong-value", FILE, 4)),
        (MINE.replace("card: item.Grupp", "card: item.["), CONNECTION, ("unreadable-expression", FILE, 17)),
        (MINE.replace("gives:", "givs:"), CONNECTION, ("unknown-key", FILE, 9)),
    ],
)  # fmt: skip
def test_check_finds_what_is_wrong_with_file_and_line(
    tmp_path: Path, mapping: str | None, connection: str, found: tuple[str, str, int]
) -> None:
    assert found in codes(town(tmp_path, mapping, connection))


def test_a_folder_that_holds_no_mapping_says_what_one_is(tmp_path: Path) -> None:
    told = CliRunner().invoke(knutpunkt, ["mapping", "try", str(tmp_path), __file__])
    assert told.exit_code == 2
    assert "mapping.yaml" in told.output
    with pytest.raises(Exception, match="samples/ and expected/"):
        read_mapping(tmp_path)
