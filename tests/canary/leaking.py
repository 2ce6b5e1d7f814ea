"""A process that has told the story once, and forks for each change of the hub: what leaks then?

It tells on its standard output, a line each: the leaks of the hub as it is, with what was not seen at all; then, for
each line of JSON that it gets (a change), the leaks with that change, of all kinds where none is of the change's own.
"""

import gc
import importlib
import json
import os
import random
import sys
import tempfile
import traceback
from pathlib import Path
from types import FunctionType

from tests.canary.changing import ROOT, Change, Found
from tests.canary.searching import Search
from tests.canary.story import tell


def make(change: Change) -> None:
    """Have the loaded hub do so. Raises LookupError where nothing is loaded that it changes."""
    importlib.import_module(change.file.removesuffix(".py").replace("/", "."))
    path, codes = str(ROOT / change.file), change.codes()
    functions = [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__code__.co_filename == path]
    mine = [one for one in functions if one.__code__.co_qualname in codes]
    if {one.__code__.co_qualname for one in mine} != codes.keys():
        raise LookupError(f"{change.file}: {change.name}: not all of {', '.join(codes)} are loaded")
    for one in mine:
        one.__code__ = codes[one.__code__.co_qualname]


def found(first: str = "") -> Found:
    """Tell the story with secrets of its own, and search; `first`: a kind of place that is enough if it leaks."""
    with tempfile.TemporaryDirectory() as home:
        told = tell(Path(home), random.SystemRandom().randrange(10**12))
    search, heard = Search(told.planted.secrets.values()), told.ears.heard
    there = search.leaks([one for one in heard if one.kind == first])
    if there:
        return Found([[one.kind, str(one)] for one in there], [], {})
    kinds = [one.kind for one in heard]
    unseen = told.planted.secrets.keys() - search.told_of(told.ears.given)
    leaks = [[one.kind, str(one)] for one in search.leaks(heard)]
    return Found(leaks, sorted(unseen), {kind: kinds.count(kind) for kind in sorted(set(kinds))})


def main() -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print(json.dumps(found()), file=answers, flush=True)
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            try:
                change = Change(*json.loads(line))
                make(change)
                print(json.dumps(found(change.found)), file=answers, flush=True)
            except BaseException:  # noqa: BLE001 - whatever it was, the fork ends here
                print(json.dumps({"error": traceback.format_exc()}), file=answers, flush=True)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
