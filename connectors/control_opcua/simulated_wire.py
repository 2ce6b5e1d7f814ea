"""How OPC UA's binary encoding spells what the simulator hears and tells, without a line of anybody's library.

Source: OPC 10000-6 v1.05, 5.2 (binary encoding), 6.7 (chunks) and 7.1 (OPC UA connection protocol), read from what
asyncua 2.1.0 and node-opcua 2.182.2 send one another, 2026-11-27.
"""

import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BOOLEAN, STRING, NODE_ID = 1, 12, 17
FORMATS = {1: "?", 2: "b", 3: "B", 4: "h", 5: "H", 6: "i", 7: "I", 8: "q", 9: "Q", 10: "f", 11: "d"}
"""Of the built-in types that are numbers."""
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
ARRAY = 0x80
HAS_VALUE, HAS_STATUS = 1, 2
Value = object


@dataclass(frozen=True)
class Variant:
    """A value with its type; one without is none."""

    type: int = 0
    value: Value = None


class Reader:
    """Takes one thing after the other from the bytes of a message."""

    def __init__(self, data: bytes) -> None:
        """Begin at its beginning."""
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        """So many bytes; EOFError when there are fewer."""
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise EOFError
        self._at += count
        return taken

    def number(self, form: str = "I") -> int | float:
        """A number, as struct names its type."""
        (told,) = struct.unpack(f"<{form}", self.take(struct.calcsize(form)))
        return told  # type: ignore[no-any-return]

    def whole(self, form: str = "I") -> int:
        """A number that is whole."""
        return int(self.number(form))

    def octets(self) -> bytes:
        """A string of bytes; none is as empty."""
        return self.take(max(self.whole("i"), 0))

    def text(self) -> str:
        """A string."""
        return self.octets().decode()

    def node(self) -> str:
        """A node, as it is written: `i=85`, `ns=2;s=Hall`."""
        form = self.whole("B") & 0x3F
        space = 0 if form == 0 else self.whole("B" if form == 1 else "H")
        match form:
            case 0 | 1 | 2:
                name = f"i={self.whole('BHI'[form])}"
            case 3:
                name = f"s={self.text()}"
            case 4:
                name = f"g={uuid.UUID(bytes_le=self.take(16))}"
            case _:
                raise ValueError(form)
        return f"ns={space};{name}" if space else name

    def extension(self) -> tuple[str, bytes]:
        """A structure: its kind, and what is in it."""
        kind, has_body = self.node(), self.whole("B")
        return kind, self.octets() if has_body else b""

    def variant(self) -> Variant:
        """A number with its type; whatever else it is, with none."""
        kind = self.whole("B")
        return Variant(kind, self.number(FORMATS[kind])) if kind in FORMATS else Variant(kind)

    def data_value(self) -> Variant:
        """The value of one, whatever else is told of it."""
        has = self.whole("B")
        return self.variant() if has & HAS_VALUE else Variant()

    def request(self) -> tuple[str, int]:
        """The head of a request: whose session, and its number."""
        session = self.node()
        self.take(8)
        handle = self.whole()
        self.take(4)
        self.octets()
        self.take(4)
        self.extension()
        return session, handle


def number(told: float, form: str = "I") -> bytes:
    """Spell a number, as struct names its type."""
    return struct.pack(f"<{form}", told)


def octets(told: bytes | None) -> bytes:
    """Spell a string of bytes."""
    return number(-1, "i") if told is None else number(len(told), "i") + told


def text(told: str | None) -> bytes:
    """Spell a string."""
    return octets(None if told is None else told.encode())


def moment(told: datetime) -> bytes:
    """Spell a time: tenths of microseconds since 1601."""
    return number((told - EPOCH) // timedelta(microseconds=1) * 10, "q")


def node(told: str) -> bytes:
    """Spell a node with a number."""
    space, _, name = told.rpartition(";")
    return number(2, "B") + number(int(space.removeprefix("ns=") or 0), "H") + number(int(name.removeprefix("i=")))


def array(told: list[bytes]) -> bytes:
    """Spell several, one after the other."""
    return number(len(told), "i") + b"".join(told)


def extension(kind: int, body: bytes) -> bytes:
    """Spell a structure."""
    return node(f"i={kind}") + number(1, "B") + octets(body)


def variant(told: Variant) -> bytes:
    """Spell a value with its type."""
    kind = number(told.type, "B")
    match told:
        case Variant(0):
            return kind
        case Variant(type=a, value=list(value)) if a == STRING | ARRAY:
            return kind + array([text(one) for one in value])
        case Variant(type=12, value=str(value)):
            return kind + text(value)
        case Variant(type=17, value=str(value)):
            return kind + node(value)
        case Variant(value=bool() | int() | float() as value):
            return kind + number(value, FORMATS[told.type])
    raise TypeError(told)


def data_value(told: Variant, status: int) -> bytes:
    """Spell a value and how good it is."""
    if status >> 31:
        return number(HAS_STATUS, "B") + number(status)
    return number(HAS_VALUE | HAS_STATUS, "B") + variant(told) + number(status)


def answer(kind: int, handle: int, body: bytes, status: int, now: datetime) -> bytes:
    """Spell the answer to a request."""
    head = moment(now) + number(handle) + number(status) + number(0, "B") + number(-1, "i") + number(0, "H") + b"\0"
    return node(f"i={kind}") + head + body


def chunk(kind: bytes, body: bytes) -> bytes:
    """Spell a message of one chunk."""
    return kind + b"F" + number(len(body) + 8) + body
