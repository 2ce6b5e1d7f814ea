"""What comes in from outside: how it comes is apart from what it means.

`Polls`, `ReceivesCallbacks`, `Hears` and `ReadsFiles` (`TellsOfChanges`) give raw items, each with the source's own id;
`Source.translate` says what an item means, purely. The hub keeps the raw item, knows a double by its id and version,
and asks for the meaning once; an item that means nothing is quarantined with its place and reason, and may be asked
about again when somebody has mended the cause.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from hub.model import Message, Quantity


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd about an item that counts all the same: told in the report, and stops nothing."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class RawItem:
    """One thing from outside, as it came, and whole: `translate` needs nothing else to understand it."""

    source_id: str
    """The source's own id of the thing; never a line number."""
    content: bytes = field(repr=False)
    place: str = ""
    """Where it stood in what came, for a person: "line 7", "/Aktivitetskort/Kommun[1]/Foerening[2]"."""
    version: str = ""
    """Changes when the thing under the id changes: a revision, a time of change, or a hash. Empty: it never does.

    An item is a double when the last one kept under its id has the same version.
    """
    fault: str = ""
    """Why the item cannot be understood, when reading it showed that already; `translate` then raises it."""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Items, and the cursor that is stored with them in one transaction."""

    items: Sequence[RawItem]
    cursor: str
    more: bool = False
    """Whether to ask again at once."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A request that an external system sent us."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


class Source(ABC):
    """What raw items mean. How they come is one or more of the abilities below."""

    @abstractmethod
    def translate(self, item: RawItem) -> Iterable[Message]:
        """Give what it means; pure, and called again when an item is tried anew.

        Raises:
            RejectedError: it means nothing; `place` and reason say where and what to do, and show no personal data.
        """


class Polls(Source):
    """Can be asked what is new."""

    @abstractmethod
    async def poll(self, cursor: str | None) -> Page:
        """Give what came after the cursor, oldest first; None is the beginning. Raises the four errors."""


class ReceivesCallbacks(Source):
    """Is told by its system, at `/connections/{name}/inbox`."""

    @abstractmethod
    async def receive(self, callback: Callback) -> Sequence[RawItem]:
        """Give what was told.

        Raises:
            CredentialsError: the sender is not proven; nothing is kept.
            RejectedError: it is proven, and cannot be read.
        """


class Hears(Source):
    """Holds a connection over which its system tells, and gives `Lent.heard` each item as it comes.

    The hub gathers for a moment, and keeps together what came. Who told has gone on by then: what waits when the
    process is killed is lost, and so is what comes while too much waits. An item that cannot be read is given with its
    `fault`, under an id that the same words have again, for a broken sensor tells them for ever. Its pace lets one
    client be connected (`clients_at_once=1`): several processes would each tell what they hear.
    """

    @classmethod
    def configured_sensors(cls, config: Any) -> Mapping[str, frozenset[Quantity]] | None:  # noqa: ANN401, ARG003  (its own)
        """Give the sensors that the settings name, and what each tells; None when only the system itself knows them."""
        return None


class ReadsFiles(Source):
    """Understands a file that its system exports: uploaded, in a watched folder, or fetched over SFTP."""

    @abstractmethod
    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        """Give item by item, in bounded memory however large the file, which can be sought in; runs in a thread.

        A bad item is an item too, with its `fault`. What it holds besides is told by `translate` only.

        Raises:
            RejectedError: the file as a whole is none of this kind, or ends too early.
        """


class TellsOfChanges(ReadsFiles):
    """Reads files in which a population register tells whose record has changed (aviseringsfiler).

    Whoever is marked as protected, or may be, comes first, before it is known that the file is whole. The last item is
    a `ChangesFile`. A file that is cut short, or holds fewer records than it says, is refused after the marks. An item
    holds no name and no address.
    """
