"""A source of ours for the tests: lists of who came, a line each, told as a file, a page or a callback.

code;version;from;to;who,who,...        who: a number, `name!` who did not come, `name*` who led
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from pydantic import Field, SecretStr

from hub.clock import STOCKHOLM
from hub.model import (
    Association,
    Attendance,
    AttendanceMethod,
    Attendee,
    CredentialTouched,
    Message,
    Passage,
    PassageOutcome,
    Refusal,
    Role,
)
from hub.model.identity import PersonNumber
from hub.sdk import (
    About,
    Callback,
    Connector,
    ConnectorConfig,
    CredentialsError,
    Page,
    Polls,
    RawItem,
    ReadsFiles,
    ReceivesCallbacks,
    RejectedError,
    Remark,
)


class ListConfig(ConnectorConfig):
    """Nothing but a password for callbacks."""

    password: SecretStr = Field(SecretStr("s3cret"), description="of callbacks")


class ListSource(Connector[ListConfig], Polls, ReceivesCallbacks, ReadsFiles):
    """Told is what a test says; `lines` is what its system has, for polls."""

    lines: Sequence[str] = ()
    page = 2
    down: Exception | None = None
    broken = False
    polled = 0

    async def check(self) -> About:
        return About(version="1")

    async def poll(self, cursor: str | None) -> Page:
        self.polled += 1
        if self.down:
            raise self.down
        begin = int(cursor or 0)
        lines = self.lines[begin : begin + self.page]
        end = begin + len(lines)
        return Page([item(line, begin + n) for n, line in enumerate(lines, 1)], str(end), more=end < len(self.lines))

    async def receive(self, callback: Callback) -> Sequence[RawItem]:
        if callback.headers.get("password") != self.config.password.get_secret_value():
            raise CredentialsError("who are you?")
        if callback.body.startswith(b"?"):
            raise RejectedError("a question was told")
        return [item(line, n) for n, line in enumerate(callback.body.decode().splitlines(), 1)]

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        if file.read(5) != b"lists":
            raise RejectedError("this is no list; export it as lists")
        for number, raw in enumerate(file, 1):
            line = raw.decode().strip()
            if line == "cut":
                raise RejectedError(f"line {number}: the file ends too early; export it again")
            if line == "bug":
                raise KeyError("Lena Norberg")
            if line:
                yield item(line, number)

    def translate(self, item: RawItem) -> Iterable[Message]:
        if self.broken:
            raise ZeroDivisionError("Lena Norberg")
        return [meant(item.content.decode(), item.place)]


def item(line: str, number: int) -> RawItem:
    code, version = line.split(";")[:2]
    remarks = (Remark(f"line {number}", "odd"),) if "odd" in line else ()
    return RawItem(
        code, line.encode(), f"line {number}", version, "doubled in the file" if "doubled" in line else "", remarks
    )


def meant(line: str, place: str) -> Message:
    code, _, begin, *rest = line.split(";")
    if begin == "touched":
        return CredentialTouched(key=code)
    if begin == "passed":
        return Passage(key="hub-B-1", door=rest[0], at=datetime.fromisoformat(rest[1]), outcome=PassageOutcome.PASSED)
    if begin == "refused":
        at, outcome = datetime.fromisoformat(rest[1]), PassageOutcome.REFUSED
        return Passage(door=rest[0], at=at, outcome=outcome, reason=Refusal.OTHER)
    if begin == "bad":
        raise RejectedError("no date; write one", place=place)
    method = AttendanceMethod.REPLACE
    if begin == "gone":
        method, begin, rest = AttendanceMethod.REMOVE, "2026-11-02 18:00", ["2026-11-02 19:00", ""]
    if begin.startswith("+"):
        method, begin = AttendanceMethod.MERGE, begin[1:]
    end, who = rest
    return Attendance(
        association=Association(id="BK", name="Umeå Badmintonklubb", organisation_number=None),
        card="7",
        code=code.partition("/")[0],
        method=method,
        starts_at=datetime.fromisoformat(begin).replace(tzinfo=STOCKHOLM),
        ends_at=datetime.fromisoformat(end).replace(tzinfo=STOCKHOLM),
        attendees=tuple(attendee(one) for one in who.split(",") if one),
    )


def attendee(told: str) -> Attendee:
    name = told.rstrip("!*")
    numbered: dict[str, Any] = {"identity_number": PersonNumber.parse(name)} if name.isdigit() else {"given_name": name}
    role = Role.LEADER if told.endswith("*") else Role.PARTICIPANT
    return Attendee(id=hashlib.sha256(name.encode()).hexdigest()[:8], role=role, present="!" not in told, **numbered)
