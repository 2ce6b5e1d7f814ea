"""How fast webhooks are: python -m tests.webhooks.speed [EVENTS]. The subscriber is in the same process.

The events are about as many bookings as there are events, then about ten each, then all about one.
"""

import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from tests.webhooks.harness import staged

EVENTS = 1_000


def measured(events: int, subjects: int) -> tuple[float, int]:
    """Seconds from the commit of the events until each is received and marked, and how many were received."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        sink, _ = stage.subscribed()
        stage.happen("B-0")
        stage.settle()
        stage.happen(*islice(cycle(f"B-{n}" for n in range(subjects)), events))
        began = time.perf_counter()
        stage.settle()
        took = time.perf_counter() - began
        assert stage.one().waiting == 0
        return took, len(sink.received) - 1


def main() -> None:
    """Measure, and print a line for each spread of events over bookings."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    for subjects in (events, max(events // 10, 1), 1):
        took, received = measured(events, subjects)
        line = f"{received} events about {subjects} bookings: {took:.2f} s, {received / took:.0f}/s"
        sys.stdout.write(f"{line} (limit {EVENTS} in 2 s)\n")


if __name__ == "__main__":
    main()
