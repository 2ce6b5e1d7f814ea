"""The server of an `SftpSimulator`; apart from it, for asyncssh takes its time to load."""

import errno
import os
from pathlib import Path
from typing import Protocol

import asyncssh

_KEY = asyncssh.generate_private_key("ssh-ed25519")


class Shown(Protocol):
    """The folders that are served, and who is told of what is done in them."""

    full: bool

    @property
    def root(self) -> Path:
        """Where they are."""

    def opened(self, path: str) -> None:
        """Somebody opens this file, or would."""

    def placed(self, path: str) -> None:
        """A file has this name now."""


class SftpServing:
    """One server for one account, and all who are connected."""

    def __init__(self, simulator: Shown, account: tuple[str, str]) -> None:
        self._simulator, self.account = simulator, account
        self._listening: asyncssh.SSHAcceptor | None = None
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.keys: asyncssh.SSHAuthorizedKeys | None = None

    @property
    def host_key(self) -> str:
        """As ssh-keyscan prints it."""
        return _KEY.export_public_key().decode().strip()

    def let_in(self, public_key: str) -> None:
        """The account's own."""
        self.keys = asyncssh.import_authorized_keys(public_key)

    async def start(self, port: int) -> int:
        """Listen; gives the port."""
        self._listening = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_host_keys=[_KEY],
            server_factory=lambda: _Account(self),
            sftp_factory=lambda channel: _Disk(channel, self._simulator),
        )
        return self._listening.get_port()

    async def stop(self) -> None:
        """Drop every connection."""
        if self._listening is not None:
            self._listening.close()
            for connection in tuple(self.connections):
                connection.abort()
            await self._listening.wait_closed()
            self._listening = None


class _Account(asyncssh.SSHServer):
    """One account with a password, or its key."""

    def __init__(self, serving: SftpServing) -> None:
        self._serving = serving

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._mine = conn
        self._serving.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's own name
        self._serving.connections.discard(self._mine)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - likewise
        if self._serving.keys is not None:
            self._mine.set_authorized_keys(self._serving.keys)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == self._serving.account


class _Disk(asyncssh.SFTPServer):
    """The folders."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], simulator: Shown) -> None:
        super().__init__(channel, chroot=os.fsencode(simulator.root))
        self._simulator = simulator

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        self._simulator.opened(os.fsdecode(path))
        return super().open(path, pflags, attrs)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if self._simulator.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().rename(oldpath, newpath)
        self._simulator.placed(os.fsdecode(newpath))

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().posix_rename(oldpath, newpath)
        self._simulator.placed(os.fsdecode(newpath))
