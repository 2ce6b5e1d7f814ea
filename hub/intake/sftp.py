"""A folder on an SFTP server: the same as one on this machine, by asyncssh, over a host key that is known."""

import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import PurePosixPath
from typing import BinaryIO, cast

import asyncssh
from pydantic import SecretStr

from hub.intake.shelves import TAKEN, Look, beside, stamped
from hub.intake.spool import Spool
from hub.model.connection import SftpFolder
from hub.sdk import CredentialsError
from hub.sdk.tunnel import Tunnel

_PIECE_BYTES = 65_536
_PATIENCE_SECONDS = 20


class SftpShelf:
    """A folder on a server, over one session."""

    def __init__(self, folder: SftpFolder, session: asyncssh.SFTPClient) -> None:
        self._sftp, self._path = session, PurePosixPath(folder.path)
        self._archive = PurePosixPath(folder.archive) if folder.archive else self._path / "archive"
        self._errors = PurePosixPath(folder.errors) if folder.errors else self._path / "errors"

    async def taken(self) -> list[str]:
        with _told():
            there = str(self._path / TAKEN)
            return sorted(await _listed(self._sftp, there)) if await self._sftp.isdir(there) else []

    async def left(self) -> Mapping[str, Look]:
        with _told():
            return await _listed(self._sftp, str(self._path))

    async def take(self, name: str) -> None:
        await self._move(self._path / name, self._path / TAKEN / name)

    async def open(self, name: str) -> BinaryIO:
        """Fetch it whole first: a line that breaks breaks no reading."""
        spool = Spool()
        with _told():
            async with self._sftp.open(str(self._path / TAKEN / name), "rb") as file:
                while chunk := await file.read(_PIECE_BYTES):
                    spool.write(cast("bytes", chunk))
        spool.seek(0)
        return cast("BinaryIO", spool)

    async def archive(self, name: str, at: datetime) -> None:
        await self._move(self._path / TAKEN / name, self._archive / stamped(name, at))

    async def put_aside(self, name: str, at: datetime, why: str) -> None:
        there = self._errors / stamped(name, at)
        await self._move(self._path / TAKEN / name, there)
        with _told():
            async with self._sftp.open(str(there.with_name(beside(there.name))), "w", encoding="utf-8") as file:
                await file.write(why + "\n")

    async def _move(self, here: PurePosixPath, there: PurePosixPath) -> None:
        with _told():
            await self._sftp.makedirs(str(there.parent), exist_ok=True)
            await self._sftp.rename(str(here), str(there))


async def _listed(sftp: asyncssh.SFTPClient, folder: str) -> dict[str, Look]:
    found = {}
    for one in await sftp.readdir(folder):
        told = one.attrs
        if told.permissions is not None and stat.S_ISREG(told.permissions):
            found[str(one.filename)] = Look(told.size or 0, float(told.mtime or 0))
    return found


class _told:  # noqa: N801 - reads as a word
    """Errors of the server as OSError, which says what could not be reached."""

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, asyncssh.SFTPError):
            raise OSError(f"SFTP: {error.reason}") from error
        if isinstance(error, asyncssh.Error):
            raise OSError(f"SSH: {error.reason}") from error


@asynccontextmanager
async def shelf(
    folder: SftpFolder, password: SecretStr | None, tunnel: Tunnel | None = None
) -> AsyncIterator[SftpShelf]:
    """Connect, through a proxy where there is one, and give the folder.

    Raises:
        CredentialsError: the server is not who it should be, or does not let us in.
        OSError: it cannot be reached.
    """
    place = folder.host if folder.port == asyncssh.DEFAULT_PORT else f"[{folder.host}]:{folder.port}"
    try:
        known = asyncssh.import_known_hosts(f"{place} {folder.host_key}\n")
        connecting = asyncssh.connect(
            folder.host,
            folder.port,
            sock=await tunnel(folder.host, folder.port) if tunnel else None,
            username=folder.username,
            password=password.get_secret_value() if password else None,
            client_keys=[folder.private_key_file] if folder.private_key_file else None,
            known_hosts=known,
            config=None,
            agent_path=None,
            connect_timeout=_PATIENCE_SECONDS,
            login_timeout=_PATIENCE_SECONDS,
        )
        connection = await connecting
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
        raise CredentialsError(f"{place}: another host key than `host_key` says; ask why before changing it") from error
    except asyncssh.PermissionDenied as error:
        raise CredentialsError(f"{place}: the account is refused; set password or private_key_file") from error
    except asyncssh.Error as error:
        raise OSError(f"{place}: {error.reason}") from error
    async with connection, connection.start_sftp_client(path_errors="surrogateescape") as session:
        yield SftpShelf(folder, session)
