"""Bookings over HTTP that become Celery's tasks: a FastAPI endpoint of the same model and answer puts one for each.

In a thread, as FastAPI does it for whoever blocks: it answers when RabbitMQ has confirmed the task. Nothing is planned
or stored. Runs until it is ended: `PORT` says where.
"""

import os

from hub.model.answers import BookingAnswer
from hub.model.booking import Booking
from tests.bench.endpoint import answer, endpoint, serve
from tests.bench.peers.programs.celery_tasks import send


def put_booking(municipality: str, number: str, booking: Booking) -> BookingAnswer:
    """Validate, put the task, and answer."""
    send.apply_async((int(number.rpartition("-")[2]),))
    return answer(number, booking)


if __name__ == "__main__":
    serve(endpoint(put_booking), int(os.environ["PORT"]), by="httptools")
