"""The data of each type of event: references only, no persons."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from hub.model.answers import TargetName
from hub.model.booking import Status
from hub.model.credential import Method
from hub.model.events import EventType
from hub.model.frozen import Frozen
from hub.model.invoice import Answer, InvoiceKind
from hub.model.ladder import Ended
from hub.model.money import Amount
from hub.model.naming import ResourceId
from hub.model.passage import Why
from hub.model.states import Effect, Proof

Revision = Annotated[int, Field(ge=1, description="of the subject")]
Which = Annotated[ResourceId, Field(description="the resource's id")]


class BookingAccepted(Frozen):
    """A new booking, or a new revision of one, is on disk."""

    revision: Revision
    status: Annotated[Status, Field(description="preliminary, confirmed or cancelled")]


class BookingRevision(Frozen):
    """Which revision of the booking it is about."""

    revision: Revision


class CredentialStands(Frozen):
    """A code, card or key stands in its lock system; its value is looked up with the booking."""

    target: TargetName
    proof: Annotated[Proof | None, Field(description="only `read` has been seen in the system")]


class AccessFallback(Frozen):
    """A credential was not confirmed in time, and something is done instead; or that is taken back."""

    occasion: Annotated[str, Field(description="its id within the booking")]
    resource: Which
    rung: Annotated[
        Literal["tell", "spare_code"], Field(description="what is done: somebody is told, or given a spare code")
    ]
    role: Annotated[str, Field(description="who is told")]
    state: Annotated[Literal["given", "withdrawn"], Field(description="whether it holds")]
    why: Annotated[Ended | None, Field(description="it was withdrawn: the credential works, or the time is gone")] = (
        None
    )


class OutcomeRevised(Frozen):
    """The booking was told to be effective, and is so no more."""

    revision: Revision
    target: TargetName
    state: Annotated[Effect, Field(description="how the target is")]


class TimeReleased(Frozen):
    """Nobody has it, nor a whole or part of it, and it is not closed; of a whole that is not free, the parts are told.

    Time that is given up while it is closed is told when the closure is lifted or moved, if it is free by then.
    """

    resource: Which
    starts_at: Annotated[datetime, Field(description="UTC, part of what is free")]
    ends_at: Annotated[datetime, Field(description="UTC, no longer part of it")]


class ClosureRevision(Frozen):
    """Which revision of the closure it is about, and what is closed or open again."""

    revision: Revision
    resource: Which


class EffectLost(Frozen):
    """What stood is gone, or shut off, in its system."""

    repaired: Annotated[bool, Field(description="whether the hub put it back; false: a person must act")]


class EffectExpired(Frozen):
    """It was tried until it was of no more use."""

    until: Annotated[int | None, Field(description="when that was, microseconds since 1970 UTC")]


class EffectOverridden(Frozen):
    """Somebody set the zone by hand; the hub leaves it until the next edge."""

    found: Annotated[str, Field(description="what the zone is at", examples=["10 %", "on", "21.5 °C"])]


class RefundRequested(Frozen):
    """More has been paid beforehand than the booking costs now: somebody is to pay the rest back."""

    revision: Revision
    amount: Annotated[Amount, Field(description="SEK, VAT included")]
    receipt: Annotated[str, Field(description="of the payment, as the booking core told it")]


class InvoiceTransferred(Frozen):
    """The finance system has it."""

    kind: Annotated[InvoiceKind, Field(description="invoice, or credit note")]
    payable: Annotated[Amount, Field(description="SEK, VAT included")]
    bookings: Annotated[tuple[str, ...], Field(description="numbers of the bookings that it is for")]
    credits: Annotated[str | None, Field(description="key of the invoice that a credit note takes off from")] = None


class InvoiceAnswer(Frozen):
    """Whoever got it said something of it."""

    answer: Annotated[Answer, Field(description="AB received, IP in process, UQ queried, CA, RE rejected, AP, PD paid")]
    bookings: Annotated[tuple[str, ...], Field(description="numbers of the bookings that it is for")]


class DocumentRegistered(Frozen):
    """A document stands in the registry (diariet)."""

    number: Annotated[str, Field(description="the registry's own (diarienummer), as it writes it")]
    booking: Annotated[str | None, Field(description="number of the booking that it is of")] = None


class ApplicationReceived(Frozen):
    """Somebody has applied by an e-service: GET /applications/{key} tells what."""

    connection: Annotated[str, Field(description="of the e-service")]
    form: Annotated[str, Field(description="which of its forms")]
    received_at: Annotated[datetime, Field(description="when it was sent in, UTC")]
    completes: Annotated[bool, Field(description="it completes one that came before")]


class AttendanceImported(Frozen):
    """A file was read to its end."""

    import_id: Annotated[int, Field(description="its id, see GET /imports")]
    gatherings: Annotated[int, Field(description="that the file told of, known ones too")]
    participants: Annotated[int, Field(description="marks of participants who came (deltagartillfällen)")]
    leaders: Annotated[int, Field(description="marks of leaders who came (ledartillfällen)")]
    quarantined: Annotated[int, Field(description="items that could not be understood")]


class AttendanceChanged(Frozen):
    """Gatherings came one by one, or out of quarantine."""

    gatherings: Annotated[int, Field(description="how many")]
    earliest: Annotated[datetime, Field(description="start of the first, UTC")]
    latest: Annotated[datetime, Field(description="start of the last, UTC")]


class PersonProtected(Frozen):
    """Somebody is protected, or may be, of whom more was told before: erase what was got, and look anew.

    References only; what stands under them in the hub is erased already, or shown with a reason.
    """

    bookings: Annotated[tuple[str, ...], Field(description="numbers of the bookings that they pay for")]
    invoices: Annotated[tuple[str, ...], Field(description="keys of invoices and credit notes that have gone out")]
    documents: Annotated[
        tuple[str, ...], Field(description="keys of documents that have gone to the registry, and must be marked there")
    ] = ()
    gatherings: Annotated[int, Field(description="lists of attendance that they stand on, now without a name")]
    looked_up_by: Annotated[tuple[str, ...], Field(description="names of the API keys that have looked them up")]


class PersonNews(Frozen):
    """The population register has news of who pays for these bookings: look them up, if it matters to you.

    What has changed is not told: an address, a name, a number, or that there is nobody to write to any more.
    """

    bookings: Annotated[tuple[str, ...], Field(description="numbers of the bookings that they pay for")]


class DoorPassed(Frozen):
    """Somebody went through a door. References only; null where the lock system does not say who, or nobody of ours."""

    door: Annotated[str, Field(description="the external key")]
    at: Annotated[datetime, Field(description="UTC")]
    method: Annotated[Method | None, Field(description="pin, card or mobile_key, where the system tells")] = None
    credential: Annotated[
        str | None, Field(description="the credential's key in the lock system, which names nobody")
    ] = None
    booking: Annotated[str | None, Field(description="number of the booking that it was for")] = None
    occasion: Annotated[str | None, Field(description="of that booking")] = None
    resource: Annotated[str | None, Field(description="that the occasion is of")] = None
    facility: Annotated[str | None, Field(description="whose door it is, by the configuration")] = None


class DoorRefused(DoorPassed):
    """A door stayed shut before somebody. The same again within a minute is told once."""

    reason: Annotated[Why, Field(description="as the hub worked it out from the bookings and what the system said")]
    minutes: Annotated[int | None, Field(description="how much too early, or too late; begun minutes count")] = None


class ZoneBookedButEmpty(Frozen):
    """Nobody has been seen since an occasion began; told once for each. References only."""

    zone: Annotated[str, Field(description="facility/zone")]
    booking: Annotated[str, Field(description="its number")]
    occasion: Annotated[str, Field(description="of that booking")]
    resource: Which
    starts_at: Annotated[datetime, Field(description="UTC")]
    minutes: Annotated[int, Field(description="how long into it nobody was seen")]


class ZoneLitButUnbooked(Frozen):
    """A zone is lit though no booking claims it, nor a tail; told once, and where it stays so for days once a day."""

    zone: Annotated[str, Field(description="facility/zone")]
    since: Annotated[datetime, Field(description="UTC; from when it was lit and unclaimed, as far as two days tell")]
    minutes: Annotated[int, Field(description="how long that is")]
    seen: Annotated[
        Literal["system", "sensor"],
        Field(description="system: it was confirmed on, and never off; sensor: there is light on one of lux"),
    ]


class ProblemAbout(Frozen):
    """One cause that stops deliveries, or soon will."""

    problem: Annotated[int, Field(description="its id, see GET /problems")]
    code: Annotated[str, Field(description="what kind it is, see docs/errors.md", examples=["unreachable"])]


class Told(NamedTuple):
    """What one type of event says."""

    summary: str
    subject: Literal[
        "booking number",
        "closure id",
        "target",
        "invoice key",
        "document key",
        "connection or subscription",
        "keyed hash of an identity number",
    ]
    data: type[Frozen]


EVENTS: Mapping[EventType, Told] = {
    EventType.BOOKING_ACCEPTED: Told("A booking, or a newer revision, is on disk", "booking number", BookingAccepted),
    EventType.BOOKING_SUSPENDED: Told("A closure suspends what it asks for", "booking number", BookingRevision),
    EventType.BOOKING_RESUMED: Told("No closure suspends it any more", "booking number", BookingRevision),
    EventType.BOOKING_EFFECTIVE: Told(
        "All that is due for it is confirmed; or it ended, and all of it is gone", "booking number", BookingRevision
    ),
    EventType.CREDENTIAL_READY: Told("A holder can open the doors", "booking number", CredentialStands),
    EventType.CREDENTIAL_CHANGED: Told("A holder has another code", "booking number", CredentialStands),
    EventType.ACCESS_FALLBACK: Told(
        "Something is done instead of a door, or no more", "booking number", AccessFallback
    ),
    EventType.OUTCOME_REVISED: Told("What was told earlier is no longer so", "booking number", OutcomeRevised),
    EventType.TIME_RELEASED: Told("Time has become free", "booking number", TimeReleased),
    EventType.CLOSURE_IN_FORCE: Told("A resource is closed", "closure id", ClosureRevision),
    EventType.CLOSURE_LIFTED: Told("It is open again", "closure id", ClosureRevision),
    EventType.EFFECT_LOST: Told("What stood is gone from its system", "target", EffectLost),
    EventType.EFFECT_EXPIRED: Told("It was never done, and its time has passed", "target", EffectExpired),
    EventType.EFFECT_OVERRIDDEN: Told("A zone was set by hand", "target", EffectOverridden),
    EventType.REFUND_REQUESTED: Told("More is paid than is owed", "booking number", RefundRequested),
    EventType.INVOICE_TRANSFERRED: Told("The finance system has an invoice", "invoice key", InvoiceTransferred),
    EventType.INVOICE_ANSWERED: Told("Somebody answered an invoice", "invoice key", InvoiceAnswer),
    EventType.APPLICATION_RECEIVED: Told("Somebody has applied by an e-service", "document key", ApplicationReceived),
    EventType.DOCUMENT_REGISTERED: Told("The registry has a document", "document key", DocumentRegistered),
    EventType.ATTENDANCE_IMPORTED: Told(
        "A file of attendance was read", "connection or subscription", AttendanceImported
    ),
    EventType.ATTENDANCE_CHANGED: Told("Attendance came in", "connection or subscription", AttendanceChanged),
    EventType.DOOR_PASSED: Told("Somebody passed a door", "target", DoorPassed),
    EventType.DOOR_REFUSED: Told("A door stayed shut before somebody", "target", DoorRefused),
    EventType.ZONE_BOOKED_BUT_EMPTY: Told("A zone is booked, and nobody is there", "target", ZoneBookedButEmpty),
    EventType.ZONE_LIT_BUT_UNBOOKED: Told("A zone is lit that nobody has booked", "target", ZoneLitButUnbooked),
    EventType.PERSON_PROTECTED: Told(
        "Somebody is protected of whom more was told before", "keyed hash of an identity number", PersonProtected
    ),
    EventType.PERSON_CHANGED: Told(
        "The population register has news of somebody", "keyed hash of an identity number", PersonNews
    ),
    EventType.PROBLEM_STARTED: Told("Something stops deliveries", "connection or subscription", ProblemAbout),
    EventType.PROBLEM_ESCALATED: Told("It has become more urgent", "connection or subscription", ProblemAbout),
    EventType.PROBLEM_ENDED: Told("It stops them no more", "connection or subscription", ProblemAbout),
}
"""Every type of event."""
