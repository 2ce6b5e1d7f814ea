"""A folder on an SFTP server: a real one, asyncssh's, with its own keys, accounts and refusals."""

import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
from pydantic import SecretStr

from hub.demo.stage import MUNICIPALITY
from hub.intake.inlets import Inlet
from hub.model.connection import Arrival, SftpFolder
from tests.intake.place import NAME, Place, play
from tests.intake.test_sources import LINES, fetch, left, names

PASSWORD = "sommar"


class Account(asyncssh.SSHServer):
    """One account with a password."""

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asked for by name
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("hub", PASSWORD)


class Disk(asyncssh.SFTPServer):
    """A folder of the test's, which may refuse to be written to."""

    full = False

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        if self.full:
            raise OSError(errno.ENOSPC, "no space left on device")
        return super().mkdir(path, attrs)


@asynccontextmanager
async def server(root: Path, key: asyncssh.SSHKey, **more: Any) -> AsyncIterator[int]:
    """A server whose root is a folder; gives its port."""
    listening = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[key],
        server_factory=Account,
        sftp_factory=lambda channel: more.get("disk", Disk)(channel, chroot=str(root).encode()),
        **({"authorized_client_keys": more["clients"]} if "clients" in more else {}),
    )
    try:
        yield listening.get_port()
    finally:
        listening.close()
        await listening.wait_closed()


def host_key(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


def folder(port: int, key: asyncssh.SSHKey, **more: Any) -> Arrival:
    told: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "username": "hub",
        "host_key": host_key(key),
        "path": "/in",
    }
    return Arrival(sftp=SftpFolder(**told | {"settle_seconds": 0} | more))


def tell(tmp_path: Path, story: Callable[[Place, asyncssh.SSHKey], Awaitable[None]], **more: Any) -> None:
    """Tell a story with a server, and an inlet that looks there."""
    (tmp_path / "in").mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def whole(place: Place) -> None:
        async with server(tmp_path, key, **more) as port:
            reach(place, folder(port, key))
            await story(place, key)

    play(whole)


def reach(place: Place, arrives: Arrival, password: str = PASSWORD) -> None:
    inlet = Inlet(
        MUNICIPALITY, NAME, "attendance_lists", place.source, place.source, place.source, arrives, SecretStr(password)
    )
    place.intake.inlets.add(inlet)


def port_of(place: Place) -> int:
    arrives = place.intake.inlets.find(MUNICIPALITY, NAME).arrives
    assert arrives is not None
    assert arrives.sftp is not None
    return arrives.sftp.port


def test_a_file_on_a_server_is_read_once_and_archived_there(tmp_path: Path) -> None:
    async def story(place: Place, _key: asyncssh.SSHKey) -> None:
        left(tmp_path / "in", "höst.txt", *LINES)
        left(tmp_path / "in", "höst.txt.part", *LINES)
        told = await fetch(place)
        assert (told["files"], told["new"], told["failed"]) == (1, 7, None)
        assert names(tmp_path / "in" / "archive") == ["höst.txt"]
        assert (await fetch(place))["files"] == 0
        assert (await place.get("/imports"))[0]["via"] == "sftp"

    tell(tmp_path, story)


def test_a_bad_file_on_a_server_is_put_aside_there_with_the_reason(tmp_path: Path) -> None:
    async def story(place: Place, _key: asyncssh.SSHKey) -> None:
        (tmp_path / "in" / "a.txt").write_text("not so")
        assert (await fetch(place))["failed"] is None
        assert names(tmp_path / "in" / "errors") == ["a.txt", "a.txt.reason.txt"]

    tell(tmp_path, story)


def test_a_name_in_another_encoding_on_a_server_stops_nothing(tmp_path: Path) -> None:
    async def story(place: Place, _key: asyncssh.SSHKey) -> None:
        latin = os.fsdecode("höst.txt".encode("latin-1"))
        left(tmp_path / "in", latin, *LINES)
        left(tmp_path / "in", "vår.txt", LINES[0])
        told = await fetch(place)
        assert (told["files"], told["new"], told["failed"]) == (2, 7, None)
        assert names(tmp_path / "in" / "archive") == sorted([latin, "vår.txt"])
        assert {one["name"] for one in await place.get("/imports")} == {"höst.txt", "vår.txt"}

    tell(tmp_path, story)


def test_a_wrong_password_pauses_the_connection(tmp_path: Path) -> None:
    async def story(place: Place, key: asyncssh.SSHKey) -> None:
        reach(place, folder(port_of(place), key), "vinter")
        failed = (await fetch(place))["failed"]
        assert "the account is refused" in failed
        assert "vinter" not in failed
        assert [one["code"] for one in await place.get("/problems")] == ["credentials"]

    tell(tmp_path, story)


def test_a_server_with_another_key_is_not_believed(tmp_path: Path) -> None:
    async def story(place: Place, _key: asyncssh.SSHKey) -> None:
        left(tmp_path / "in", "a.txt", *LINES)
        reach(place, folder(port_of(place), asyncssh.generate_private_key("ssh-ed25519")))
        assert "another host key" in (await fetch(place))["failed"]
        assert await place.get("/imports") == []

    tell(tmp_path, story)


def test_a_private_key_opens_too(tmp_path: Path) -> None:
    mine = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "id").write_bytes(mine.export_private_key())
    (tmp_path / "id.pub").write_bytes(mine.export_public_key())

    async def story(place: Place, key: asyncssh.SSHKey) -> None:
        left(tmp_path / "in", "a.txt", LINES[0])
        arrives = folder(port_of(place), key, private_key_file=str(tmp_path / "id"))
        place.intake.inlets.add(
            Inlet(MUNICIPALITY, NAME, "attendance_lists", place.source, place.source, place.source, arrives)
        )
        assert (await fetch(place))["new"] == 1

    tell(tmp_path, story, clients=str(tmp_path / "id.pub"))


def test_a_server_that_is_down_is_waited_for(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        reach(place, folder(1, key))
        for _ in range(2):
            assert (await fetch(place))["failed"]
        assert [one["code"] for one in await place.get("/problems")] == ["source-down"]
        (tmp_path / "in").mkdir()
        left(tmp_path / "in", "a.txt", LINES[0])
        async with server(tmp_path, key) as port:
            reach(place, folder(port, key))
            assert (await fetch(place))["new"] == 1
        assert await place.get("/problems") == []

    play(story)


def test_a_server_whose_disk_is_full_loses_nothing(tmp_path: Path) -> None:
    class Full(Disk):
        full = True

    async def story(place: Place, _key: asyncssh.SSHKey) -> None:
        left(tmp_path / "in", "a.txt", LINES[0])
        told = await fetch(place)
        assert told["failed"]
        assert (tmp_path / "in" / "a.txt").exists()
        Full.full = False
        assert (await fetch(place))["new"] == 1

    tell(tmp_path, story, disk=Full)
