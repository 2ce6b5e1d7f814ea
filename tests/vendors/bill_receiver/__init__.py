"""A ledger that takes invoices as JSON, lets them be found by our reference, and matches by how it begins.

It can be asked what became of them, too: what happened, one thing after another, by a number that only grows.
"""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError

from hub.model import Answer, Invoice, InvoiceAnswered, InvoiceKind, Message
from hub.sdk import (
    About,
    Connector,
    ConnectorConfig,
    Finance,
    FindsInvoices,
    Lent,
    Page,
    Polls,
    RawItem,
    Receipt,
    RejectedError,
)


class BillConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the ledger's API.")
    token: SecretStr = Field(description="Of its API.")


class Bill(BaseModel):
    number: str
    external: str


class Event(BaseModel):
    id: int
    external: str
    status: str
    at: datetime
    note: str = ""


BILLS, EVENTS = TypeAdapter(list[Bill]), TypeAdapter(list[Event])
STATUSES = {"booked": Answer.ACCEPTED, "disputed": Answer.UNDER_QUERY, "returned": Answer.REJECTED, "paid": Answer.PAID}
PAGE = 4


class BillReceiver(Connector[BillConfig], Finance, FindsInvoices, Polls):
    def __init__(self, config: BillConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        token = config.token.get_secret_value()
        self.http = lent.http(config.base_url, headers={"Authorization": f"Bearer {token}"})

    async def check(self) -> About:
        await self.http.get("company")
        return About()

    async def send_invoice(self, invoice: Invoice) -> Receipt:
        body = invoice.model_dump(mode="json") | {"credit": invoice.kind is InvoiceKind.CREDIT}
        answer = await self.http.post("bills", json=body | {"total": str(invoice.total)}, also_ok=(409,))
        if answer.status == 409:
            raise RejectedError("the ledger's period is closed; send it dated in an open one")
        return Receipt(answer.read(Bill.model_validate_json).number)

    async def find_invoice(self, key: str) -> Receipt | None:
        found = (await self.http.get("bills", params={"external": key})).read(BILLS.validate_json)
        return next((Receipt(bill.number) for bill in found if bill.external == key), None)

    async def poll(self, cursor: str | None) -> Page:
        answer = await self.http.get("events", params={"after": cursor or "0", "limit": str(PAGE)})
        events = answer.read(EVENTS.validate_json)
        items = [RawItem(str(one.id), one.model_dump_json().encode(), f"event {one.id}") for one in events]
        return Page(items, items[-1].source_id if items else cursor or "0", more=len(items) == PAGE)

    def translate(self, item: RawItem) -> Iterable[Message]:
        try:
            event = Event.model_validate_json(item.content)
            answer = STATUSES[event.status]
        except (ValidationError, KeyError):
            raise RejectedError("an event of a kind that we do not know; ask the supplier", place=item.place) from None
        return [InvoiceAnswered(key=event.external, answer=answer, at=event.at, detail=event.note)]
