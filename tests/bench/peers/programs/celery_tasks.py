"""Celery with RabbitMQ, set up not to lose: durable messages, confirmed when put, acknowledged when done."""

import os

from celery import Celery

from tests.bench.peers.programs import sending

APP = Celery("celery_tasks", broker=os.environ["BROKER"])
APP.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_default_delivery_mode=2,
    worker_prefetch_multiplier=64,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
)


@APP.task(name="send")
def send(number: int) -> None:
    """Deliver one."""
    sending.post(number)


def put() -> None:
    """Put tasks."""
    with APP.producer_pool.acquire(block=True) as producer:
        sending.paced(lambda number: send.apply_async((number,), producer=producer), *sending.told())


if __name__ == "__main__":
    put()
