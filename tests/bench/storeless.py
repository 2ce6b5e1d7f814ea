"""The same FastAPI endpoint, with the same validated model and the same answer, and nothing behind it."""

import sys

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from hub.model.answers import BookingAnswer
from hub.model.booking import Booking
from tests.bench.accepting_hub import serve
from tests.bench.endpoint import answer

APP = FastAPI()


@APP.get("/readyz", response_class=PlainTextResponse)
async def readyz() -> str:
    """Be ready."""
    return "ok\n"


@APP.put("/v1/{municipality}/bookings/{number}", status_code=202)
async def put_booking(municipality: str, number: str, booking: Booking) -> BookingAnswer:
    """Validate, and answer."""
    return answer(number, booking)


if __name__ == "__main__":
    serve(APP, int(sys.argv[1]), by="httptools")
