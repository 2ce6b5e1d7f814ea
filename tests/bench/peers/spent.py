"""What processes have used of the machine, and ending those that we started."""

import subprocess
from collections.abc import Iterable
from contextlib import suppress

import psutil  # type: ignore[import-untyped] # published without types

_SECONDS_TO_END = 30.0


def seconds(processes: Iterable[psutil.Process]) -> float:
    """Processor seconds of processes, of their children, and of children that have ended."""
    used = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    times = one.cpu_times()
                    used += times.user + times.system + times.children_user + times.children_system
    return used


def ended(process: subprocess.Popen[bytes]) -> None:
    """End one that we started, and what it started."""
    children: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
