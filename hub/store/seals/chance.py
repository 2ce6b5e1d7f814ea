"""Random bytes from the system's cryptographic source, drawn many at a time.

Each call of that source lets the other threads go first: while the writer works, twelve bytes took a booking as long as
its planning.
"""

import os
from collections import deque

_BYTES = 16
_AT_ONCE = 256
_drawn: deque[bytes] = deque()
"""Each is taken once, by one thread: a deque's pop is whole."""


def sixteen() -> bytes:
    """Sixteen bytes that nobody else gets."""
    while True:
        try:
            return _drawn.popleft()
        except IndexError:
            many = os.urandom(_BYTES * _AT_ONCE)
            _drawn.extend(many[n : n + _BYTES] for n in range(0, len(many), _BYTES))


def below(limit: int) -> int:
    """A number from 0 up to the limit, that is far below 2 to the power of 64: all as likely, to one in 2**64."""
    return int.from_bytes(sixteen(), "big") % limit


os.register_at_fork(after_in_child=_drawn.clear)
