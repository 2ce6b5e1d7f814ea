"""What a folder is in which nobody finds half a file, wherever it lies."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self


class NoAnswerError(Exception):
    """Nobody knows whether the last step was taken."""


@dataclass(frozen=True, slots=True)
class File:
    """One to be laid; until it is whole it lies beside, hidden and so named that nobody takes it."""

    path: str
    content: bytes = field(repr=False)
    unfinished: str

    @classmethod
    def at(cls, folder: str, name: str, content: bytes) -> Self:
        """Lie there under that name."""
        return cls(f"{folder}/{name}", content, f"{folder}/.{name}.{secrets.token_hex(8)}.tmp")


class Place(Protocol):
    """Paths on a disk, some call away. Raises TransientError or CredentialsError when a step was not taken.

    Raises:
        NoAnswerError: perhaps it was.
    """

    async def read(self, *paths: str) -> list[bytes | None]:
        """What stands at each; None where nothing does."""

    async def there(self, path: str) -> bool:
        """Whether anything stands there."""

    async def names(self, folder: str) -> list[str]:
        """What is in a folder that is written to."""

    async def make(self, folder: str) -> None:
        """Have a folder within one that is there; harmless when there is one."""

    async def prepare(self, files: Sequence[File]) -> None:
        """Write them, whole and on disk, under the names of what is unfinished."""

    async def publish(self, file: File) -> None:
        """Give it its name, at once. Nothing has it: whoever calls has looked."""

    async def claim(self, file: File) -> bool:
        """Give it its name, unless something has it; of two who try one succeeds."""

    async def replace(self, file: File) -> None:
        """Give it its name, at once, in place of what has it."""

    async def discard(self, files: Sequence[File]) -> None:
        """Take away what is unfinished, as far as may be; raises nothing."""
