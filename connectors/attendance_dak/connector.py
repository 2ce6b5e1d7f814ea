"""DAK files: nothing to connect to, and everything to read."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from connectors.attendance_dak.client import read
from connectors.attendance_dak.config import DakConfig
from connectors.attendance_dak.translate import attendance
from connectors.attendance_dak.versions import Version, quick, thorough
from hub.model import Message
from hub.sdk import About, Connector, RawItem, ReadsFiles


class DakAttendance(Connector[DakConfig], ReadsFiles):
    """Reads what systems of associations export (IdrottOnline, ApN, laget.se, svenskalag.se ...)."""

    async def check(self) -> About:
        for version in Version:
            quick(version)
            thorough(version)
        return About(
            version=" and ".join(version.number for version in Version), detail="reads files; nothing to reach"
        )

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        yield from read(file, self.config.dangling)

    def translate(self, item: RawItem) -> Iterable[Message]:
        return [attendance(item.content, item.place)]
