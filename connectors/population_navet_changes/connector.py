"""Files of changes from Navet: nothing to connect to, and everything to read, protection first."""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

from connectors.population_navet_changes.client import Changes
from connectors.population_navet_changes.config import ChangesConfig
from connectors.population_navet_changes.translate import change, changes_file
from hub.model import Message
from hub.sdk import STOCKHOLM, About, Connector, RawItem, RejectedError, TellsOfChanges, is_shs, unwrapped

_HEAD_BYTES, _MOST_BYTES = 1000, 100_000_000


class NavetChanges(Connector[ChangesConfig], TellsOfChanges):
    """Reads what Skatteverket delivers for one order of changes, by SHS or e-transport."""

    async def check(self) -> About:
        told = "" if self.config.order_has_protection else "; whoever is told of without flags is treated as protected"
        return About(detail=f"reads files; nothing to reach{told}")

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        today = self.lent.clock.now().astimezone(STOCKHOLM).date().isoformat()
        for one in _files(file):
            yield from Changes(one, self.config, today).items()

    def translate(self, item: RawItem) -> Iterable[Message]:
        if item.source_id.startswith("file/"):
            return [changes_file(item.content, self.config.silent)]
        return [change(item.content, item.place, order_has_protection=self.config.order_has_protection)]


def _files(file: BinaryIO) -> Sequence[BinaryIO]:
    """The file, or those in the SHS message that it is. Raises RejectedError."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if not is_shs(head):
        return [file]
    parts = unwrapped(file.read(_MOST_BYTES + 1), most_bytes=_MOST_BYTES).parts
    if not parts:
        raise RejectedError("an SHS message without any file", place="message")
    return [BytesIO(part.content) for part in parts]
