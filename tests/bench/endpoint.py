"""The endpoint that the hub is set beside: the same model and the same answer, made of nothing but the model."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

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


async def readyz() -> str:
    """Be ready."""
    return "ok\n"


def endpoint(put_booking: Callable[..., Any]) -> FastAPI:
    """FastAPI with that alone, and what says that it is ready."""
    app = FastAPI()
    app.get("/readyz", response_class=PlainTextResponse)(readyz)
    app.put("/v1/{municipality}/bookings/{number}", status_code=202)(put_booking)
    return app


def serve(app: FastAPI, port: int, *, by: type[asyncio.Protocol] | Literal["httptools"]) -> None:
    """Serve by the hub's own protocol, or by uvicorn as it comes."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=by,
        log_config=None,
        access_log=False,
        server_header=False,
    )
