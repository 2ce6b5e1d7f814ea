"""`python -m tests.soak.rows [--marks 10000000] [--seed 1]`: a file of that many marks, killed in the middle twice.

One gathering in some thousands has a fault of its own. In the end every good one counts once, every bad one is named.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.attendance_dak.simulator import DakExports
from hub.conformance.driver import SetClock
from tests.intake.killing import a_home, importing, kept, kill_when

ON_A_LIST = 21
BAD_EVERY = 5000
SPOILT = (
    ("<StartTid>", "<StartTid>kl "),
    ("<Metod>Add", "<Metod>Replace"),
    ('Datum="', 'Datum="den '),
    ("<StoppTid>", "<StoppTid>25:"),
)
"""Each makes a gathering that cannot be told."""


def main() -> int:
    """Import, judge, and tell it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.rows")
    parser.add_argument("--marks", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knutpunkt-rows-") as folder:
        report = judged(a_home(Path(folder)), told.marks, random.Random(told.seed))
    print(json.dumps(report, indent=1))
    return 1 if report["wrong"] else 0


def judged(home: Path, marks: int, chance: random.Random) -> dict[str, Any]:
    """Import a file of so many marks, killed twice, and see what is there."""
    count = -(-marks // ON_A_LIST)
    bad = set(chance.sample(range(count), max(2, count // BAD_EVERY)))
    with (home / "big.xml").open("wb") as file:
        file.writelines(spoilt(DakExports(SetClock()).pieces(count), bad, chance))
    first = kill_when(home, chance.randrange(count // 5, count // 3), seconds=3600)
    second = kill_when(home, chance.randrange(first + count // 10, count * 4 // 5), seconds=3600)
    began = time.monotonic()
    with importing(home) as process:
        out, _ = process.communicate()
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    found = {
        "gatherings in the file": count,
        "megabytes": round((home / "big.xml").stat().st_size / 1e6),
        "on disk at the first kill": first,
        "on disk at the second kill": second,
        "seconds of the last import": round(time.monotonic() - began),
        "gatherings kept": kept(home),
        "marks kept": kept(home, "SELECT count(*) FROM marks"),
        "rows kept": kept(home, "SELECT count(*) FROM intake"),
        "rows in quarantine": kept(home, "SELECT count(*) FROM intake WHERE state = 'quarantined'"),
        "quarantined with place and reason": kept(
            home, "SELECT count(*) FROM intake WHERE state = 'quarantined' AND place LIKE 'line %' AND reason <> ''"
        ),
        "told": {key: told[key] for key in ("items", "new", "doubles", "quarantined")},
    }
    should = {
        "gatherings kept": count - len(bad),
        "marks kept": (count - len(bad)) * ON_A_LIST,
        "rows kept": count,
        "rows in quarantine": len(bad),
        "quarantined with place and reason": len(bad),
    }
    wrong = [f"{name}: {found[name]}, not {number}" for name, number in should.items() if found[name] != number]
    if told["items"] != count:
        wrong.append(f"items: {told['items']}, not {count}")
    return found | {"wrong": wrong}


def spoilt(pieces: Iterator[bytes], bad: set[int], chance: random.Random) -> Iterator[bytes]:
    """The file, these gatherings of it with a fault."""
    yield next(pieces)
    for n, piece in enumerate(pieces):
        old, new = chance.choice(SPOILT) if n in bad else ("", "")
        yield piece.replace(old.encode(), new.encode(), 1) if old else piece


if __name__ == "__main__":
    sys.exit(main())
