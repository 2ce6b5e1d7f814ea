"""Keys are rotated under load, and the hub is killed wherever it is: nothing is lost, and the old keys go."""

import asyncio
import json
import random
import time
from pathlib import Path

from click.testing import CliRunner, Result

from hub.cli.main import knutpunkt
from hub.store.engine.database import connect
from hub.store.seals import keyring, rotation, sealed
from hub.store.seals.sealed import AUDIT_SECRET, BOOKING_PERSONS, CODE, COLUMNS, Value
from hub.store.seals.sealing import Seal
from tests.faults.clients import Client
from tests.faults.story import Story

KILLS, CLIENTS = 3, 6
SEED = 20261201
DONE_WITHIN = 60.0


def key(story: Story, *words: str) -> Result:
    """`knutpunkt key ...` beside the running hub."""
    told = ["key", *words, "--database", story.place.database]
    return CliRunner().invoke(knutpunkt, told, env={"LANG": "C"}, prog_name="knutpunkt")


def every(story: Story) -> list[Value]:
    connection = connect(story.place.database)
    found = [value for one in COLUMNS for value in sealed.after(connection, one, one.start, limit=100_000)]
    connection.close()
    return found


async def done(story: Story, newest: bytes) -> None:
    """Wait until everything is under that key."""
    give_up = time.monotonic() + DONE_WITHIN
    while True:
        connection = connect(story.place.database)
        now = rotation.progress(connection)
        connection.close()
        if now and now.key == newest.hex() and now.ended:
            return
        assert time.monotonic() < give_up, f"{now}: {story.place.log.read_text()[-2000:]}"
        await asyncio.sleep(0.1)


def test_keys_rotate_under_load_and_through_kills_and_nothing_is_lost(tmp_path: Path) -> None:
    async def told() -> None:
        dice = random.Random(SEED)
        async with Story.begun(tmp_path, SEED) as story:
            stopping, walks = asyncio.Event(), set[int]()
            clients = [Client(name, SEED, story.ledger) for name in range(CLIENTS)]
            going = [asyncio.create_task(client.go_on(story.desk, stopping)) for client in clients]
            for _ in range(KILLS):
                await asyncio.sleep(dice.uniform(0.3, 0.8))
                assert key(story, "rotate").exit_code == 0
                await asyncio.sleep(dice.uniform(0.1, 0.6))
                story.kill()
                walks.add(json.loads(key(story, "sealing", "--json").stdout)["percent"])
                await story.restarted()
            file = story.place.folder / "hub.key"
            keys = keyring.read(file)
            assert len(keys.sealing) == 1 + KILLS
            stopping.set()
            await asyncio.gather(*going)
            await done(story, keys.newest.id)
            assert len(walks - {100}) > 1, "and it was killed on the way"
            assert story.ledger.wrong == []
            retired = key(story, "retire")
            assert retired.exit_code == 0, retired.output
            alone = Seal(keyring.read(file))
            assert len(alone.keys.sealing) == 1
            found = every(story)
            tables = {one.table for one in (BOOKING_PERSONS, CODE, AUDIT_SECRET)}
            assert {value.place.split("/")[1] for value in found} == tables
            for value in found:
                assert value.sealed.startswith(alone.newest)
                alone.open(value.sealed, value.place)
            verdict = await story.judged_twice()
            assert verdict.wrong == []
            assert verdict.judged > 0

    asyncio.run(told())
