"""A KNX bus of the test's own: knxd as the interface, knxtool as whoever else is on it.

    with Knxd(tunnels=1) as bus, bus.observed() as seen: ...

Tried with knxd 0.14.54 (Debian 12), which takes tunnels over UDP only. It listens on every address of the machine, and
knxtool gets in only by the section `knxd_tcp`.
"""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.counterparts.ports import free_port, listens
from tests.counterparts.program import Program, found

SEEN = re.compile(r"^(Write|Read|Response) from \S+ to (\S+?)(?::\s*(.*?))?\s*$", re.MULTILINE)

PROBE = "31/7/254"
"""A group that nobody else uses."""


class Knxd(Program):
    """An interface with so many tunnels, and nothing on its bus but who comes by it."""

    def __init__(self, tunnels: int = 8) -> None:
        """Choose ports."""
        self.port, self.tools_port = free_port(), free_port()
        self._tunnels = tunnels
        super().__init__("knxd", [found("knxd"), "knxd.ini"], until=lambda: listens(self.tools_port))

    def start(self) -> None:
        """Write its file, and start it."""
        (self.folder / "knxd.ini").write_text(
            f"[main]\naddr = 1.0.1\nclient-addrs = 1.0.10:{self._tunnels}\nconnections = srv,tcp,D\n"
            f"[srv]\nserver = ets_router\nport = {self.port}\ninterface = lo\ntunnel = tunnel\nname = test\n"
            "[tunnel]\n[D]\ndriver = dummy\n"
            f"[tcp]\nserver = knxd_tcp\nport = {self.tools_port}\nsystemd-ignore = true\n"
        )
        super().start()

    def observed(self) -> Program:
        """All that is on the bus from now on, in knxtool's words, in its `log()`."""
        command = [found("knxtool"), "groupsocketlisten", self._url]
        seen = Program("knxtool", command, until=lambda: self._is_heard(seen))
        return seen

    def tell(self, group: str, value: str, *, how: str = "write") -> None:
        """Have knxtool put a value on the bus: hexadecimal bytes, or one digit for what is a bit."""
        short = "s" if len(value) == 1 else ""
        command = [found("knxtool"), f"group{short}{how}", self._url, group, *value.split()]
        subprocess.run(command, check=True, capture_output=True, timeout=20)

    @asynccontextmanager
    async def devices(
        self, seen: Program, status: Mapping[str, str], now: dict[str, str] | None = None
    ) -> AsyncIterator[None]:
        """Have lights on the bus: what is written to a group is told on its status, and answered there.

        `now`: what each status tells, kept up to date; left out, all are bits, and off.
        """
        now = dict.fromkeys(status.values(), "0") if now is None else now
        obeying = asyncio.get_running_loop().create_task(self._obey(seen, status, now))
        try:
            yield
        finally:
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)

    def _is_heard(self, seen: Program) -> bool:
        self.tell(PROBE, "1")
        return PROBE in seen.log()

    @property
    def _url(self) -> str:
        return f"ip:127.0.0.1:{self.tools_port}"

    async def _obey(self, seen: Program, status: Mapping[str, str], now: dict[str, str]) -> None:
        known = 0
        while True:
            lines = telegrams(seen)
            for what, group, value in lines[known:]:
                if what == "Write" and group in status:
                    now[status[group]] = str(int(value, 16)) if len(now[status[group]]) == 1 else value
                    await asyncio.to_thread(self.tell, status[group], now[status[group]])
                elif what == "Read" and group in now:
                    how = "response" if len(now[group]) == 1 else "write"  # `groupresponse` of bytes: "Open failed"
                    await asyncio.to_thread(self.tell, group, now[group], how=how)
            known = len(lines)
            await asyncio.sleep(0.01)


def telegrams(seen: Program) -> list[tuple[str, str, str]]:
    """What knxtool saw, each as what was done, to which group, and the value."""
    return [(what, group, value) for what, group, value in SEEN.findall(seen.log()) if group != PROBE]
