"""What the endpoints without a store answer: a booking's answer as the hub gives it, made of nothing but the model."""

from datetime import UTC, datetime

from hub.model.answers import BookingAnswer, CredentialAnswer, DoorHours, EffectAnswer, Hours
from hub.model.booking import Booking
from hub.model.credential import Method
from hub.model.states import Delivery, Effect

WHEN = datetime(2027, 6, 1, 6, tzinfo=UTC)
EFFECTS = tuple(
    EffectAnswer(target=target, state=Effect.PLANNED, delivery=Delivery.WAITING, expected_at=WHEN)
    for target in (
        "lamps/0-0",
        "lamps/0-corridor",
        "lamps/0-entrance",
        "locks/hub-B-000000007",
        "ledger/B-000000007.c1",
    )
)
DOORS = tuple(DoorHours(door=door, starts_at=WHEN, ends_at=WHEN) for door in ("hall-0 outer", "hall-0 0"))
CREDENTIALS = tuple(
    CredentialAnswer(
        holder=f"Lena Norberg {n}", occasion="1", kind=Method.PIN, doors=DOORS,
        window=Hours(starts_at=WHEN, ends_at=WHEN),
    )
    for n in range(4)
)  # fmt: skip


def answer(number: str, booking: Booking) -> BookingAnswer:
    """It is accepted."""
    return BookingAnswer(
        number=number, revision=booking.revision, outcome="accepted", effects=EFFECTS, credentials=CREDENTIALS,
        unserved=("notification: vaktmastare",), conflicts=(),
    )  # fmt: skip
