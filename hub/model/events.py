"""Events (händelser): canonical messages to subscribers, in a CloudEvents 1.0 envelope. References only, no persons.

Source: CloudEvents specification 1.0.2, read 2026-11-21.
"""

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from hub.clock import instant
from hub.model.frozen import Frozen


class EventType(StrEnum):
    """What may happen."""

    BOOKING_ACCEPTED = "booking.accepted"
    BOOKING_SUSPENDED = "booking.suspended"
    BOOKING_RESUMED = "booking.resumed"
    BOOKING_EFFECTIVE = "booking.effective"
    CREDENTIAL_READY = "credential.ready"
    CREDENTIAL_CHANGED = "credential.changed"
    ACCESS_FALLBACK = "access.fallback"
    OUTCOME_REVISED = "outcome.revised"
    TIME_RELEASED = "time.released"
    CLOSURE_IN_FORCE = "closure.in_force"
    CLOSURE_LIFTED = "closure.lifted"
    EFFECT_LOST = "effect.lost"
    EFFECT_EXPIRED = "effect.expired"
    EFFECT_OVERRIDDEN = "effect.overridden"
    REFUND_REQUESTED = "refund.requested"
    INVOICE_TRANSFERRED = "invoice.transferred"
    INVOICE_ANSWERED = "invoice.answered"
    APPLICATION_RECEIVED = "application.received"
    DOCUMENT_REGISTERED = "document.registered"
    ATTENDANCE_IMPORTED = "attendance.imported"
    ATTENDANCE_CHANGED = "attendance.changed"
    DOOR_PASSED = "door.passed"
    DOOR_REFUSED = "door.refused"
    ZONE_BOOKED_BUT_EMPTY = "zone.booked_but_empty"
    ZONE_LIT_BUT_UNBOOKED = "zone.lit_but_unbooked"
    PERSON_PROTECTED = "person.protected"
    PERSON_CHANGED = "person.changed"
    PROBLEM_STARTED = "problem.started"
    PROBLEM_ESCALATED = "problem.escalated"
    PROBLEM_ENDED = "problem.ended"


class Envelope(Frozen):
    """One event, as CloudEvents 1.0 in JSON."""

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(description="unique within its source; the same when it is sent again")]
    source: Annotated[str, Field(examples=["/v1/2480"])]
    type: Annotated[EventType, Field(description="what happened")]
    subject: Annotated[str, Field(description="a booking number, a target or a connection")]
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]


def enveloped(municipality: str, id_: int, type_: str, subject: str, body: str, at: int) -> Envelope:
    """Put a stored event in its envelope; `at` in microseconds since 1970 UTC."""
    return Envelope(
        id=str(id_),
        source=f"/v1/{municipality}",
        type=EventType(type_),
        subject=subject,
        time=instant(at),
        data=json.loads(body),
    )
