"""A whole hub: what its connections hear is on disk when it has stopped."""

import asyncio
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from hub.demo.stage import MUNICIPALITY, stage
from hub.sdk import RawItem
from hub.store.engine.database import connect
from tests.scenarios.plays import FOLDER, at

NAME = "mqtt-tennishallen"


def test_what_connections_heard_is_kept_when_the_hub_is_stopped(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage(FOLDER, tmp_path, at("2026-11-23 07:00"), 0) as (here, _, _):
            here.hub.intake.hearing.together = timedelta(hours=1)
            running = here.hub.connections.find(MUNICIPALITY, NAME)
            assert running is not None
            for number in range(3):
                running.connector.lent.heard(RawItem(f"unread/{number}", b"?", "hall/air", fault="no JSON"))

    asyncio.run(story())
    with closing(connect(f"sqlite:///{tmp_path / 'demo.db'}")) as connection:
        rows = connection.rows("SELECT municipality, connection, reason FROM intake", ())
    assert rows == [(MUNICIPALITY, NAME, "no JSON")] * 3
