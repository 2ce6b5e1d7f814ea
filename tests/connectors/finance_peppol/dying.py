"""Hands over one invoice in a folder for each step that it has, and is killed before that step.

python -m tests.connectors.finance_peppol.dying FOLDER   # prints how many steps there are
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.connectors.finance_peppol.stand import an_invoice, in_folder

STEPS = {"open", "os.rename", "os.mkdir"}
"""What the system is asked for that changes a disk, or looks at it."""


def die_before(step: int, folder: Path) -> None:
    """Have this process killed when it is about to take the step."""
    taken = [0]

    def hook(event: str, told: tuple[object, ...]) -> None:
        if event in STEPS and str(told[0]).startswith(str(folder)):
            taken[0] += 1
            if taken[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def killed_before(step: int, folder: Path) -> bool:
    """Whether there was such a step."""
    child = os.fork()
    if child == 0:
        die_before(step, folder)
        asyncio.run(in_folder(folder).send_invoice(an_invoice()))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main(folder: Path) -> int:
    """Die before each step in turn."""
    step = 0
    while True:
        step += 1
        mine = folder / str(step)
        mine.mkdir()
        if not killed_before(step, mine):
            print(step - 1)  # noqa: T201 - whoever started it reads it
            return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
