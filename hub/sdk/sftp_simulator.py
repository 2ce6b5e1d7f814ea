"""For simulators: folders on an SFTP server of their own, with one account, and a disk that is full on demand."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from hub.clock import Clock
from hub.sdk.simulator import FolderSimulator, ListeningSimulator

if TYPE_CHECKING:
    from hub.sdk.sftp_serving import SftpServing

ACCOUNT = ("hub", "not-a-secret")


class SftpSimulator(FolderSimulator, ListeningSimulator):
    """Shows its folders while it runs, and is told of what is put there."""

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        """Listen to nobody yet."""
        super().__init__(clock, external_keys)
        self.full = False

    @cached_property
    def _serving(self) -> "SftpServing":
        from hub.sdk.sftp_serving import SftpServing  # noqa: PLC0415 - late: only who needs it pays for asyncssh

        return SftpServing(self, ACCOUNT)

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

    def opened(self, path: str) -> None:
        """Somebody opens this file, or would."""

    def opens_to(self, public_key: str) -> None:
        """Let the account in with its private key too."""
        self._serving.let_in(public_key)

    async def start(self) -> None:
        """Listen on a free port, and set `port`."""
        self.show()
        self.port = await self._serving.start(self.port)

    async def stop(self) -> None:
        """Stop listening, drop every connection, and take the folders away; harmless when it never started."""
        await self._serving.stop()
        await asyncio.to_thread(self.hide)
