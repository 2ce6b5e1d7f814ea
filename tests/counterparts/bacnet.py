"""A BACnet/IP device that is not ours, on npm's `@bacnet-js/client`, and whoever else writes to it and looks.

    with BacnetDevice() as device: device.read("binary-output", 1)

Tried with 3.3.2 on node 20. It is device 2001, and has binary-output,1, analog-output,2, analog-value,3 and
multi-state-value,4, which can be commanded, and analog-value,9, which cannot.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.counterparts.ports import free_port
from tests.counterparts.program import Program, found, node_package

SCRIPT = Path(__file__).parent / "node" / "bacnet.mjs"
NUMBER = 2001
TYPES = {"analog-output": 1, "analog-value": 2, "binary-output": 4, "multi-state-value": 19}
TAGS = {"analog-output": 4, "analog-value": 4, "binary-output": 9, "multi-state-value": 2}


class BacnetDevice(Program):
    """The device; `singly`: it reads one property at a time."""

    def __init__(self, *, singly: bool = False) -> None:
        """Choose a port."""
        node_package("@bacnet-js/client")
        self.port = free_port()
        command = [found("node"), str(SCRIPT), "serve", str(self.port), *(["singly"] if singly else [])]
        super().__init__("bacnet", command, until=lambda: "listening" in self.log())

    def write(self, kind: str, number: int, value: float | None, priority: int) -> None:
        """Write as somebody at the panel would; None gives that priority up."""
        tag = 0 if value is None else TAGS[kind]
        self._ask("write", kind, number, str(tag), str(value or 0), str(priority))

    def read(self, kind: str, number: int) -> tuple[float, list[float | None]]:
        """Look, as somebody else: the present value, and all sixteen priorities."""
        told: dict[str, Any] = json.loads(self._ask("read", kind, number))
        return told["present"], told["places"]

    def told(self, kind: str, number: int) -> list[float]:
        """Give the present value after each write, as the device told it; `read` starts a program for each."""
        return [float(value) for value in re.findall(rf"^now {TYPES[kind]},{number} (\S+)$", self.log(), re.MULTILINE)]

    def _ask(self, verb: str, kind: str, number: int, *words: str) -> str:
        ports = str(self.port), str(free_port())
        command = [found("node"), str(SCRIPT), verb, *ports, str(TYPES[kind]), str(number), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
