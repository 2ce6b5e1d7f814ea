"""Maintenance windows in a folder: their shape, by day, and over."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.configuration.check import check_folder
from tests.configuration.folders import load_stub, read, small, the_error, with_code, written

LOCKS, LAMPS = "connections/locks.yaml", "connections/lamps.yaml"
NIGHT: dict[str, Any] = {"weekdays": ["tuesday"], "from": "02:00", "until": "04:00"}


def test_a_window_that_is_none_is_told_at_its_line() -> None:
    trees = small()
    trees[LOCKS]["maintenance"] = [NIGHT, NIGHT | {"until": "25:00"}]
    error = the_error(read(trees), "wrong-value")
    assert (error.file, error.path) == (LOCKS, "maintenance.1")
    assert "`25:00` is not written as 02:00" in error.message


def test_a_window_by_day_is_warned_of_where_things_are_told_at_their_time() -> None:
    trees = small()
    day = NIGHT | {"from": "05:00", "until": "06:30"}
    dated = {"from": "2026-12-01T23:00", "until": "2026-12-02T05:00"}
    long = {"from": "2026-12-01T23:00", "until": "2026-12-03T05:00"}
    over = NIGHT | {"from": "23:00", "until": "05:00"}
    trees[LAMPS]["maintenance"] = [NIGHT, day, dated, long, over]
    trees[LOCKS]["maintenance"] = [day]
    found = with_code(read(trees), "daytime-window")
    assert [(each.file, each.path) for each in found] == [(LAMPS, "maintenance.1"), (LAMPS, "maintenance.3")]


def test_a_window_that_is_over_can_be_taken_out(tmp_path: Path) -> None:
    trees = small()
    trees[LOCKS]["maintenance"] = [NIGHT, {"from": "2026-11-20T22:00", "until": "2026-11-21T06:00"}]
    for name, text in written(trees).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for now, count in ((datetime(2026, 11, 21, 5, tzinfo=UTC), 0), (datetime(2026, 11, 21, 5, 1, tzinfo=UTC), 1)):
        report = check_folder(tmp_path, environment={}, load_class=load_stub, now=now)
        assert [each.code for each in report.findings].count("past-window") == count
