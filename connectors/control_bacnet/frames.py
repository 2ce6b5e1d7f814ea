"""What goes over the wire: BACnet/IP frames around each question and answer, which bacpypes3 spells and reads.

Sources: ASHRAE 135-2020, annex J (BACnet/IP), clauses 6 (network layer), 13.14 (SubscribeCOV), 15 (services) and 20
(encoding), by way of bacpypes3 0.0.110 and `@bacnet-js/client` 3.3.2, their sources, read 2026-11-26.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any

from bacpypes3 import apdu as wire
from bacpypes3.basetypes import PropertyIdentifier, PropertyReference, ReadAccessSpecification
from bacpypes3.errors import DecodingError, RejectException
from bacpypes3.pdu import PDU
from bacpypes3.primitivedata import Enumerated, Null, ObjectIdentifier, Real, Tag, TagClass, Unsigned

from connectors.control_bacnet.config import BINARY, REAL, Point

Value = float | int | None
"""Of a present value or a place in a priority array: Real, an enumeration, a state, or nothing."""
Values = tuple[Any, ...]

UNICAST = 0x0A
MAX_RESPONSE = 5
"""Code for answers of up to 1476 octets, which is what one datagram takes."""
UNREADABLE = (DecodingError, RejectException, RuntimeError, ValueError, TypeError, AttributeError, LookupError)
"""What bacpypes3 raises at what is no BACnet; found by giving it 3,000 broken frames."""


class How(StrEnum):
    """By which kind of answer a device says no."""

    ERROR = auto()
    REJECT = auto()
    ABORT = auto()


@dataclass(frozen=True)
class Refusal:
    """A device says no; the words are the standard's."""

    how: How
    reason: str
    of: str = ""
    """The class of an error."""

    def __str__(self) -> str:
        return f"{self.how} {self.of}/{self.reason}" if self.of else f"{self.how} {self.reason}"


@dataclass(frozen=True)
class Request:
    """One question, before it has a number."""

    service: int
    point: Point
    spelt: Any
    """As bacpypes3 has it."""
    reads: bool = False
    """Whether its answer tells something of the object."""


@dataclass(frozen=True)
class Answer:
    """What came back to one request."""

    invoke: int
    service: int | None
    """None: rejected or aborted, which does not say of what."""
    refusal: Refusal | None = None
    point: Point | None = None
    found: Mapping[str, Values | Refusal] = field(default_factory=dict)
    """By property."""


@dataclass(frozen=True)
class Change:
    """A device tells that an object has changed."""

    point: Point
    found: Mapping[str, Values]
    invoke: int | None
    """Number by which it wants to be acknowledged; None: it does not."""


@dataclass(frozen=True)
class Station:
    """A device on a network behind the router that is written to."""

    network: int
    address: int


def reading(point: Point, names: Iterable[str]) -> Request:
    """Ask for several properties of an object at once."""
    wanted = [PropertyReference(propertyIdentifier=PropertyIdentifier(name)) for name in names]
    access = ReadAccessSpecification(objectIdentifier=_identifier(point), listOfPropertyReferences=wanted)
    return _request(point, wire.ReadPropertyMultipleRequest(listOfReadAccessSpecs=[access]), reads=True)


def reading_one(point: Point, name: str) -> Request:
    """Ask for one property of an object."""
    told = wire.ReadPropertyRequest(objectIdentifier=_identifier(point), propertyIdentifier=PropertyIdentifier(name))
    return _request(point, told, reads=True)


def writing(point: Point, value: Value, priority: int) -> Request:
    """Write the present value of an object at a priority; None gives that priority up."""
    told = wire.WritePropertyRequest(
        objectIdentifier=_identifier(point),
        propertyIdentifier=PropertyIdentifier("present-value"),
        propertyValue=_spelt(point, value),
        priority=priority,
    )
    return _request(point, told)


def subscribing(point: Point, process: int, seconds: int) -> Request:
    """Ask to be told, and to be asked whether we have heard it, when an object changes."""
    told = wire.SubscribeCOVRequest(
        subscriberProcessIdentifier=process,
        monitoredObjectIdentifier=_identifier(point),
        issueConfirmedNotifications=True,
        lifetime=seconds,
    )
    return _request(point, told)


def asked(request: Request, invoke: int, station: Station | None) -> bytes:
    """The datagram that asks it."""
    request.spelt.apduInvokeID = invoke
    told = request.spelt.encode()
    told.apduSeg = told.apduMor = told.apduSA = False
    told.apduMaxSegs, told.apduMaxResp = 0, MAX_RESPONSE
    return _framed(bytes(told.encode().pduData), station, expecting=True)


def heard_it(invoke: int, station: Station | None) -> bytes:
    """The datagram that acknowledges a change."""
    told = wire.SimpleAckPDU(wire.ConfirmedServiceChoice.confirmedCOVNotification, invoke)
    return _framed(bytes(told.encode().pduData), station, expecting=False)


def read(datagram: bytes) -> Answer | Change | None:
    """What a datagram says; None when it is not for us, or nothing that can be read."""
    body = _unframed(datagram)
    if body is None:
        return None
    try:
        told = wire.APDU.decode(PDU(body))
        return _understood(told)
    except UNREADABLE:
        return None


def _understood(told: Any) -> Answer | Change | None:  # noqa: ANN401, PLR0911  (one return for each kind)
    if getattr(told, "apduSeg", False):
        return None  # we told it that we take none in pieces
    match told:
        case wire.SimpleAckPDU():
            return Answer(told.apduInvokeID, told.apduService)
        case wire.RejectPDU():
            return Answer(told.apduInvokeID, None, Refusal(How.REJECT, str(told.apduAbortRejectReason)))
        case wire.AbortPDU():
            return Answer(told.apduInvokeID, None, Refusal(How.ABORT, str(told.apduAbortRejectReason)))
    whole = wire.APCISequence.decode(told)
    match whole:
        case wire.ErrorPDU():
            return Answer(whole.apduInvokeID, whole.apduService, _error(whole))
        case wire.ReadPropertyACK():
            found = {str(whole.propertyIdentifier): _plain(whole.propertyValue)}
            return Answer(whole.apduInvokeID, whole.apduService, None, _point(whole.objectIdentifier), found)
        case wire.ReadPropertyMultipleACK():
            return _many(whole)
        case wire.ConfirmedCOVNotificationRequest():
            return _change(whole, whole.apduInvokeID)
        case wire.UnconfirmedCOVNotificationRequest():
            return _change(whole, None)
    return None


def _many(whole: Any) -> Answer:  # noqa: ANN401  (bacpypes3's)
    (one,) = whole.listOfReadAccessResults
    found: dict[str, Values | Refusal] = {}
    for each in one.listOfResults:
        told = each.readResult
        error = told.propertyAccessError
        found[str(each.propertyIdentifier)] = _error(error) if error is not None else _plain(told.propertyValue)
    return Answer(whole.apduInvokeID, whole.apduService, None, _point(one.objectIdentifier), found)


def _change(whole: Any, invoke: int | None) -> Change:  # noqa: ANN401  (bacpypes3's)
    found = {str(one.propertyIdentifier): _plain(one.value) for one in whole.listOfValues}
    return Change(_point(whole.monitoredObjectIdentifier), found, invoke)


def _error(told: Any) -> Refusal:  # noqa: ANN401  (bacpypes3's)
    """As told; where a router tells of a reject or an abort further on, as that."""
    code = str(told.errorCode)
    for how in (How.REJECT, How.ABORT):
        if code.startswith(f"{how}-"):
            return Refusal(how, code.removeprefix(f"{how}-"))
    return Refusal(How.ERROR, code, str(told.errorClass))


def _plain(told: Any) -> Values:  # noqa: ANN401  (bacpypes3's)
    """All between the opening tag and the closing one."""
    return tuple(_of(tag) for tag in told.tagList.tagList[1:-1])


def _of(tag: Tag) -> Any:  # noqa: ANN401  (whatever it is)
    """The value of one tag. Source: ASHRAE 135, 20.2.1.4."""
    if tag.tag_class != TagClass.application:
        raise ValueError(tag)
    return BY_NUMBER.get(int(tag.tag_number), bytes)(bytes(tag.tag_data))


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _float(data: bytes) -> float:
    if len(data) not in {4, 8}:
        raise ValueError(data)
    return float(struct.unpack(">f" if len(data) == 4 else ">d", data)[0])  # noqa: PLR2004  (Real, not Double)


def _bits(data: bytes) -> Values:
    return tuple(bool(octet >> place & 1) for octet in data[1:] for place in range(7, -1, -1))


BY_NUMBER: Mapping[int, Callable[[bytes], Any]] = {
    0: lambda _: None,
    2: _number,
    4: _float,
    5: _float,
    8: _bits,
    9: _number,
}
"""What is read of the standard types; others, which nobody asks for, stay octets."""


def _request(point: Point, spelt: Any, *, reads: bool = False) -> Request:  # noqa: ANN401  (bacpypes3's)
    return Request(int(spelt.service_choice), point, spelt, reads)


def _identifier(point: Point) -> ObjectIdentifier:
    return ObjectIdentifier(f"{point.type},{point.number}")


def _point(told: Any) -> Point:  # noqa: ANN401  (bacpypes3's)
    return Point(str(told[0]), int(told[1]))


def _spelt(point: Point, value: Value) -> Any:  # noqa: ANN401  (bacpypes3's)
    if value is None:
        return Null(())
    if point.type in REAL:
        return Real(float(value))
    return Enumerated(int(value)) if point.type in BINARY else Unsigned(int(value))


def _framed(body: bytes, station: Station | None, *, expecting: bool) -> bytes:
    """Put the network layer and BACnet/IP around it."""
    control = 0x04 * expecting
    head = bytes([1, control])
    if station is not None:
        head = struct.pack(">BBHBBB", 1, control | 0x20, station.network, 1, station.address, 255)
    return struct.pack(">BBH", 0x81, UNICAST, 4 + len(head) + len(body)) + head + body


def _unframed(datagram: bytes) -> bytes | None:
    """Take both off; None when it is something else, or cut short."""
    if len(datagram) < 6 or datagram[:2] != bytes([0x81, UNICAST]):  # noqa: PLR2004  (both heads)
        return None
    if int.from_bytes(datagram[2:4], "big") != len(datagram) or datagram[4] != 1:
        return None
    control, at = datagram[5], 6
    if control & 0x80:
        return None  # of the network layer itself
    for present in (control & 0x20, control & 0x08):
        at += 3 + datagram[at + 2] if present and len(datagram) > at + 2 else 0
    at += 1 if control & 0x20 else 0
    return datagram[at:]
