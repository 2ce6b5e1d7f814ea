"""Errors of the hub itself, named for what the caller should do.

HubError
├── ConfigurationError    a file of the municipality must be changed; carries findings with file and line
├── InvalidError          the request must be changed; carries every fault with its place
├── NotFoundError         there is no such thing; look it up again
└── RefusedError          it cannot be done now, or not by this caller; carries a stable code
"""

from collections.abc import Sequence
from typing import NamedTuple


class HubError(Exception):
    """The root: says what, where, and what to do."""


class ConfigurationError(HubError):
    """The municipality's folder, or what it leads to, must be changed before the hub can run."""


class FieldFault(NamedTuple):
    """One fault of a field, with its JSON Pointer and a stable code."""

    pointer: str
    code: str
    detail: str


class InvalidError(HubError):
    """The request must be changed; all its faults at once."""

    def __init__(self, faults: Sequence[FieldFault], *, code: str = "invalid-booking") -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults))
        self.faults, self.code = tuple(faults), code


class NotFoundError(HubError):
    """There is no such thing."""


class RefusedError(HubError):
    """It cannot be done; the code is stable, the text says what to do instead."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
