"""Lists of who came as a table: a row a mark, each row by itself."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import BinaryIO

from hub.model import Association, Attendance, AttendanceMethod, Attendee, Message, Role
from hub.sdk import STOCKHOLM, About, Connector, ConnectorConfig, RawItem, ReadsFiles, RejectedError

HEAD = b"club;list;code;from;to;person;came\r\n"


class ListsConfig(ConnectorConfig):
    """Nothing to say."""


class CsvLists(Connector[ListsConfig], ReadsFiles):
    async def check(self) -> About:
        return About()

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        if file.readline() != HEAD:
            raise RejectedError("the first line is not club;list;code;from;to;person;came; export it again")
        for number, line in enumerate(file, 2):
            place = f"line {number}"
            if not line.endswith(b"\r\n"):
                raise RejectedError(f"{place}: the file ends within it; export it again")
            parts = line.split(b";")
            known = b"/".join((parts[0], parts[2], parts[5])) if len(parts) == 7 else line
            version = hashlib.sha256(line).hexdigest()
            yield RawItem(known.decode("utf-8", "replace"), line, place, version)

    def translate(self, item: RawItem) -> Iterable[Message]:
        try:
            club, card, code, begin, end, person, came = item.content.decode().strip().split(";")
            who = Attendee(id=person, role=Role.PARTICIPANT, present=came == "1")
            starts, ends = (datetime.fromisoformat(at).replace(tzinfo=STOCKHOLM) for at in (begin, end))
            return [
                Attendance(
                    association=Association(id=club),
                    card=card,
                    code=code,
                    method=AttendanceMethod.MERGE,
                    starts_at=starts,
                    ends_at=ends,
                    attendees=(who,),
                )
            ]
        except ValueError:
            raise RejectedError("not a row of seven with two times; correct it", place=item.place) from None
