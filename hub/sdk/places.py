"""A folder in which nobody finds half a file: on this machine, or (`sftp.py`) on a server."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from hub.sdk.connector import Lent
from hub.sdk.errors import ConnectorError, CredentialsError, TransientError, UnknownOutcomeError
from hub.sdk.place import File, NoAnswerError, Place
from hub.sdk.sftp_server import SftpServer


class Disk:
    """This machine. Each step is a thread's, so that a disk that hangs holds nothing but that step."""

    async def read(self, *paths: str) -> list[bytes | None]:
        return await asyncio.to_thread(lambda: [_read(Path(path)) for path in paths])

    async def there(self, path: str) -> bool:
        return await asyncio.to_thread(_there, Path(path))

    async def names(self, folder: str) -> list[str]:
        return await asyncio.to_thread(_names, Path(folder))

    async def make(self, folder: str) -> None:
        await asyncio.to_thread(Path(folder).mkdir, mode=0o700, exist_ok=True)

    async def prepare(self, files: Sequence[File]) -> None:
        for file in files:
            await asyncio.to_thread(_write, Path(file.unfinished), file.content)

    async def publish(self, file: File) -> None:
        await self._named(_rename, file)

    async def claim(self, file: File) -> bool:
        return await self._named(_claim, file)

    async def replace(self, file: File) -> None:
        await self.publish(file)

    async def _named(self, name: Callable[[File], bool], file: File) -> bool:
        told = await asyncio.to_thread(name, file)
        try:
            await asyncio.to_thread(_keep, Path(file.path).parent)
        except OSError as error:
            raise NoAnswerError("the disk") from error
        return told

    async def discard(self, files: Sequence[File]) -> None:
        for file in files:
            with suppress(OSError):
                await asyncio.to_thread(Path(file.unfinished).unlink)


@asynccontextmanager
async def disk(seconds: float, place: Place) -> AsyncIterator[Place]:
    """Give it for so long; what the system says against a step is one of the two errors."""
    try:
        async with asyncio.timeout(seconds):
            yield place
    except TimeoutError as error:
        raise NoAnswerError("the disk") from error
    except OSError as error:
        raise judged(error) from error


def place_of(server: SftpServer | None, lent: Lent) -> AbstractAsyncContextManager[Place]:
    """The server's folders, or without one this machine's, for one exchange.

    Raises:
        NoAnswerError: perhaps the last step was taken.
    """
    if server is None:
        return disk(lent.timeout.total_seconds(), lent.disk or Disk())
    from hub.sdk.sftp import sftp  # noqa: PLC0415 - late: only who needs it pays for asyncssh

    return sftp(server, lent)


class Exchange:
    """How far one has come with a folder."""

    handing_over = False
    """That by which the other system takes it is on its way: without an answer nobody knows whether it is there."""
    done = False


@asynccontextmanager
async def exchange(folder: str, server: SftpServer | None, lent: Lent) -> AsyncIterator[tuple[Place, Exchange]]:
    """Reach the folder, for one exchange; a step without an answer is judged by how far that has come.

    Raises:
        UnknownOutcomeError: perhaps it is handed over.
        TransientError: nothing has happened yet.
    """
    one = Exchange()
    try:
        async with place_of(server, lent) as place:
            yield place, one
            one.done = True
    except NoAnswerError as error:
        if not one.done:
            kind = UnknownOutcomeError if one.handing_over else TransientError
            raise kind(f"{folder}: no answer from {error}") from error


def judged(error: OSError) -> ConnectorError:
    """What to do about it: a person's matter only where a right is missing."""
    told = f"{error.strerror or type(error).__name__} ({errno.errorcode.get(error.errno or 0, '?')})"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return CredentialsError(f"the folder may not be written to: {told}; give the hub's account the right")
    return TransientError(f"the folder: {told}; see that the disk is there and has room")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _there(path: Path) -> bool:
    """`Path.exists` takes a disk that fails for nothing there, in newer Pythons."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _names(folder: Path) -> list[str]:
    if not os.access(folder, os.W_OK | os.X_OK) and folder.is_dir():
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return sorted(path.name for path in folder.iterdir())


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _rename(file: File) -> bool:
    Path(file.unfinished).rename(file.path)
    return True


def _claim(file: File) -> bool:
    """A link never replaces; on a disk without links nothing is surer than a look."""
    try:
        os.link(file.unfinished, file.path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS}:
            raise
        return not _there(Path(file.path)) and _rename(file)
    Path(file.unfinished).unlink()
    return True


def _keep(folder: Path) -> None:
    """A name is on disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
