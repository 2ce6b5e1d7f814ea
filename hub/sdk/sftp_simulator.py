"""For simulators: folders on an SFTP server of their own, with one account, and a disk that is full on demand."""

import asyncio
import tempfile
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from hub.clock import Clock
from hub.sdk.simulator import ListeningSimulator

if TYPE_CHECKING:
    from hub.sdk.sftp_serving import SftpServing

ACCOUNT = ("hub", "not-a-secret")


class SftpSimulator(ListeningSimulator):
    """Shows its folders while it runs, and is told of what is put there."""

    folders: ClassVar[tuple[str, ...]]

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        """Listen to nobody yet."""
        super().__init__(clock, external_keys)
        self.full = False
        self._home: tempfile.TemporaryDirectory[str] | None = None

    @cached_property
    def _serving(self) -> "SftpServing":
        from hub.sdk.sftp_serving import SftpServing  # noqa: PLC0415 - late: only who needs it pays for asyncssh

        return SftpServing(self)

    @property
    def root(self) -> Path:
        """What the server shows while it runs: its folders."""
        return Path(self._home.name if self._home else "/nowhere")

    @property
    def server(self) -> Mapping[str, object]:
        """The settings that lead a connector here (`SftpServer`)."""
        return {
            "host": "127.0.0.1",
            "port": self.port or 22,
            "username": ACCOUNT[0],
            "password": ACCOUNT[1],
            "host_key": self._serving.host_key,
        }

    @abstractmethod
    def placed(self, path: str) -> None:
        """A file has been given this name."""

    def opened(self, path: str) -> None:
        """Somebody opens this file, or would."""

    def opens_to(self, public_key: str) -> None:
        """Let the account in with its private key too."""
        self._serving.let_in(public_key)

    async def start(self) -> None:
        """Listen on a free port, and set `port`."""
        self._home = tempfile.TemporaryDirectory(prefix="knutpunkt-sftp-")
        for folder in self.folders:
            (self.root / folder).mkdir()
        self.port = await self._serving.start(self.port)

    async def stop(self) -> None:
        """Stop listening, drop every connection, and take the folders away; harmless when it never started."""
        await self._serving.stop()
        if self._home is not None:
            await asyncio.to_thread(self._home.cleanup)
            self._home = None
