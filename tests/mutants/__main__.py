"""Tell, for each broken connector, which test caught it; exit 1 when one survived."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.broken import ROOT, mutants
from tests.mutants.hunt import caught_by, first_failure


def _unbroken(tests: str) -> str | None:
    return first_failure(ROOT, tests)


def main(words: list[str]) -> int:
    """Hunt those whose vendor or name has one of the words; all, when there are none."""
    chosen = [one for one in mutants() if not words or any(word in f"{one.vendor} {one.name}" for word in words)]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        suites = sorted({one.tests for one in chosen})
        unsound = [f"{tests}: {test}" for tests, test in zip(suites, pool.map(_unbroken, suites), strict=True) if test]
        if unsound:
            sys.stdout.write(f"fails with nothing broken, and so proves nothing: {', '.join(unsound)}\n")
            return 1
        told = list(zip(chosen, pool.map(caught_by, chosen), strict=True))
    for mutant, test in told:
        sys.stdout.write(f"| {mutant.vendor} | {mutant.name} | {test or '**SURVIVED**'} |\n")
    survived = sum(test is None for _, test in told)
    sys.stdout.write(f"{len(told) - survived} of {len(told)} caught\n")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
