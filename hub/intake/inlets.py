"""Where data comes in: connections whose connector is a source, with what gives their items a meaning."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Protocol

from pydantic import SecretStr

from hub.errors import NotFoundError, RefusedError
from hub.masking import quoted
from hub.model import Message
from hub.model.connection import Arrival
from hub.sdk import Connector, Polls, RawItem, ReadsFiles, ReceivesCallbacks, RejectedError, Remark, TellsOfChanges
from hub.sdk.tunnel import Tunnel
from hub.service.incoming.taking_in import Understood


class Meaning(Protocol):
    """Says what raw items mean: the connector, or a mapping document."""

    def translate(self, item: RawItem) -> Iterable[Message]:
        """Give what it means. Raises RejectedError."""


class Reading(Protocol):
    """Cuts a file into raw items: the connector, or a mapping document."""

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        """Give item by item. Raises RejectedError."""


@dataclass(eq=False)
class Inlet:
    """One connection that data comes in over."""

    municipality: str
    name: str
    kind: str
    """Name of its connector."""
    connector: Connector[Any]
    meaning: Meaning
    reading: Reading | None = None
    """None: it reads no files."""
    arrives: Arrival | None = None
    password: SecretStr | None = None
    """Of the account on the SFTP server, resolved."""
    tunnel: Tunnel | None = None
    """The way to that server through the connection's proxy; None: there is none."""
    way: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    """A way to the system, waited for: it is not pressed harder than it may be."""
    rests: Callable[[], bool] = lambda: False
    """Whether nothing is asked of the system now: it is worked on, or other processes ask it."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One at a time: what is known is read before it is written."""

    @property
    def polls(self) -> Polls | None:
        """Its connector, if that can be asked what is new."""
        return self.connector if isinstance(self.connector, Polls) else None

    @property
    def takes_uploads(self) -> bool:
        """Whether whoever may write attendance may send it files; those that tell who is protected lie in a folder."""
        return self.reading is not None and not isinstance(self.connector, TellsOfChanges)

    def understood(self, item: RawItem) -> Understood:
        """What an item means; whatever is wrong with it is a fault and never an error."""
        told = self._understood(item)
        if all(map(_is_plain, (item.source_id, item.version, item.place, told.fault))) and not item.remarks:
            return told
        return replace(told, item=_plainly(item), fault=plain(told.fault))

    def _understood(self, item: RawItem) -> Understood:
        if item.fault:
            return Understood(item, fault=item.fault)
        try:
            return Understood(item, tuple(self.meaning.translate(item)))
        except RejectedError as error:
            return Understood(item, fault=str(error))
        except Exception as error:  # noqa: BLE001 - a connector's bug costs the item only; its text may hold anything
            return Understood(item, fault=f"{self.kind} raised {type(error).__name__}: its author must mend it")


def plain(text: str) -> str:
    """The text with what no file, database or JSON can hold written out: half letters, and NUL."""
    return text if _is_plain(text) else text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _is_plain(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def _plainly(item: RawItem) -> RawItem:
    remarks = tuple(Remark(plain(one.place), plain(one.text)) for one in item.remarks)
    return replace(
        item,
        source_id=plain(item.source_id),
        version=plain(item.version),
        place=plain(item.place),
        fault=plain(item.fault),
        remarks=remarks,
    )


class Inlets:
    """Those of this process, by municipality and name."""

    def __init__(self) -> None:
        self._inlets: dict[tuple[str, str], Inlet] = {}

    def add(self, inlet: Inlet) -> None:
        """One more."""
        self._inlets[inlet.municipality, inlet.name] = inlet

    def keep(self, municipality: str, names: Iterable[str]) -> None:
        """Have no others of that municipality."""
        kept = {(municipality, name) for name in names}
        for place in [place for place in self._inlets if place[0] == municipality and place not in kept]:
            del self._inlets[place]

    def __iter__(self) -> Iterator[Inlet]:
        return iter(tuple(self._inlets.values()))

    def find(self, municipality: str, name: str) -> Inlet:
        """The inlet of that name. Raises NotFoundError."""
        found = self._inlets.get((municipality, name))
        if found is None:
            msg = f"no connection {quoted(name)} in {municipality} that data comes in over"
            raise NotFoundError(msg)
        return found

    def receiving(self, municipality: str, name: str) -> tuple[Inlet, ReceivesCallbacks]:
        """The inlet of that name, and its connector, which is called by its system. Raises NotFoundError."""
        inlet = self.find(municipality, name)
        if not isinstance(inlet.connector, ReceivesCallbacks):
            msg = f"connection {quoted(name)} receives no callbacks"
            raise NotFoundError(msg)
        return inlet, inlet.connector

    def for_format(self, municipality: str, form: str) -> Inlet:
        """The one that reads files of a format: named so, or with a connector or mapping whose name ends with it.

        Raises:
            RefusedError: none does, or several do; says which to name instead.
        """
        mine = [one for one in self if one.municipality == municipality and one.takes_uploads]
        exact = [one for one in mine if one.name == form]
        found = exact or [one for one in mine if one.kind.endswith(f"_{form}")]
        if len(found) == 1:
            return found[0]
        if not found:
            there = ", ".join(sorted(one.name for one in mine)) or "none yet"
            how = f"those that read files: {there}. Add connections/<name>.yaml for it"
            msg = f"no connection reads {quoted(form)}; {how}"
            raise RefusedError("unknown-format", msg)
        names = ", ".join(sorted(one.name for one in found))
        msg = f"several connections read {quoted(form)}: name one of them as the format: {names}"
        raise RefusedError("unknown-format", msg)


def reads_files(connector: Connector[Any]) -> Reading | None:
    """The connector, if it reads files."""
    return connector if isinstance(connector, ReadsFiles) else None
