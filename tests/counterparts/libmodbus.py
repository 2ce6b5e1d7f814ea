"""A Modbus device on libmodbus, compiled when a test first needs it, and mbpoll, which looks at it without us.

Tried with libmodbus 3.1.6 and mbpoll 1.4.11 (Debian 12). mbpoll counts from 1: its reference 11 is address 10.
"""

import re
import shlex
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import MISSING
from tests.counterparts.ports import free_port, listens
from tests.counterparts.program import Program, found

SOURCE = Path(__file__).with_name("modbus_server.c")
BUILT = Path(__file__).with_name("build")
COIL, INPUT, HOLDING = "0", "3", "4"
"""Tables by mbpoll's own numbers."""
WRITTEN = re.compile(r"^(\d+) (\d+) (\d+)$", re.MULTILINE)


def server() -> str:
    """Give the path of the compiled device; compiled anew when its source has changed."""
    built = BUILT / f"modbus_server-{sha256(SOURCE.read_bytes()).hexdigest()[:16]}"
    if not built.exists():
        flags = subprocess.run(
            [found("pkg-config"), "--cflags", "--libs", "libmodbus"], capture_output=True, text=True, check=False
        )
        if flags.returncode:
            pytest.skip(f"{MISSING} libmodbus-dev")
        BUILT.mkdir(exist_ok=True)
        under_way = built.with_suffix(f".{free_port()}")
        subprocess.run(
            [found("gcc"), "-O1", "-Wall", "-o", str(under_way), str(SOURCE), *shlex.split(flags.stdout)], check=True
        )
        under_way.replace(built)
    return str(built)


class LibModbus(Program):
    """The device; `watchdog` milliseconds without a write and its coils fall."""

    def __init__(self, watchdog: int = 0) -> None:
        """Choose a port."""
        self.port = free_port()
        command = [server(), str(self.port), str(watchdog)]
        super().__init__("modbus", command, until=lambda: listens(self.port))

    def read(self, table: str, address: int) -> float:
        """Have mbpoll read one; `4:float` for a float in two registers, high word first, `4:hex` for a bare word."""
        told = self._mbpoll("-B", "-t", table, "-r", str(address + 1), "-1")
        value = re.search(r"^\[\d+\]:\s+(\S+)", told, re.MULTILINE)
        assert value, told
        return int(value[1], 16) if value[1].startswith("0x") else float(value[1])

    def write(self, table: str, address: int, value: int) -> None:
        """Have mbpoll write one coil or register, as a hand would."""
        self._mbpoll("-t", table, "-r", str(address + 1), value=str(value))

    def written(self) -> list[tuple[int, int, int]]:
        """Every write that the device took: function, address, and the value or how many."""
        return [(int(a), int(b), int(c)) for a, b, c in WRITTEN.findall(self.log())]

    def _mbpoll(self, *how: str, value: str = "") -> str:
        command = [found("mbpoll"), "-m", "tcp", "-p", str(self.port), "-a", "1", *how, "127.0.0.1", *value.split()]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
