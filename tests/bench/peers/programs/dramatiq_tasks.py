"""Dramatiq with RabbitMQ: confirmed when put, acknowledged when done, tried again when it failed."""

import os

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from tests.bench.peers.programs import sending

dramatiq.set_broker(RabbitmqBroker(url=os.environ["BROKER"], confirm_delivery=True))


@dramatiq.actor(max_retries=5)
def send(number: int) -> None:
    """Deliver one."""
    sending.post(number)


def put() -> None:
    """Put tasks."""
    sending.paced(send.send, *sending.told())


if __name__ == "__main__":
    put()
