"""The stand-in for the ledger."""

import json
from collections.abc import Mapping, Sequence

import httpx

from hub.model import Invoice
from hub.sdk import Clock, HasRecords, HttpSimulator, Misbehaviour


class BillSimulator(HttpSimulator, HasRecords):
    can = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.kept: list[Invoice] = []
        self.closed = False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://ledger.test/3/", "token": "not-a-secret"}

    def records(self) -> Sequence[object]:
        return self.kept

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it does
        self.closed = how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.closed = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("company"):
            return httpx.Response(200, json={})
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
