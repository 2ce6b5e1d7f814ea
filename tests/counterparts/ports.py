"""Ports for programs that cannot be told to choose one themselves."""

import secrets
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_GIVEN: set[int] = set()
"""A program that takes two asks for both before it has either."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing used a moment ago, and that this process was not given before.

    It is none of those that the system gives by itself: a connection to somewhere may have got it before the program
    that it is for has started. By a chance of its own, for several processes' chance may be seeded alike.
    """
    while True:
        port = _LOWEST + secrets.randbelow(_lowest_ephemeral() - _LOWEST)
        if port not in _GIVEN and _is_free(port):
            _GIVEN.add(port)
            return port


def _lowest_ephemeral() -> int:
    try:
        return max(_LOWEST + 10_000, int(_EPHEMERAL.read_text().split()[0]))
    except OSError:
        return 32_768


def _is_free(port: int) -> bool:
    with socket.socket() as held:
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether somebody answers at a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True
