"""What many looks at one system prove together."""

import logging
from collections.abc import Sequence

from hub.sdk.errors import TransientError


def proven_by(looks: Sequence[object], log: logging.Logger) -> None:
    """One look that was answered proves the system; the log is told of those that were not.

    `looks`: what each came to, as `asyncio.gather` gives it with `return_exceptions`. Raises the first error that is of
    all of them, or that time does not mend.
    """
    silent = [look for look in looks if isinstance(look, BaseException)]
    for error in silent:
        if len(silent) == len(looks) or not isinstance(error, TransientError):
            raise error
        log.warning("check: %s", error)
