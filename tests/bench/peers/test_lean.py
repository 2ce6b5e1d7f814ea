"""The client of the bench hears an answer to its end, however many pieces it comes in."""

import socket
import threading
from contextlib import closing

import pytest

from tests.bench.peers import lean
from tests.bench.peers.runs import MissingError

REQUEST = lean.request("PUT", "http://127.0.0.1/a", {}, b"{}")
HEAD = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\n"


def answering(listening: socket.socket, *pieces: bytes, requests: int = 1) -> threading.Thread:
    """Answer so many over one connection, in those pieces, and hang up."""

    def serve() -> None:
        way, _ = listening.accept()
        with closing(way):
            way.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(requests):
                if not way.recv(65_536):
                    return
                for piece in pieces:
                    way.sendall(piece)
                    pause.wait(0.02)

    pause = threading.Event()
    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize("pieces", [[HEAD + b"1234"], [HEAD, b"1234"], [HEAD[:30], HEAD[30:] + b"12", b"34"]])
def test_an_answer_is_heard_to_its_end(pieces: list[bytes]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = answering(listening, *pieces, requests=2)
        with lean.Lean(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            client.pressed([REQUEST, REQUEST], 1)
            assert len(client._free) == 1, "over one connection, one after the other"
        thread.join()


def test_an_answer_that_is_broken_off_is_no_answer() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = answering(listening, HEAD)
        client = lean.Lean(f"http://127.0.0.1:{listening.getsockname()[1]}")
        with client, pytest.raises(MissingError, match="202"):
            client.pressed([REQUEST], 2)
        thread.join()


def test_what_is_refused_is_not_measured() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = answering(listening, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        client = lean.Lean(f"http://127.0.0.1:{listening.getsockname()[1]}")
        with client, pytest.raises(MissingError, match="503"):
            client.pressed([REQUEST], 1)
        thread.join()
