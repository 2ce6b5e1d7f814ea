"""A connection whose files a mapping document explains: there is nothing to reach, and the document is the code."""

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from hub.model import Message
from hub.sdk import About, Connector, ConnectorConfig, RawItem, ReadsFiles, RejectedError, Simulator

_NEEDS = "this connection needs `mapping: NAME` to say what its files mean"


class MappedConfig(ConnectorConfig):
    """Nothing: the mapping document says it all."""


class MappedFiles(Connector[MappedConfig], ReadsFiles):
    """Stands for a connection with a `mapping`; the mapping reads and translates instead."""

    async def check(self) -> About:
        return About(detail="reads files as its mapping document says; nothing to reach")

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:  # noqa: ARG002 - never read here
        raise RejectedError(_NEEDS)

    def translate(self, item: RawItem) -> Iterable[Message]:
        raise RejectedError(_NEEDS, place=item.place)


class NoSystem(Simulator):
    """Nothing stands behind such a connection."""

    def config(self) -> Mapping[str, object]:
        return {}
