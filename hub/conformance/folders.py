"""This machine's folders, each step broken at will; what is put there reaches the simulator at once."""

import errno
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from hub.conformance.faults import Fault
from hub.conformance.relay import TcpFault
from hub.sdk import File, FolderSimulator
from hub.sdk.place import NoAnswerError

T = TypeVar("T")


class BreakableDisk:
    """A `Place` that writes through to no disk and waits for none: a step is a call of the kit."""

    def __init__(self, simulator: FolderSimulator, hit: Callable[[], Fault | None]) -> None:
        self._simulator, self._hit = simulator, hit
        self._late: list[Callable[[], object]] = []

    def land(self) -> None:
        """Take at last the steps that were given up."""
        late, self._late = self._late, []
        for step in late:
            with suppress(OSError):
                step()

    def _step(self, take: Callable[[], T]) -> T:
        fault = self._hit()
        if fault and fault.late:
            self._late.append(take)
            raise NoAnswerError("the disk")
        match fault and fault.tcp:
            case TcpFault.REFUSED:
                raise OSError(errno.EIO, "refused by the kit")
            case TcpFault.NO_ANSWER:
                raise NoAnswerError("the disk")
            case TcpFault.ANSWER_LOST:
                take()
                raise NoAnswerError("the disk")
        return take()

    async def read(self, *paths: str) -> list[bytes | None]:
        return self._step(lambda: [_read(Path(path)) for path in paths])

    async def there(self, path: str) -> bool:
        return self._step(Path(path).exists)

    async def names(self, folder: str) -> list[str]:
        return self._step(lambda: sorted(path.name for path in Path(folder).iterdir()))

    async def make(self, folder: str) -> None:
        self._step(lambda: Path(folder).mkdir(exist_ok=True))

    async def prepare(self, files: Sequence[File]) -> None:
        self._step(lambda: [Path(file.unfinished).write_bytes(file.content) for file in files])

    async def publish(self, file: File) -> None:
        self._step(lambda: self._name(file))

    async def claim(self, file: File) -> bool:
        return self._step(lambda: not Path(file.path).exists() and self._name(file))

    async def replace(self, file: File) -> None:
        await self.publish(file)

    async def discard(self, files: Sequence[File]) -> None:
        for file in files:
            with suppress(OSError, NoAnswerError):
                self._step(Path(file.unfinished).unlink)

    def _name(self, file: File) -> bool:
        Path(file.unfinished).rename(file.path)
        self._simulator.placed(file.path.removeprefix(str(self._simulator.root)))
        return True


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
