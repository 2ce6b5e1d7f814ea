"""The stand-in for the ledger."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import httpx

from hub.model import Answer, Invoice, InvoiceAnswered, Message
from hub.sdk import Clock, Emits, HasRecords, HttpSimulator, Misbehaviour

WORDS = {Answer.ACCEPTED: "booked", Answer.UNDER_QUERY: "disputed", Answer.REJECTED: "returned", Answer.PAID: "paid"}
AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""Everything is booked in one night, at the same moment."""


class BillSimulator(HttpSimulator, HasRecords, Emits):
    can = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.kept: list[Invoice] = []
        self.closed = False
        self.answered: list[InvoiceAnswered] = []

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://ledger.test/3/", "token": "not-a-secret"}

    def records(self) -> Sequence[object]:
        return self.kept

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it does
        self.closed = how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.closed = False

    def happen(self, count: int) -> None:
        for n in range(len(self.answered), len(self.answered) + count):
            said = list(WORDS)[n % len(WORDS)]
            note = "Fel kostnadsställe: å & <ö>" if said is Answer.REJECTED else ""
            self.answered.append(InvoiceAnswered(key=f"B-1.i{n // 3}", answer=said, at=AT, detail=note))

    def emitted(self) -> Sequence[Message]:
        return self.answered

    def _events(self, after: int, limit: int) -> list[dict[str, object]]:
        return [
            {"id": n, "external": one.key, "status": WORDS[one.answer], "at": one.at.isoformat(), "note": one.detail}
            for n, one in enumerate(self.answered, 1)
            if n > after
        ][:limit]

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("company"):
            return httpx.Response(200, json={})
        if request.url.path.endswith("events"):
            return httpx.Response(
                200, json=self._events(*(int(request.url.params[name]) for name in ("after", "limit")))
            )
        if request.method == "GET":
            begins = request.url.params["external"]
            found = [(n, one) for n, one in enumerate(self.kept, 1) if one.key.startswith(begins)]
            return httpx.Response(200, json=[{"number": f"F{n}", "external": one.key} for n, one in found])
        if self.closed:
            return httpx.Response(409)
        told = json.loads(request.content)
        credit, total = told.pop("credit"), told.pop("total")
        invoice = Invoice.model_validate(told)
        if credit != (invoice.kind == "credit") or total != str(invoice.total):
            return httpx.Response(422)
        self.kept.append(invoice)
        return httpx.Response(201, json={"number": f"F{len(self.kept)}", "external": invoice.key})
