"""The same FastAPI endpoint, with the same validated model and the same answer, and nothing behind it."""

import sys

from hub.model.answers import BookingAnswer
from hub.model.booking import Booking
from tests.bench.endpoint import answer, endpoint, serve


async def put_booking(municipality: str, number: str, booking: Booking) -> BookingAnswer:
    """Validate, and answer."""
    return answer(number, booking)


if __name__ == "__main__":
    serve(endpoint(put_booking), int(sys.argv[1]), by="httptools")
