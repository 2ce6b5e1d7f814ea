"""Waiting for what another session of the database does."""

import time

import psycopg

LONGEST_SECONDS = 20


def until_it_waits_for_a_lock(url: str, saying: str) -> None:
    """Return when a session whose statement holds these words waits for another's lock."""
    sql = b"SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND position(%s in query) > 0"
    give_up = time.monotonic() + LONGEST_SECONDS
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(sql, (saying,)).fetchall():
            assert time.monotonic() < give_up, f"nobody waits with {saying}"
            time.sleep(0.01)
