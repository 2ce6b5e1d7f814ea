"""Ports for programs that cannot be told to choose one themselves."""

import socket

_GIVEN: set[int] = set()
"""A program that takes two asks for both before it has either."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing used a moment ago, and that this process was not given before."""
    while True:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = int(held.getsockname()[1])
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


def listens(port: int) -> bool:
    """Whether somebody answers at a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True
