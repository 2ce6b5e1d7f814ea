"""What a booking asks for: claims on targets, and records. Plain tuples, for there are millions of them.

Times are whole microseconds since 1970 UTC (see hub.clock).
"""

import json
from enum import StrEnum, auto
from typing import NamedTuple

from hub.model.credential import Method
from hub.model.facility import DIGITS, Capability
from hub.model.notice_record import NewsWish


class TargetKind(StrEnum):
    """What a target is, and so how its claims fold."""

    CREDENTIAL = auto()
    """Windows at doors; claims carry the door."""
    SWITCH = auto()
    """A zone; level 1 is on."""
    DIM = auto()
    """A zone; level in per cent."""
    SETPOINT = auto()
    """A zone; level in tenths of a degree Celsius."""
    RECORD = auto()
    """Something that happens once."""


TARGET_KINDS = {str(kind): kind for kind in TargetKind}
"""By their names, as they are stored."""


class TargetKey(NamedTuple):
    """A target within its municipality: which connection, and what the external system calls it (or our mark)."""

    connection: str
    key: str


class Claim(NamedTuple):
    """What one booking asks of one target (anspråk): a window and a level, or a window at a door.

    Known within its booking by (occasion, target, door): the occasion's own id, never its place in the list.
    """

    occasion: str
    target: TargetKey
    kind: TargetKind
    door: str
    starts: int
    ends: int
    level: int
    suspended: bool = False


class Ask(NamedTuple):
    """A live claim on the target at hand, without what folding does not need."""

    starts: int
    ends: int
    level: int
    door: str


class Grant(NamedTuple):
    """A credential that the plan wants; its secret is to be allocated unless the holder brings one."""

    target: TargetKey
    method: Method
    holders: tuple[int, ...]
    """Places among the booking's distinct holders, in order of first mention."""
    value: str
    """The card's or phone's number; empty: to be allocated."""
    pin_length: int
    leading_zero: bool
    quarantine: int
    alphabet: str = DIGITS
    """What its PIN is made of."""
    season: tuple[int, int] | None = None
    """From when to when its PIN stays what it is, whichever bookings share it; None: as long as its own booking."""


class RecordWish(NamedTuple):
    """Something that should happen once in a system (post); its lane is its own key."""

    target: TargetKey
    body: str


class ChargeWish(NamedTuple):
    """One line that a booking costs (debitering); money in öre, without VAT. Its text stands with the booking."""

    key: str
    """Of the charge, within its booking."""
    account: str
    """What is invoiced together: a booking, or a customer and a period."""
    connection: str
    """Who takes its invoice; empty for what is paid beforehand."""
    payer: str
    """A keyed hash of who pays: another payer is another debt."""
    receipt: str
    """Of what is paid beforehand; empty for what is invoiced."""
    article: str
    quantity: str
    unit_price: int
    net: int
    vat: str
    day: str
    """Of its occasion, Swedish time, ISO 8601."""
    bills_at: int
    """When it may stand on an invoice; 0 for at once."""

    @property
    def worth(self) -> tuple[object, ...]:
        """What cannot change without being credited and charged anew."""
        return self.payer, bool(self.receipt), self.article, self.quantity, self.unit_price, self.vat


class InvoiceBody(NamedTuple):
    """What the record of an invoice holds: which one. The invoice itself is sealed, in a row of its own."""

    id: int

    def to_json(self) -> str:
        """As it is kept."""
        return f'{{"invoice":{self.id}}}'

    @classmethod
    def read(cls, text: str | None) -> "InvoiceBody | None":
        """What to_json wrote; None for a record of another kind."""
        return cls(int(json.loads(text)["invoice"])) if text and text.startswith('{"invoice":') else None


class DocumentBody(NamedTuple):
    """What the record of a document holds: which one. The document itself is sealed, in rows of its own."""

    key: str
    booking: str = ""
    """The number of the booking that it is of."""

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps({"document": self.key, "booking": self.booking}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str | None) -> "DocumentBody | None":
        """What to_json wrote; None for a record of another kind."""
        if not text or not text.startswith('{"document":'):
            return None
        told = json.loads(text)
        return cls(told["document"], told["booking"])


class AcknowledgementBody(NamedTuple):
    """What the record of an acknowledgement holds: all of it, for it names nobody."""

    key: str
    """Of the document that is registered."""
    source_id: str
    number: str
    completes: bool

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps({"acknowledges": self}, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def read(cls, text: str | None) -> "AcknowledgementBody | None":
        """What to_json wrote; None for a record of another kind."""
        return cls(*json.loads(text)["acknowledges"]) if text and text.startswith('{"acknowledges":') else None


class Unserved(NamedTuple):
    """An effect for which there is no connection yet (rule 16)."""

    capability: Capability
    what: str


class Closure(NamedTuple):
    """A resource closed for a period (avstängning)."""

    resource: str
    starts: int
    ends: int


class Plan(NamedTuple):
    """All that a booking asks for; equal for equal booking, closures and configuration."""

    claims: tuple[Claim, ...]
    grants: tuple[Grant, ...]
    records: tuple[RecordWish, ...]
    unserved: tuple[Unserved, ...]
    charges: tuple[ChargeWish, ...] = ()
    news: tuple[NewsWish, ...] = ()
    """What roles with a digest are to be told when its time comes."""
    told: frozenset[str] = frozenset()
    """The roles that the booking has told, whether or not it concerns them."""
    holders: tuple[tuple[int, ...], ...] = ()
    """Of each occasion: the place of each of its holders among the booking's distinct ones, as in `Grant.holders`."""
    receipt: str = ""
    """Of what was paid beforehand, as the booking says it now; also where it costs nothing any more."""


NOTHING = Plan((), (), (), ())
"""What a booking that is not confirmed asks for."""
