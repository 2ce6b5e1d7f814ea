"""Waiting inside one attempt for what a system has accepted and not yet carried out."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_exponential

Seen = TypeVar("Seen")

_PATIENCE_SECONDS = 3.0
_FIRST_SECONDS = 0.05


async def settled_sighting(
    look: Callable[[], Awaitable[Seen]], *, coming: Callable[[Seen], bool], patient: bool = True
) -> Seen:
    """Look until nothing is coming any more, for three seconds of the machine's time; then give what was seen last.

    Who is not patient looks once.
    """
    seen = await look()
    if not patient or not coming(seen):
        return seen
    first = [seen]

    async def one_look() -> Seen:
        return first.pop() if first else await look()

    retrying = AsyncRetrying(
        retry=retry_if_result(coming),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        wait=wait_exponential(multiplier=_FIRST_SECONDS, max=0.5),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return await retrying(one_look)
