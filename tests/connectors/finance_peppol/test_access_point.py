"""What an access point finds: each invoice once and whole, whoever is killed, full, slow or in the way."""

import asyncio
import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from connectors.finance_peppol import PeppolFinance
from connectors.finance_peppol.simulator import AccessPoint
from connectors.finance_peppol.translate import parcel
from hub.model import Invoice
from hub.sdk import (
    Condition,
    ConnectorError,
    CredentialsError,
    Misbehaviour,
    Receipt,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from hub.sdk.place import File
from hub.sdk.places import judged
from tests.connectors.finance_peppol.stand import a_line, an_invoice, in_folder, names, run, settings, with_access_point

ROOT = Path(__file__).parents[3]
INVOICE = an_invoice()
OTHER = an_invoice(a_line(price="121.00"))
"""Another invoice under the same key."""
WRITTEN = parcel(INVOICE, settings())
RECEIPT = Receipt("B-1.i1.xml", Condition.SENT)
DOCUMENT, MANIFEST, NOTE = "B-1.i1.xml", "B-1.i1.json", ".handed-over/B-1.i1.json"


def send(connector: PeppolFinance, invoice: Invoice = INVOICE) -> Receipt:
    return asyncio.run(connector.send_invoice(invoice))


def find(connector: PeppolFinance, key: str = INVOICE.key) -> Receipt | None:
    return asyncio.run(connector.find_invoice(key))


def fetched(folder: Path) -> list[bytes]:
    """Take what has a manifest, as an access point does; half of it would be seen."""
    found = []
    for manifest in sorted(folder.glob("[!.]*.json")):
        told = json.loads(manifest.read_bytes())
        content = (folder / told["file"]).read_bytes()
        assert sha256(content).hexdigest() == told["sha256"], "half a document"
        found.append(content)
        (folder / told["file"]).unlink()
        manifest.unlink()
    return found


# ---------------------------------------------------------------- a folder of this machine


def test_an_invoice_lies_there_whole_with_its_manifest_and_a_note(tmp_path: Path) -> None:
    assert send(in_folder(tmp_path)) == RECEIPT
    assert names(tmp_path) == [NOTE, MANIFEST, DOCUMENT]
    assert (tmp_path / DOCUMENT).read_bytes() == WRITTEN.document
    assert (tmp_path / NOTE).read_bytes() == (tmp_path / MANIFEST).read_bytes() == WRITTEN.manifest


def test_the_manifest_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = Path.rename

    def seen(path: Path, target: str | Path) -> Path:
        assert path.name.startswith(".")
        assert path.name.endswith(".tmp")
        order.append(str(Path(target).relative_to(tmp_path)))
        return real(path, target)

    monkeypatch.setattr(Path, "rename", seen)
    send(in_folder(tmp_path))
    assert order == [DOCUMENT, NOTE, MANIFEST]


def test_sending_again_touches_nothing_and_what_was_taken_is_not_sent_again(tmp_path: Path) -> None:
    connector = in_folder(tmp_path)
    send(connector)
    before = looks(tmp_path)
    assert send(connector) == RECEIPT
    assert looks(tmp_path) == before
    assert fetched(tmp_path) == [WRITTEN.document]
    assert send(connector) == find(connector) == RECEIPT
    assert fetched(tmp_path) == []


def looks(folder: Path) -> list[tuple[str, int, int]]:
    """Every file with when it was changed, and which it is."""
    told = ((name, (folder / name).stat()) for name in names(folder))
    return [(name, one.st_mtime_ns, one.st_ino) for name, one in told]


@pytest.mark.parametrize("taken", [False, True])
def test_another_invoice_under_the_same_key_is_refused_and_nothing_is_overwritten(tmp_path: Path, taken: bool) -> None:  # noqa: FBT001 - a case
    connector = in_folder(tmp_path)
    send(connector)
    if taken:
        fetched(tmp_path)
    before = {path: (tmp_path / path).read_bytes() for path in names(tmp_path)}
    with pytest.raises(RejectedError, match=r"B-1\.i1\.xml was handed over before with other content.*another key"):
        send(connector, OTHER)
    assert before == {path: (tmp_path / path).read_bytes() for path in names(tmp_path)}


def test_somebody_elses_file_of_that_name_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / DOCUMENT).write_text("theirs")
    with pytest.raises(RejectedError, match="was not handed over: see whose it is"):
        send(in_folder(tmp_path))
    assert names(tmp_path) == [DOCUMENT]
    assert (tmp_path / DOCUMENT).read_text() == "theirs"
    assert find(in_folder(tmp_path)) is None


STATES = {
    "nothing": (set(), None, True),
    "a document": ({DOCUMENT}, None, True),
    "a document and its note": ({DOCUMENT, NOTE}, None, True),
    "all of it": ({DOCUMENT, NOTE, MANIFEST}, RECEIPT, False),
    "taken": ({NOTE}, RECEIPT, False),
    "the document taken first": ({NOTE, MANIFEST}, RECEIPT, False),
    "lying there without a note": ({DOCUMENT, MANIFEST}, RECEIPT, False),
}
"""What lies there, whether it counts as handed over, and whether sending again publishes it."""


@pytest.mark.parametrize("state", STATES)
def test_it_is_handed_over_when_its_manifest_is_or_was_there(tmp_path: Path, state: str) -> None:
    lies, found, published = STATES[state]
    connector = in_folder(tmp_path)
    send(connector)
    for name in names(tmp_path):
        if name not in lies:
            (tmp_path / name).unlink()
    assert find(connector) == found
    before = (tmp_path / MANIFEST).exists()
    assert send(connector) == RECEIPT
    assert ((tmp_path / MANIFEST).exists() and not before) is published
    assert find(connector) == RECEIPT


def test_an_archive_tells_what_was_taken_when_our_notes_are_lost(tmp_path: Path) -> None:
    out, archive = tmp_path / "out", tmp_path / "archive"
    out.mkdir()
    archive.mkdir()
    connector = in_folder(out, archive=str(archive))
    send(connector)
    for name in (MANIFEST, DOCUMENT):
        (out / name).rename(archive / name)
    shutil.rmtree(out / ".handed-over")
    assert send(connector) == find(connector) == RECEIPT
    assert names(out) == []
    with pytest.raises(RejectedError, match="other content"):
        send(connector, OTHER)


def test_a_manifest_that_was_moved_first_is_known_by_the_archive(tmp_path: Path) -> None:
    out, archive = tmp_path / "out", tmp_path / "archive"
    out.mkdir()
    archive.mkdir()
    connector = in_folder(out, archive=str(archive))
    send(connector)
    (out / MANIFEST).rename(archive / MANIFEST)
    assert find(connector) == RECEIPT
    assert send(connector) == RECEIPT
    assert MANIFEST not in names(out)


def test_notes_may_lie_elsewhere(tmp_path: Path) -> None:
    out, notes = tmp_path / "out", tmp_path / "notes"
    out.mkdir()
    send(in_folder(out, notes=str(notes)))
    assert names(tmp_path) == ["notes/B-1.i1.json", "out/B-1.i1.json", "out/B-1.i1.xml"]


def test_keys_that_begin_alike_are_apart(tmp_path: Path) -> None:
    connector = in_folder(tmp_path)
    send(connector)
    for key in ("B-1.i", "B-1.i11", "B-1", "nothing"):
        assert find(connector, key) is None


def test_a_folder_that_is_not_there_is_waited_for_and_never_made(tmp_path: Path) -> None:
    gone = tmp_path / "mount"
    with pytest.raises(TransientError, match=r"ENOENT.*disk is there"):
        send(in_folder(gone))
    with pytest.raises(TransientError, match="ENOENT"):
        asyncio.run(in_folder(gone).check())
    assert not gone.exists()


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """The system refuses what makes a file larger, whoever asks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 1000])
def test_without_room_nothing_is_left_and_it_comes_later(tmp_path: Path, size: int) -> None:
    connector = in_folder(tmp_path)
    with room_for(size), pytest.raises(TransientError, match="EFBIG"):
        send(connector)
    assert names(tmp_path) == []
    assert find(connector) is None
    send(connector)
    assert fetched(tmp_path) == [WRITTEN.document]


@pytest.mark.parametrize(
    "code, kind, why",
    [
        (errno.ENOSPC, TransientError, "ENOSPC.*has room"),
        (errno.EDQUOT, TransientError, "has room"),
        (errno.EIO, TransientError, "EIO"),
        (errno.EACCES, CredentialsError, "give the hub's account the right"),
        (errno.EPERM, CredentialsError, "may not be written to"),
        (errno.EROFS, CredentialsError, "may not be written to"),
    ],
)
def test_a_right_that_is_missing_is_for_a_person_and_the_rest_comes_later(
    code: int, kind: type[ConnectorError], why: str
) -> None:
    with pytest.raises(kind, match=why):
        raise judged(OSError(code, os.strerror(code)))


def test_a_disk_that_fails_after_the_name_was_given_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = in_folder(tmp_path)
    opened, real = [], os.open

    def failing(path: str, *told: Any, **more: Any) -> int:
        opened.append(path)
        if len(opened) == 3:
            raise OSError(errno.EIO, "input/output error")
        return real(path, *told, **more)

    monkeypatch.setattr(os, "open", failing)
    with pytest.raises(UnknownOutcomeError, match="no answer from the disk"):
        send(connector)
    monkeypatch.undo()
    assert find(connector) == RECEIPT
    assert fetched(tmp_path) == [WRITTEN.document]


@pytest.mark.parametrize(
    "hanging, kind", [(DOCUMENT, TransientError), (NOTE, TransientError), (MANIFEST, UnknownOutcomeError)]
)
def test_a_disk_that_hangs_is_given_up_and_only_its_last_step_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hanging: str, kind: type[ConnectorError]
) -> None:
    connector, real = in_folder(tmp_path, seconds=0.2), Path.rename

    async def story() -> None:
        loop, goes_on = asyncio.get_running_loop(), asyncio.Event()

        def slow(path: Path, target: str | Path) -> Path:
            if str(target).endswith(f"{tmp_path.name}/{hanging}"):
                asyncio.run_coroutine_threadsafe(goes_on.wait(), loop).result(30)
            return real(path, target)

        monkeypatch.setattr(Path, "rename", slow)
        with pytest.raises(kind):
            await connector.send_invoice(INVOICE)
        goes_on.set()

    run(story)
    monkeypatch.undo()
    if kind is TransientError:
        assert not (tmp_path / MANIFEST).exists(), "what lands late hands nothing over"
    if find(connector) is None:
        send(connector)
    assert fetched(tmp_path) == [WRITTEN.document]


def test_killed_before_any_step_it_is_handed_over_once_as_it_was(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.connectors.finance_peppol.dying", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    steps = int(done.stdout)
    assert steps >= 12, "three files are opened, written and named, and their folders kept"
    for step in range(1, steps + 1):
        here = tmp_path / str(step)
        for looked in (False, True):
            folder = tmp_path / f"{step}-{looked}"
            shutil.copytree(here, folder)
            found = fetched(folder) if looked else []
            connector = in_folder(folder)
            if find(connector) is None:
                assert not found
                send(connector)
            assert found + fetched(folder) == [WRITTEN.document], step


# ---------------------------------------------------------------- an SFTP server

Told = Callable[[PeppolFinance, AccessPoint], Awaitable[None]]


def play(story: Told, **more: Any) -> None:
    async def whole() -> None:
        async with with_access_point(**more) as (connector, point):
            await story(connector, point)

    run(whole)


def refused(kind: type[ConnectorError], why: str, **more: Any) -> None:
    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        with pytest.raises(kind, match=why):
            await connector.check()
        with pytest.raises(kind, match=why) as caught:
            await connector.send_invoice(INVOICE)
        assert "not-a-secret" not in str(caught.value)
        assert names(point.root) == []

    play(story, **more)


def test_over_sftp_it_lies_there_until_it_is_fetched_and_is_then_known() -> None:
    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        point.at_once = False
        assert "0 not yet taken" in (await connector.check()).detail
        assert await connector.find_invoice(INVOICE.key) is None
        for _ in range(2):
            assert await connector.send_invoice(INVOICE) == RECEIPT
        assert names(point.root) == [f"out/{NOTE}", f"out/{MANIFEST}", f"out/{DOCUMENT}"]
        assert "1 not yet taken" in (await connector.check()).detail
        point.fetch()
        for _ in range(2):
            assert await connector.find_invoice(INVOICE.key) == RECEIPT
            assert await connector.send_invoice(INVOICE) == RECEIPT
            point.fetch()
        assert len(point.taken) == 1
        assert point.refused == []
        with pytest.raises(RejectedError, match="other content"):
            await connector.send_invoice(OTHER)

    play(story)


def test_a_full_server_is_waited_for_and_finds_nothing_half() -> None:
    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        point.misbehave(Misbehaviour.FULL)
        with pytest.raises(TransientError, match="no room is left"):
            await connector.send_invoice(INVOICE)
        assert names(point.root) == []
        point.recover()
        await connector.send_invoice(INVOICE)
        assert point.records() == [INVOICE]

    play(story)


def test_a_folder_that_may_not_be_written_to_pauses_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        monkeypatch.setattr(asyncssh.SFTPServer, "open", refusing)
        with pytest.raises(CredentialsError, match="may not write there"):
            await connector.send_invoice(INVOICE)
        monkeypatch.undo()
        await connector.send_invoice(INVOICE)
        assert len(point.taken) == 1

    play(story)


def test_a_name_that_cannot_be_given_is_no_invoice_and_is_given_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(_server: Any, _old: bytes, new: bytes) -> None:
        raise asyncssh.SFTPFailure(f"no: {new!r}")

    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        monkeypatch.setattr(asyncssh.SFTPServer, "rename", refusing)
        with pytest.raises(TransientError, match="says SFTPFailure") as caught:
            await connector.send_invoice(INVOICE)
        assert "B-1" not in str(caught.value)
        assert names(point.root) == []
        monkeypatch.undo()
        await connector.send_invoice(INVOICE)
        assert point.records() == [INVOICE]

    play(story)


def test_a_server_without_fsync_is_written_to_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: Any) -> Any:
        raise asyncssh.SFTPOpUnsupported("no fsync here")

    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        monkeypatch.setattr(asyncssh.SFTPServer, "fsync", unsupported)
        await connector.send_invoice(INVOICE)
        assert point.records() == [INVOICE]

    play(story)


def test_a_wrong_password_pauses_the_connection() -> None:
    refused(CredentialsError, "the account is refused", sftp={"password": "not-a-secret-either"})


def test_a_server_with_another_key_is_not_believed() -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    refused(CredentialsError, "another host key than `host_key` says", sftp={"host_key": other})


@pytest.mark.parametrize("told", [{"host_key": "ssh-ed25519 AAAA"}, {"private_key": "no key", "password": None}])
def test_what_is_no_key_is_named(told: dict[str, str]) -> None:
    refused(CredentialsError, "host_key or private_key is no key", sftp=told)


def test_folders_that_are_not_there_are_waited_for() -> None:
    refused(TransientError, "a folder of the settings is not there", folder="/elsewhere")


def test_an_archive_that_is_not_there_is_told_by_check() -> None:
    async def story(connector: PeppolFinance, _point: AccessPoint) -> None:
        with pytest.raises(TransientError, match=r"/gone \(archive\) is not there"):
            await connector.check()

    play(story, archive="/gone")


def test_a_private_key_opens_too() -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        point.opens_to(key.export_public_key().decode())
        await connector.send_invoice(INVOICE)
        assert point.records() == [INVOICE]

    play(story, sftp={"password": None, "private_key": key.export_private_key().decode().strip()})


def test_nobody_there_is_for_later() -> None:
    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        await point.stop()
        with pytest.raises(TransientError, match=r"no connection \(ConnectionRefusedError\)"):
            await connector.send_invoice(INVOICE)

    play(story)


def test_an_invoice_of_a_thousand_lines_arrives_over_sftp_and_is_known_again() -> None:
    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        point.at_once = False
        made = an_invoice(*(a_line(n) for n in range(1, 1001)))
        await connector.send_invoice(made)
        assert await connector.send_invoice(made) == RECEIPT
        point.fetch()
        assert point.records() == [made]
        assert len(point.taken[0]) > 20 * 32_768, "in pieces"

    play(story)


def test_fifty_at_once_are_fifty_invoices() -> None:
    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        made = [an_invoice(a_line(price=f"{n}.00"), key=f"B-{n}.i1") for n in range(1, 51)]
        await asyncio.gather(*(connector.send_invoice(one) for one in made))
        assert sorted(one.key for one in point.records()) == sorted(one.key for one in made)  # type: ignore[attr-defined]
        assert point.refused == []

    play(story)


def test_a_hub_that_is_stopped_in_the_midst_of_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(connector: PeppolFinance, point: AccessPoint) -> None:
        written, real = asyncio.Event(), asyncssh.SFTPServer.open
        opened: list[Any] = []

        def kept(*told: Any) -> Any:
            opened.append(real(*told))
            return opened[-1]

        async def silent(*_: Any) -> int:
            written.set()
            await asyncio.Event().wait()
            return 0

        monkeypatch.setattr(asyncssh.SFTPServer, "open", kept)
        monkeypatch.setattr(asyncssh.SFTPServer, "write", silent)
        sending = asyncio.create_task(connector.send_invoice(INVOICE))
        await written.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        done, _ = await asyncio.wait([sending], timeout=10)
        assert done, "whoever is cancelled waits for nobody who is cancelled too"
        assert not point.taken
        for file in opened:
            file.close()  # the server's, which was stopped with the rest

    play(story)


def test_unfinished_names_are_never_the_same() -> None:
    assert File.at("/out", "a.xml", b"").unfinished != File.at("/out", "a.xml", b"").unfinished
