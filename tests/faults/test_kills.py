"""kill -9 at seeded random moments under load. `make soak` does many times as many, with other seeds."""

import asyncio
from pathlib import Path

from tests.faults.story import run

KILLS, CLIENTS = 10, 6
SEED = 20261121


def test_whatever_was_promised_is_there_and_every_door_and_lamp_is_right_after_ten_kills(tmp_path: Path) -> None:
    report = asyncio.run(run(tmp_path, seed=SEED, kills=KILLS, clients=CLIENTS))
    assert report.wrong == []
    assert report.kills >= KILLS
    assert report.promised > 5 * KILLS, "there was load"
    assert {name.split()[1] for name in report.calls} == {"done", "dropped", "unanswered", "late"}, (
        "and there were faults"
    )
