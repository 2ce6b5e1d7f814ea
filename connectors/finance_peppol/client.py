"""What an access point (accesspunkt) fetches: documents in a folder, each with a manifest that comes last.

It takes what has a manifest. So nothing has happened before the manifest is in its place, and whatever breaks until
then is tried again. Before that a note is left, with the manifest's own text, where the access point takes nothing: a
noted document that is gone was taken, also by one that keeps no archive.

    nothing -> document -> document, note -> document, note, manifest -> note (taken)
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from connectors.finance_peppol.config import PeppolConfig
from hub.sdk import Exchange, File, Lent, Place, RejectedError, TransientError, exchange


@dataclass(frozen=True, slots=True)
class Parcel:
    """A document, and what the access point is told of it."""

    name: str
    """Of its files, without what they end in."""
    document: bytes = field(repr=False)
    manifest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Lies:
    """What is there of a parcel; None for what is not."""

    note: bytes | None = field(repr=False)
    document: bytes | None = field(repr=False)
    kept: bytes | None = field(repr=False)
    """In the access point's archive; looked for when nothing else is there."""

    @property
    def known(self) -> bool:
        """Whether it was handed over, or all but."""
        return (self.note, self.kept) != (None, None)

    @property
    def taken(self) -> bool:
        """Whether it was handed over, and the access point has it."""
        return self.document is None and self.known

    def is_another(self, parcel: Parcel) -> bool:
        """Whether anything of it says otherwise than the parcel."""
        documents = {self.document, self.kept} <= {None, parcel.document}
        return not documents or self.note not in (None, parcel.manifest)


class Outbox:
    """One folder; reached anew for each parcel."""

    def __init__(self, config: PeppolConfig, lent: Lent) -> None:
        self._config, self._lent = config, lent
        self._folder = config.folder.rstrip("/")
        self._notes = config.noted_in.rstrip("/")
        self._archive = config.archive and config.archive.rstrip("/")

    async def waiting(self) -> int:
        """How many documents the access point has not taken."""
        async with self._reached() as (place, _):
            if self._archive is not None and not await place.there(self._archive):
                raise TransientError(f"{self._archive} (archive) is not there; make it, or mend the settings")
            return sum(name.endswith(".json") and name[0] != "." for name in await place.names(self._folder))

    async def has(self, name: str) -> bool:
        """Whether a document of that name was handed over."""
        async with self._reached() as (place, _):
            return await self._published(place, name) or (await self._lies(place, name)).taken

    async def hand_over(self, parcel: Parcel) -> None:
        """Have the parcel there once, or know that it was there already.

        Raises:
            RejectedError: another document has its name.
        """
        async with self._reached() as (place, stage):
            lies = await self._lies(place, parcel.name)
            if lies.is_another(parcel):
                raise _another(parcel.name, known=lies.known or await self._published(place, parcel.name))
            if not lies.taken:
                await self._lay(place, parcel, lies, stage)

    async def _lay(self, place: Place, parcel: Parcel, lies: _Lies, stage: Exchange) -> None:
        """What is missing of it: the manifest last."""
        missing: list[File] = []
        if lies.document is None:
            missing.append(File.at(self._folder, f"{parcel.name}.xml", parcel.document))
        elif await self._published(place, parcel.name):
            return
        if lies.note is None:
            await place.make(self._notes)
            missing.append(File.at(self._notes, f"{parcel.name}.json", parcel.manifest))
        await self._name(place, missing, File.at(self._folder, f"{parcel.name}.json", parcel.manifest), stage)

    async def _name(self, place: Place, files: Sequence[File], last: File, stage: Exchange) -> None:
        """Write all of them first, then give them their names one after the other.

        Whoever is stopped in the midst of it leaves what is unfinished, as one who is killed does.
        """
        try:
            await place.prepare([*files, last])
            for file in files:
                await place.publish(file)
            stage.handing_over = True
            await place.publish(last)
        except Exception:
            await place.discard([*files, last])
            raise

    async def _lies(self, place: Place, name: str) -> _Lies:
        note, document = await place.read(f"{self._notes}/{name}.json", f"{self._folder}/{name}.xml")
        if self._archive is None or note is not None or document is not None:
            return _Lies(note, document, None)
        return _Lies(note, document, *await place.read(f"{self._archive}/{name}.xml"))

    async def _published(self, place: Place, name: str) -> bool:
        """Whether its manifest is, or was, in its place."""
        if await place.there(f"{self._folder}/{name}.json"):
            return True
        return self._archive is not None and await place.there(f"{self._archive}/{name}.json")

    def _reached(self) -> AbstractAsyncContextManager[tuple[Place, Exchange]]:
        return exchange(self._folder, self._config.sftp, self._lent)


def _another(name: str, *, known: bool) -> RejectedError:
    """Why a parcel is not laid over what is there."""
    if known:
        what = (
            "was handed over before with other content, and stays so: credit it, and send the other under another key"
        )
    else:
        what = "lies there with other content, and was not handed over: see whose it is, take it away, and try again"
    return RejectedError(f"{name}.xml {what}")
