"""The process is killed, or the power goes; tests/faults kills it twenty times, the soak two hundred."""

import asyncio
from pathlib import Path

from tests.faults.story import run


def test_s17_a_hub_that_is_killed_has_lost_nothing_and_doubled_nothing(tmp_path: Path) -> None:
    report = asyncio.run(run(tmp_path, seed=17, kills=3))
    assert report.wrong == []
    assert report.kills >= 3
    assert report.promised > 10, "there was load"
