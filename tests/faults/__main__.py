"""Kill that many times, and tell what was found as JSON; exit 1 for anything wrong.

`python -m tests.faults --kills 200 --seed 7`
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.counterparts.postgres import Postgres
from tests.faults.story import run


def main() -> int:
    """Run, tell, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Kill the hub under load, and judge.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--each", type=int, default=20, help="kills between two judgements")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the hub's folder here")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL, instead of a file")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knutpunkt-faults-") as folder, ExitStack() as stack:
        url = stack.enter_context(Postgres()).database() if told.postgresql else ""
        home = told.keep or Path(folder)
        report = asyncio.run(run(home, seed=told.seed, kills=told.kills, each=told.each, database=url))
    report.wrong = report.wrong[:10]
    print(json.dumps(asdict(report), indent=1, ensure_ascii=False))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
