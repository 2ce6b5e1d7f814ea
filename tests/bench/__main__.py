"""`python -m tests.bench [plan] [accept] [accept-pg] [import] [weight] [core] [attendance] [zones]`: must beside is.

Exit 1 when something that must be is not, in any round.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import accepting, attendance, core, importing, load, planning, town, weight, zones
from tests.bench.figures import Figure, Said, table

KINDS: dict[str, Callable[[Path, int], list[Figure]]] = {
    "plan": lambda _folder, rounds: planning.measured(rounds),
    "accept": accepting.measured,
    "accept-pg": accepting.on_postgresql,
    "import": importing.measured,
    "weight": weight.measured,
    "core": core.measured,
    "attendance": attendance.measured,
    "zones": zones.measured,
}
ROUNDS = 3


def main() -> int:
    """Measure what is asked for, all of it by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the hub.")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], metavar="|".join(KINDS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="write every round here too")
    parser.add_argument("--on", type=Path, help="a folder on the disk that is meant; default: the temporary one")
    told = parser.parse_args()
    before = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="knutpunkt-bench-", dir=told.on) as name:
        folder = Path(name)
        town.write(folder)
        limits = machine(folder)
        figures = [one for kind in told.kinds or KINDS for one in KINDS[kind](folder, told.rounds)]
    print(f"{limits}\nLoad before {before[0]:.1f}, after {os.getloadavg()[0]:.1f}; {told.rounds} rounds in turn.\n")
    print(table(figures))
    if told.json:
        told.json.write_text(json.dumps([asdict(one) | {"said": one.said} for one in figures], indent=1) + "\n")
    return 1 if any(one.said is Said.FAIL for one in figures) else 0


def machine(folder: Path) -> str:
    """What was measured on."""
    now = datetime.now(UTC).date()
    return (
        f"{now}; {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}; "
        f"{_synced(folder):,.0f} synced writes of 4 kB a second; pressed by {load.by()}."
    )


def _synced(folder: Path, seconds: float = 1.0) -> float:
    """What the disk allows: writes that each wait until they are there."""
    path, count = folder / "synced", 0
    began = time.monotonic()
    with path.open("wb", buffering=0) as file:
        while time.monotonic() - began < seconds:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    return count / (time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
