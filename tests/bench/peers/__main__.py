"""`make bench PEERS=1 [ARGS="--rounds 1 --count 2000 --only drain-sqlite"]`: the hub beside others, as ratios.

Each measure is printed as it ends, and all once more at the end. Exit 1 when something that must be is in no round.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.__main__ import machine
from tests.bench.peers import accepting, confirming, draining, publishing, timing, wire
from tests.bench.peers.rows import Row, table, unmeasured
from tests.bench.peers.runs import MissingError
from tests.bench.peers.services import Services

Measure = Callable[[Services, int, int], list[Row]]
"""Of what is shared, the rounds, and how many: tasks, bookings, or seconds of each round of accepting."""
MEASURES: dict[str, tuple[Measure, int]] = {
    "accept-sqlite": (accepting.on_sqlite, accepting.SECONDS),
    "accept-pg": (accepting.on_postgresql, accepting.SECONDS),
    "drain-sqlite": (draining.on_sqlite, draining.COUNT),
    "drain-pg": (draining.on_postgresql, draining.COUNT),
    "confirmed": (confirming.measured, confirming.COUNT),
    "wire": (wire.measured, wire.COUNT),
    "timed": (timing.measured, timing.STORED),
    "mqtt": (publishing.measured, publishing.COUNT),
    "read-back": (draining.read_back, draining.COUNT),
}
ROUNDS = 5


def main() -> int:
    """Measure what is asked for, all of it by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description="Measure the hub beside others.")
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), default=list(MEASURES), metavar="|".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--count", type=int, help="of each measure; default: its own")
    parser.add_argument("--on", type=Path, help="a folder on the disk that is meant; default: the temporary one")
    told = parser.parse_args()
    before, began = os.getloadavg(), time.monotonic()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="knutpunkt-peers-", dir=told.on) as name:
        limits = machine(Path(name))
        with Services(Path(name)) as services:
            for kind in told.only:
                print(f"{kind}:", flush=True)
                measure, count = MEASURES[kind]
                try:
                    its = measure(services, told.rounds, told.count or count)
                except MissingError as error:
                    its = [unmeasured(kind, str(error))]
                print(f"{table(its)}\n", flush=True)
                rows += its
    minutes = (time.monotonic() - began) / 60
    print(f"\n{limits}\nLoad before {before[0]:.1f}, after {os.getloadavg()[0]:.1f}; {told.rounds} rounds in turn;"
          f" {minutes:.0f} minutes.\n")  # fmt: skip
    print(table(rows))
    return 1 if any(row.fails for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
