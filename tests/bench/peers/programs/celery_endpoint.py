"""Bookings over HTTP that become Celery's tasks: a FastAPI endpoint of the same model and answer puts one for each.

In a thread, as FastAPI does it for whoever blocks: it answers when RabbitMQ has confirmed the task. Nothing is planned
or stored. Runs until it is ended: `PORT` says where.
"""

import os

import uvicorn
from fastapi import FastAPI

from hub.model.answers import BookingAnswer
from hub.model.booking import Booking
from tests.bench.endpoint import answer
from tests.bench.peers.programs import celery_tasks

APP = FastAPI()


@APP.put("/v1/{municipality}/bookings/{number}", status_code=202)
def put_booking(municipality: str, number: str, booking: Booking) -> BookingAnswer:
    """Validate, put the task, and answer."""
    celery_tasks.put_one(int(number.rpartition("-")[2]))
    return answer(number, booking)


if __name__ == "__main__":
    uvicorn.run(
        APP, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools", log_config=None,
        access_log=False, server_header=False,
    )  # fmt: skip
