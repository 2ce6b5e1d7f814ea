"""`python -m tests.soak.shapes [--seed 1]`: ten thousand shapes of each register's answers, and nobody told of.

The property of each is the one of `make test`, where it is tried on three hundred. A register that was tried on fewer,
or has no such property, is wrong.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHAPES = 10_000
REGISTERS = tuple(sorted(path.name for path in (ROOT / "connectors").glob("population_*") if path.is_dir()))
_COUNTED = re.compile(r"(\d+) passing, (\d+) failing, and (\d+) invalid test cases")


def main() -> int:
    """Try all, and tell it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.shapes")
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    tried = {name: _tried(name, seed) for name in REGISTERS}
    wrong = [
        f"{name}: {told['shapes']} of {SHAPES} shapes, {told['failing']} failing: {told['ended']}"
        for name, told in tried.items()
        if told["shapes"] < SHAPES or told["failing"] or told["status"]
    ]
    print(json.dumps({"seed": seed, "registers": tried, "wrong": wrong}, indent=1))
    return 1 if wrong else 0


def _tried(name: str, seed: int) -> dict[str, Any]:
    """What became of the property of one register; `shapes`: how many were judged and good."""
    words = ["-q", "-n0", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=0", "-k", "of_any_shape"]
    words += ["--hypothesis-show-statistics", f"--hypothesis-seed={seed}", f"tests/connectors/{name}"]
    environment = os.environ | {"HYPOTHESIS_PROFILE": "soak"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    counts = Counter[str]()
    for passing, failing, invalid in _COUNTED.findall(done.stdout):
        counts.update(shapes=int(passing), failing=int(failing), invalid=int(invalid))
    ended = next(iter(reversed(done.stdout.strip().splitlines())), done.stderr[-200:])
    return {key: counts[key] for key in ("shapes", "failing", "invalid")} | {"status": done.returncode, "ended": ended}


if __name__ == "__main__":
    sys.exit(main())
