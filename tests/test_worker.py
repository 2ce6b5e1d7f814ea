"""The worker's periodic jobs: what goes wrong in one is told by its place, and stopping is no fault."""

import asyncio
import logging

import pytest

from hub.worker import quietly


def test_what_goes_wrong_in_a_job_is_logged_by_its_place_and_never_by_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def job(secret: str) -> None:
        raise ValueError(secret)

    asyncio.run(quietly(job)("Lena Norberg"))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "ValueError < tests/test_worker.py:" in record.getMessage()
    assert "Lena" not in caplog.text


def test_a_job_that_is_broken_off_because_the_process_stops_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def stopped() -> None:
        going = asyncio.create_task(quietly(asyncio.Event().wait)())
        await asyncio.sleep(0)
        going.cancel()
        await going

    asyncio.run(stopped())
    assert caplog.records == []
