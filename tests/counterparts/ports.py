"""Ports for programs that cannot be told to choose one themselves."""

import socket


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing used a moment ago."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
