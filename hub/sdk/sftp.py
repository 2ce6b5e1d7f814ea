"""A folder on an SFTP server, over one session, with a host key that is known."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar, cast

import asyncssh

from hub.sdk.connector import Lent
from hub.sdk.errors import ConnectorError, CredentialsError, TransientError
from hub.sdk.place import File, NoAnswerError
from hub.sdk.sftp_server import SftpServer

T = TypeVar("T")
_GRACE_SECONDS = 1.0
_PIECE_BYTES = 32_768
"""What every server takes at once. Source: SFTP 3 (draft-ietf-secsh-filexfer-02), 3, read 2026-11-26."""
_REFUSED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
_SILENT = (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost, asyncssh.SFTPBadMessage)
"""What the client itself says when there is no answer."""


class SftpPlace:
    """Paths on the server; what does not wait for one another is asked for together.

    What breaks is not tidied up here: with the line the server closes what was open.
    """

    def __init__(self, session: asyncssh.SFTPClient) -> None:
        self._sftp = session

    async def read(self, *paths: str) -> list[bytes | None]:
        return await _together(self._read(path) for path in paths)

    async def _read(self, path: str) -> bytes | None:
        try:
            file = await self._sftp.open(path, "rb", block_size=0)
        except asyncssh.SFTPNoSuchFile:
            return None
        content = b""
        while piece := cast("bytes", await file.read(_PIECE_BYTES)):
            content += piece
        await file.close()
        return content

    async def there(self, path: str) -> bool:
        try:
            await self._sftp.stat(path)
        except asyncssh.SFTPNoSuchFile:
            return False
        return True

    async def names(self, folder: str) -> list[str]:
        return sorted(str(name) for name in await self._sftp.listdir(folder))

    async def make(self, folder: str) -> None:
        if not await self._sftp.isdir(folder):
            try:
                await self._sftp.mkdir(folder)
            except asyncssh.SFTPFailure:  # somebody was quicker
                if not await self._sftp.isdir(folder):
                    raise

    async def prepare(self, files: Sequence[File]) -> None:
        await _together(self._write(file) for file in files)

    async def _write(self, file: File) -> None:
        there = await self._sftp.open(file.unfinished, "xb", block_size=0)
        for begin in range(0, len(file.content), _PIECE_BYTES):
            await there.write(file.content[begin : begin + _PIECE_BYTES])
        with suppress(asyncssh.SFTPOpUnsupported):
            await there.fsync()
        await there.close()

    async def publish(self, file: File) -> None:
        """Rename does not replace, on a server that keeps to SFTP 3."""
        await self._sftp.rename(file.unfinished, file.path)

    async def claim(self, file: File) -> bool:
        try:
            await self._sftp.rename(file.unfinished, file.path)
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            if await self.there(file.path):
                return False
            raise
        return True

    async def replace(self, file: File) -> None:
        """Where a server knows no such thing, nothing may have the name yet."""
        try:
            await self._sftp.posix_rename(file.unfinished, file.path)
        except asyncssh.SFTPOpUnsupported:
            await self._sftp.rename(file.unfinished, file.path)

    async def discard(self, files: Sequence[File]) -> None:
        for file in files:
            with suppress(asyncssh.Error, OSError):
                await self._sftp.remove(file.unfinished)


async def _together(steps: Iterable[Awaitable[T]]) -> list[T]:
    """What each gives, when all have ended; else what the first says that failed."""
    told = await asyncio.gather(*steps, return_exceptions=True)
    for one in told:
        if isinstance(one, BaseException):
            raise one
    return cast("list[T]", told)


@asynccontextmanager
async def sftp(server: SftpServer, lent: Lent) -> AsyncIterator[SftpPlace]:
    """Connect, and give the server's folders. Its own words are not told: they may hold names.

    When the time is up the line is cut: a call that is only cancelled tidies up after itself, on a line that is dead.
    What waits even then has lost whoever would answer it, and is cancelled.
    """
    where, loop = f"{server.host}:{server.port}", asyncio.get_running_loop()
    until = loop.time() + lent.timeout.total_seconds()
    connection = await _connected(server, lent, until, where)
    cut = loop.call_at(until, connection.abort)
    try:
        async with asyncio.timeout_at(until + _GRACE_SECONDS):
            yield SftpPlace(await connection.start_sftp_client())
        connection.close()
    except asyncssh.SFTPError as error:
        raise _judged(error, where) from error
    except (asyncssh.Error, OSError, EOFError) as error:
        raise NoAnswerError(where) from error
    finally:
        cut.cancel()
        connection.abort()
        await connection.wait_closed()


async def _connected(server: SftpServer, lent: Lent, until: float, where: str) -> asyncssh.SSHClientConnection:
    try:
        async with asyncio.timeout_at(until):
            return await _opened(server, await lent.connected(server.host, server.port))
    except asyncssh.KeyImportError as error:
        raise CredentialsError(f"{where}: host_key or private_key is no key; write it as OpenSSH does") from error
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
        raise CredentialsError(
            f"{where}: another host key than `host_key` says, or of another kind; ask why before changing it"
        ) from error
    except asyncssh.PermissionDenied as error:
        raise CredentialsError(f"{where}: the account is refused; set password or private_key") from error
    except (asyncssh.Error, OSError, EOFError) as error:
        raise TransientError(f"{where}: no connection ({type(error).__name__})") from error


async def _opened(server: SftpServer, way: socket.socket) -> asyncssh.SSHClientConnection:
    try:
        return await asyncssh.connect(
            server.host,
            server.port,
            sock=way,
            username=server.username,
            password=server.password.get_secret_value() if server.password else None,
            client_keys=_keys(server),
            known_hosts=([asyncssh.import_public_key(server.host_key)], [], []),
            config=None,
            agent_path=None,
        )
    except BaseException:
        way.close()
        raise


def _keys(server: SftpServer) -> list[asyncssh.SSHKey] | None:
    return [asyncssh.import_private_key(server.private_key.get_secret_value())] if server.private_key else None


def _judged(error: asyncssh.SFTPError, where: str) -> ConnectorError | NoAnswerError:
    if isinstance(error, _SILENT):
        return NoAnswerError(where)
    if isinstance(error, _REFUSED):
        return CredentialsError(f"{where}: the account may not write there; have it given the right, or mend `folder`")
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return TransientError(f"{where}: a folder of the settings is not there; make it, or mend the settings")
    full = "no space" in error.reason.lower() or "quota" in error.reason.lower()
    why = "no room is left; make some" if full else f"says {type(error).__name__}"
    return TransientError(f"{where}: {why}")
