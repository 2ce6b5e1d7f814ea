"""What a server tells, and the types of numbers that it has.

Source: OPC 10000-6 v1.05, 5.1.2 (built-in types and their numbers) and OPC 10000-4 v1.05, 7.38 (the two highest bits
of a status say good, uncertain or bad), by way of asyncua 2.1.0, its source, read 2026-11-27.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, auto

VALUE, DATA_TYPE, USER_ACCESS = 13, 14, 18
"""Attributes of a node. Source: OPC 10000-6 v1.05, A.1, by way of asyncua 2.1.0, read 2026-11-27."""
Number = bool | int | float


class Type(IntEnum):
    """A type of number that a node may have; one of another is refused (BadTypeMismatch), however well it would fit."""

    BOOLEAN = 1
    SBYTE = 2
    BYTE = 3
    INT16 = 4
    UINT16 = 5
    INT32 = 6
    UINT32 = 7
    INT64 = 8
    UINT64 = 9
    FLOAT = 10
    DOUBLE = 11


SPANS = {
    Type.SBYTE: (-(2**7), 2**7 - 1),
    Type.BYTE: (0, 2**8 - 1),
    Type.INT16: (-(2**15), 2**15 - 1),
    Type.UINT16: (0, 2**16 - 1),
    Type.INT32: (-(2**31), 2**31 - 1),
    Type.UINT32: (0, 2**32 - 1),
    Type.INT64: (-(2**63), 2**63 - 1),
    Type.UINT64: (0, 2**64 - 1),
}


class Quality(Enum):
    """What a server itself thinks of what it tells."""

    GOOD = auto()
    UNCERTAIN = auto()
    BAD = auto()


@dataclass(frozen=True)
class Told:
    """What a server told of one attribute of a node."""

    value: object = None
    status: str = "Good"
    quality: Quality = Quality.GOOD
    type: Type | None = None
    """None: no single number."""
