"""When to try again: our schedule between attempts. Inside an attempt tenacity waits for what is coming. Pure."""

from datetime import timedelta

from hub.clock import NEVER, SECOND, span

FIRST = 5 * SECOND
LONGEST = 300 * SECOND
LONGEST_WHEN_LATE = 60 * SECOND
_SHARE = 10


def next_attempt(attempts: int, *, now: int, needed_by: int = NEVER, retry_after: timedelta | None = None) -> int:
    """The moment of the next attempt, microseconds.

    5, 10, 20, 40, 80, 160, 300, 300 ... seconds; while the time left until `needed_by` is short, a tenth of it
    instead (but never under five seconds), so that the hub tries harder the nearer the door is; and every minute at
    least when it is late already. A system that says when it wants to be asked again is not asked before.
    """
    wait = min(FIRST << min(attempts, 10), LONGEST)
    if needed_by <= now:
        wait = min(wait, LONGEST_WHEN_LATE)
    elif needed_by < NEVER:
        wait = min(wait, max(FIRST, (needed_by - now) // _SHARE))
    if retry_after is not None:
        wait = max(wait, span(retry_after))
    return now + wait
