"""Between canonical credentials and what the service keeps; pure.

The service adds buffers of its own, which belong to the unit: what opens is `begin` less those before until `end` and
those after. So times are sent with the buffers taken off, and read with them put on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from connectors.access_reservation_code.client import Code, Part
from connectors.access_reservation_code.config import Kind
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, RejectedError, Sighting

MARK = "hub-"
"""How every key of ours begins."""
_OURS = UUID("6f1d2f0c-52c8-5d5e-9c55-2e1b5a0f6a11")
"""Namespace of our ids: nobody else's are made in it."""
Buffers = Mapping[str, tuple[timedelta, timedelta]]


def id_of(key: str) -> str:
    """Give the id of a key, the same each time.

    Raises:
        RejectedError: the key has not our mark.
    """
    if not key.startswith(MARK):
        raise RejectedError(f"{key}: keys begin with {MARK}; give the credential such a key")
    return str(uuid5(_OURS, key))


def least(windows: Iterable[Window]) -> Kind:
    """Give the smallest kind that holds them."""
    told = list(windows)
    if len({window.door for window in told}) > 1:
        return Kind.SEASONAL
    return Kind.SERIES if len(told) > 1 else Kind.RESERVATION


def holds(kind: Kind, code: Code, windows: Iterable[Window]) -> bool:
    """Whether what is there can be changed into these; the unit of a reservation or a series never changes."""
    told = list(windows)
    order = list(Kind)
    fits = order.index(least(told)) <= order.index(kind)
    return fits and (kind is Kind.SEASONAL or {window.door for window in told} == {code.reservation_unit_id})


def buffers_of(code: Code) -> Buffers:
    """Give what the service adds, by unit."""
    return {
        part.reservation_unit_id: (
            timedelta(minutes=part.access_code_valid_minutes_before),
            timedelta(minutes=part.access_code_valid_minutes_after),
        )
        for part in code.parts
    }


def parts_of(windows: Iterable[Window], buffers: Buffers) -> list[Part]:
    """Give what is to be sent so that exactly these open.

    Raises:
        RejectedError: the service would open for longer, whatever it is sent.
    """
    return [
        _part(window, *buffers.get(window.door, (timedelta(), timedelta()))) for window in sorted(windows, key=_order)
    ]


def _part(window: Window, before: timedelta, after: timedelta) -> Part:
    begin, end = window.starts_at + before, window.ends_at - after
    if begin >= end:
        raise RejectedError(
            f"{window.door}: the lock system itself opens {before} before and {after} after; have that set to less "
            "there, or the time in the configuration to more"
        )
    return Part(reservation_unit_id=window.door, begin=begin, end=end)


def opens(code: Code) -> frozenset[Window]:
    """Give what its code opens while it is active."""
    buffers = buffers_of(code)
    return frozenset(
        Window(
            door=part.reservation_unit_id,
            starts_at=part.begin - buffers[part.reservation_unit_id][0],
            ends_at=part.end + buffers[part.reservation_unit_id][1],
        )
        for part in code.parts
    )


def sighting_of(key: str, found: Mapping[Kind, Code], *, begun: bool) -> Sighting[Credential] | None:
    """Give what stands under a key. `begun`: we ourselves are about to change it."""
    if not found:
        return None
    code = list(found.values())[-1]
    credential = Credential(key=key, method=Method.PIN, value=code.access_code, windows=opens(code))
    return Sighting(credential, *_condition(list(found.values()), begun=begun))


def _condition(codes: Sequence[Code], *, begun: bool) -> tuple[Condition, str]:
    if len(codes) > 1:
        return Condition.FAILED, "two codes under one key; one of them is on its way out"
    if codes[0].access_code_is_active:
        return Condition.STANDING, ""
    if begun:
        return Condition.FAILED, "made, and not active yet"
    return Condition.DISABLED, "its code was made inactive"


def asked(credential: Credential) -> None:
    """Refuse a value that somebody else chose.

    Raises:
        RejectedError: the service makes up every code itself.
    """
    if credential.method is not Method.PIN or credential.value is not Unsaid.CHOSEN_BY_SYSTEM:
        raise RejectedError(f"{credential.key}: the lock system makes up its codes itself; let it choose")


def _order(window: Window) -> tuple[str, object]:
    return window.door, window.starts_at
