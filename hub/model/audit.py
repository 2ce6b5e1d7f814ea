"""The audit (spårbarhet): what was changed, looked up or shown, by whom and when; and what a check of it finds."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from hub.model.frozen import Frozen


class Act(StrEnum):
    """What was done, or seen."""

    BOOKING_ACCEPTED = "booking.accepted"
    BOOKING_CHANGED = "booking.changed"
    BOOKING_CANCELLED = "booking.cancelled"
    BOOKING_SEEN = "booking.seen"
    CODES_SHOWN = "booking.codes_shown"
    """Looked up with the PINs and card numbers, or told of them again."""
    DOCUMENT_TAKEN = "document.accepted"
    APPLICATION_SEEN = "application.seen"
    CLOSED = "closure.put"
    LIFTED = "closure.lifted"
    DELIVERIES_RETRIED = "deliveries.retried"
    DELIVERIES_DISMISSED = "deliveries.dismissed"
    PROBLEM_RETRIED = "problem.retried"
    CONNECTION_PAUSED = "connection.paused"
    CONNECTION_RESUMED = "connection.resumed"
    CONNECTION_TESTED = "connection.tested"
    CONNECTION_FETCHED = "connection.fetched"
    CONNECTION_RECONCILED = "connection.reconciled"
    SPARE_CODE_CHANGED = "spare_code.changed"
    FINDING_DECIDED = "finding.decided"
    SYSTEMS_READ = "systems.read_back"
    FILE_IMPORTED = "attendance.imported"
    ATTENDANCE_SEEN = "attendance.seen"
    IDENTITIES_SHOWN = "attendance.identities_shown"
    PERSON_LOOKED_UP = "person.looked_up"
    """A register was to be asked of somebody: `subject` is a keyed hash of the identity number."""
    PERSON_PROTECTED = "person.protected"
    """What leads to somebody who is protected was erased."""
    RECORD_UNSEALED = "record.unsealed"
    """A record of a protected person was shown."""
    QUARANTINE_RERUN = "quarantine.rerun"
    QUARANTINE_DISMISSED = "quarantine.dismissed"
    SUBSCRIPTION_MADE = "subscription.made"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    SUBSCRIPTION_REMOVED = "subscription.removed"
    SUBSCRIPTION_PAUSED = "subscription.paused"
    SUBSCRIPTION_RESUMED = "subscription.resumed"
    SUBSCRIPTION_ROTATED = "subscription.rotated"
    SUBSCRIPTION_REPLAYED = "subscription.replayed"
    CONFIGURATION_APPLIED = "configuration.applied"
    CONFIGURATION_ROLLED_BACK = "configuration.rolled_back"
    KEY_MADE = "key.made"
    KEY_REVOKED = "key.revoked"
    SEALING_ROTATED = "sealing_key.rotated"
    SEALING_RETIRED = "sealing_keys.retired"
    BACKED_UP = "database.backed_up"
    RESTORED = "database.restored"
    MIGRATED = "database.migrated"
    EXPIRED = "retention.removed"
    AUDIT_SEEN = "audit.seen"


class AuditRow(Frozen):
    """One thing that was done or seen."""

    leaf: Annotated[int, Field(description="of the rows that were written together")]
    row: Annotated[int, Field(description="within the leaf, from 0")]
    place: Annotated[int | None, Field(description="of the leaf in the chain, from 1; null for the newest")]
    at: Annotated[datetime, Field(description="by the domain's clock")]
    act: Annotated[str, Field(description="what was done or seen", examples=[Act.BOOKING_ACCEPTED])]
    subject: Annotated[str, Field(description="a booking number, a connection's name, ...")]
    who: Annotated[str, Field(description="the key's name; `cli`: the command line; `hub`: by itself")]
    person: Annotated[str | None, Field(repr=False, description="X-Sent-By, or the command line's user")] = None
    private: Annotated[
        str | None, Field(repr=False, description="what may be personal besides, as what was sought")
    ] = None
    told: Annotated[dict[str, str | int | None], Field(description="revision, counts, names of ours")]


class AuditPage(Frozen):
    """A page of the audit, the newest first."""

    rows: tuple[AuditRow, ...]
    next: Annotated[str | None, Field(description="give it as `before`; null at the end")] = None


Verdict = Literal["changed", "removed", "inserted", "moved", "unreadable"]


class AuditFinding(Frozen):
    """One row, or one leaf with all its rows, that is not as the hub wrote it."""

    verdict: Verdict
    place: int | None
    leaf: int | None = None
    row: int | None = None
    detail: str


class AuditVerified(Frozen):
    """What a check of one municipality's audit found."""

    municipality: str
    leaves: int
    rows: int
    loose: Annotated[int, Field(description="leaves that are not in the chain yet; they are within seconds")]
    place: Annotated[int, Field(description="of the last leaf in the chain; 0 for none")]
    link: Annotated[str, Field(description="the last link; keep it elsewhere, and give it to a later check")]
    found: int
    findings: tuple[AuditFinding, ...]
    """The first of them."""
