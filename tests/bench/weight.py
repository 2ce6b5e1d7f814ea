"""What the hub weighs with a hundred thousand bookings in its database, and how soon it serves."""

import urllib.request
from pathlib import Path

from tests.bench import importing, load, servers, town
from tests.bench.figures import Figure
from tests.bench.servers import Server

REQUESTS = 200


def measured(folder: Path, rounds: int) -> list[Figure]:
    """Fill a database, then serve it, as many times as there are rounds."""
    database = folder / "weight.db"
    figures = importing.filled(folder, database)
    key = servers.operator_key(folder, database)
    stored = database.stat().st_size / importing.MOST / 1000
    starts, idle, busy = [], [], []
    for turn in range(rounds):
        with servers.served(folder, database) as hub:
            starts.append(hub.seconds)
            idle.append(hub.megabytes)
            _use(hub, key, importing.MOST + (turn + 1) * importing.MOST)
            busy.append(hub.megabytes)
    many = f"{importing.MOST:,}"
    return [
        *figures,
        Figure("a booking with all that hangs on it, on disk, SQLite", "kB", [stored]),
        Figure(f"start with {many} bookings to come, to the first /readyz", "s", starts, 3.0),
        Figure(f"memory of serve with {many} stored, just started", "MB", idle, 150.0),
        Figure("memory of serve after use: bookings put, read and listed", "MB", busy, 150.0),
    ]


def _use(hub: Server, key: str, first: int) -> None:
    """What a day brings: changes, look-ups, lists, the board."""
    load.press(hub.address, key, first=first, seconds=3)
    paths = ["bookings?limit=1000", "status", "readiness?hours=168", "deliveries?limit=1000", "problems"]
    paths += [f"bookings/B-{number:09d}" for number in range(0, REQUESTS * 7, 7)]
    for path in paths:
        url = f"{hub.address}/v1/{town.KEY}/{path}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - our own
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - likewise
            answer.read()
