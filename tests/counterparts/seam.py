"""Seam's own fake of its service (npm, node): `with FakeSeam() as seam: ...`, seeded with a workspace and some locks.

It acts at once and reports a code as `unset` for ever; it refuses the same code twice in one lock, whatever the times.
It listens on every interface, and cannot be told otherwise. Tried with 1.86.0 on node 20.
"""

from types import TracebackType
from typing import Any, Self

import httpx

from tests.counterparts.ports import free_port, listens
from tests.counterparts.program import Program, found, node_package

API_KEY = "seam_apikey1_token"
WORKSPACE = "seed_workspace_1"
LOCKS = ("august_device_1", "august_device_2")


class FakeSeam:
    """The program, and what a person at Seam's console would do and see."""

    def __init__(self) -> None:
        self.port = free_port()
        server = node_package("@seamapi/fake-seam-connect") / "dist" / "server.js"
        command = [found("node"), str(server), "--seed"]
        self._program = Program("seam", command, until=lambda: listens(self.port), env={"PORT": str(self.port)})

    def __enter__(self) -> Self:
        """Start it."""
        self._program.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._program.__exit__(kind, error, trace)

    def call(self, path: str, **body: object) -> dict[str, Any]:
        """Call the API as somebody else would."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/{path}", json=body, headers={"Authorization": f"Bearer {API_KEY}"}
        )
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    def codes(self, name: str) -> list[dict[str, Any]]:
        """Give every code of that name."""
        found_there: list[dict[str, Any]] = self.call("access_codes/list", device_id=LOCKS[0])["access_codes"]
        return [code for code in found_there if code["name"] == name]
