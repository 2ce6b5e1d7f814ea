"""Broker, network, disk and clocks fail under load, once each. `make soak` does it many times, with other seeds."""

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.counterparts.postgres import Postgres
from tests.faults.troubles import TROUBLES, run

SEED = 20261127


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_was_promised_is_there_and_every_door_and_lamp_is_right_after(
    trouble: str, tmp_path: Path, postgres: Postgres
) -> None:
    report = asyncio.run(run(trouble, tmp_path, seed=SEED, rounds=1, server=lambda: nullcontext(postgres)))
    assert report.wrong == []
    assert report.promised > 0
    assert report.judged > 0
