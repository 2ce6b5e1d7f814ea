"""APScheduler with its job store on SQLite: the others' way to keep what is to be done later.

fill FILE COUNT JOURNAL   add jobs of a far future, in bulk, past the scheduler: it has no way to add many at once
add FILE FIRST COUNT   add more of them as one does, each with its own commit; tells how many a second
due FILE COUNT      add jobs that are due at one moment, and run them; tells the moment
"""

import copy
import pickle
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import create_engine, insert

from tests.bench.peers.programs import sending

FAR = datetime(2035, 1, 1, tzinfo=UTC)
THREADS = 10
AHEAD_SECONDS = 3.0
"""Besides what adding takes."""
_TOGETHER = 5000


def post(number: int) -> None:
    """What a job does."""
    sending.post(number)


def scheduler(path: str) -> Any:
    """One that is started, and runs nothing yet."""
    made = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{path}")},
        executors={"default": ThreadPoolExecutor(THREADS)},
        job_defaults={"misfire_grace_time": 3600},
        timezone=UTC,
    )
    made.start(paused=True)
    return made


def fill(path: str, count: int, journal: str) -> None:
    """As many rows as if each had been added; `journal`: as SQLite has it (`delete`: as it comes; `wal` syncs less)."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    one = scheduler(path)
    job = one.add_job(post, "date", run_date=FAR, args=[0], id="far-0")
    state, table = job.__getstate__(), one._jobstores["default"].jobs_t
    one.shutdown(wait=False)
    engine = create_engine(f"sqlite:///{path}")
    for first in range(1, count, _TOGETHER):
        rows = [_row(state, number) for number in range(first, min(count, first + _TOGETHER))]
        with engine.begin() as connection:
            connection.execute(insert(table), rows)


def _row(state: dict[str, Any], number: int) -> dict[str, Any]:
    """A job as the store keeps it."""
    when = FAR + timedelta(seconds=number)
    own = copy.copy(state) | {"id": f"far-{number}", "next_run_time": when, "args": (number,)}
    return {"id": own["id"], "next_run_time": when.timestamp(), "job_state": pickle.dumps(own, pickle.HIGHEST_PROTOCOL)}


def add(path: str, first: int, count: int) -> None:
    """One by one."""
    one, began = scheduler(path), time.perf_counter()
    for number in range(first, first + count):
        one.add_job(post, "date", run_date=FAR + timedelta(seconds=number), args=[number], id=f"more-{number}")
    print(count / (time.perf_counter() - began))
    one.shutdown(wait=False)


def due(path: str, count: int) -> None:
    """All at one moment."""
    one = scheduler(path)
    moment = int(time.time() + AHEAD_SECONDS + count / 100)
    when = datetime.fromtimestamp(moment, UTC)
    for number in range(count):
        one.add_job(post, "date", run_date=when, args=[number], id=f"due-{moment}-{number}")
    if time.time() >= moment:
        raise SystemExit("adding took longer than was thought")
    print(moment, flush=True)
    one.resume()
    while one.get_job(f"due-{moment}-{count - 1}") or time.time() < moment:
        time.sleep(0.5)
    one.shutdown(wait=True)


def main() -> None:
    """Do as told."""
    match sys.argv[1:]:
        case ["fill", path, count, journal]:
            fill(path, int(count), journal)
        case ["add", path, first, count]:
            add(path, int(first), int(count))
        case ["due", path, count]:
            due(path, int(count))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
