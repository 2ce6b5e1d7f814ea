"""A buyer that is not ours: mock-einvoice, which holds what it gets to the published rules and answers as buyers do.

    with EinvoiceBuyer() as buyer: buyer.judged(document)

Tried with 0.4.0 (PyPI): EN 16931 1.3.16 and Peppol BIS Billing 3.0.21, in an implementation of its own.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from tests.counterparts.ports import free_port

SECONDS_TO_START = 20.0


class EinvoiceBuyer:
    """One process, reached over HTTP."""

    def __enter__(self) -> Self:
        """Start it, and wait until it listens."""
        port = free_port()
        command = [sys.executable, "-m", "mockeinvoice", "--port", str(port), "--clock", "2026-11-30T09:00"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        give_up = time.monotonic() + SECONDS_TO_START
        while not self._listens():
            if time.monotonic() > give_up or self._process.poll() is not None:
                self.__exit__(None, None, None)
                raise AssertionError(f"mock-einvoice does not start, and ended with {self._process.returncode}")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._http.close()
        self._process.terminate()
        self._process.wait(SECONDS_TO_START)

    def taken(self, document: bytes) -> str:
        """Send it an invoice or a credit note, which it must take as valid; gives its own number for it."""
        answer = self._http.post("/invoices", content=document)
        told = answer.json()
        assert (answer.status_code, told.get("verdict"), told.get("findings")) == (201, "valid", []), told
        return str(told["id"])

    def judged(self, document: bytes) -> tuple[str, list[str]]:
        """Its verdict of a document, and the rules that do not hold."""
        told = self._http.post("/_mock/validate", content=document).json()
        return told["verdict"], [finding["code"] for finding in told["findings"]]

    def says(self, number: str, code: str, reasons: Sequence[Any] = (), note: str = "") -> bytes:
        """Have it say something of what it has taken; gives its Invoice Response."""
        told = {"code": code, "reasons": list(reasons), "note": note}
        answer = self._http.post(f"/_mock/invoices/{number}/responses", json=told)
        assert answer.status_code == 201, answer.text
        return self._http.get(answer.json()["document"]).content

    def _listens(self) -> bool:
        try:
            return self._http.get("/_mock/health").status_code == 200
        except httpx.TransportError:
            return False
