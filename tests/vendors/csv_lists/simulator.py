"""The stand-in for what exports the lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hub.model import Association, Attendance, AttendanceMethod, Attendee, Message, Role
from hub.sdk import STOCKHOLM, Clock, Simulator, WritesFiles

BEGIN = datetime(2026, 1, 7, 18, tzinfo=STOCKHOLM)


class ListsSimulator(Simulator, WritesFiles):
    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self._meant: list[Message] = []

    def config(self) -> Mapping[str, object]:
        return {}

    def meant(self) -> Sequence[Message]:
        return self._meant

    def file(self, count: int, *, first: int = 0, changed: frozenset[int] = frozenset()) -> bytes:
        numbers = range(first, first + count)
        self._meant = [self._message(n, came=n not in changed) for n in numbers]
        rows = (self._row(n, came=n not in changed) for n in numbers)
        return ("club;list;code;from;to;person;came\r\n" + "".join(rows)).encode()

    def with_a_bad_item(self, count: int) -> tuple[bytes, str]:
        lines = self.file(count).splitlines(keepends=True)
        half = len(lines) // 2
        return b"".join([*lines[:half], b"Klubb;1;K;i g\xe5r;sen;Kim;1\r\n", *lines[half:]]), f"line {half + 1}"

    def _times(self, n: int) -> tuple[datetime, datetime]:
        starts = BEGIN + timedelta(days=n // 20 % 300)
        return starts, starts + timedelta(hours=1)

    def _row(self, n: int, *, came: bool) -> str:
        starts, ends = self._times(n)
        return f"Åsa;1;K{n // 20};{starts:%Y-%m-%d %H:%M};{ends:%Y-%m-%d %H:%M};p{n};{int(came)}\r\n"

    def _message(self, n: int, *, came: bool) -> Attendance:
        starts, ends = self._times(n)
        return Attendance(
            association=Association(id="Åsa"),
            card="1",
            code=f"K{n // 20}",
            method=AttendanceMethod.MERGE,
            starts_at=starts,
            ends_at=ends,
            attendees=(Attendee(id=f"p{n}", role=Role.PARTICIPANT, present=came),),
        )
