"""A process that has loaded what no mutant changes, and forks for each run of tests: that is most of what a run costs.

Asked by a line of JSON (`folder`, `tests`, `told`: the file that is told what pytest says), it answers with pytest's
exit code.
"""

import importlib
import json
import os
import pkgutil
import sys
import traceback
from pathlib import Path

import hypothesis  # noqa: F401 - loaded for the forks
import pytest

import hub

BY_PYTEST = ("hub.conformance", "hub.certifying")
"""Whose asserts pytest rewrites as it loads them."""


def load() -> None:
    """All of the hub but what pytest must load itself; of that, nothing stays that was loaded along."""
    for one in pkgutil.walk_packages(hub.__path__, "hub.", onerror=lambda _: None):
        if not one.name.startswith((*BY_PYTEST, "hub._scaffold", "hub.store.engine.migrations")):
            importlib.import_module(one.name)
    forget((*BY_PYTEST, "connectors", "tests"))


def forget(packages: tuple[str, ...]) -> None:
    """Have them loaded anew by whoever asks for them."""
    for name in [name for name in sys.modules if f"{name}.".startswith(tuple(f"{one}." for one in packages))]:
        del sys.modules[name]


def run(folder: str, tests: str, told: str) -> int:
    """Run the tests there until one fails; pytest's exit code."""
    os.chdir(folder)
    sys.path.insert(0, folder)
    if not Path(folder, "hub").is_symlink():  # one of its files is another there
        forget(("hub",))
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with Path(told).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    loaded = "ignore::pytest.PytestAssertRewriteWarning"
    return int(pytest.main(["-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-W", loaded, tests]))


def main() -> None:
    """Answer until nobody asks any more."""
    load()
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            code = 70
            try:
                code = run(**json.loads(line))
            except BaseException:  # noqa: BLE001 - whatever it was, the fork ends here
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - that is the answer


if __name__ == "__main__":
    main()
