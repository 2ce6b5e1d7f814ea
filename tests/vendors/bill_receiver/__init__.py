"""A ledger that takes invoices as JSON, lets them be found by our reference, and matches by how it begins."""

from pydantic import BaseModel, Field, HttpUrl, SecretStr, TypeAdapter

from hub.model import Invoice, InvoiceKind
from hub.sdk import About, Connector, ConnectorConfig, Finance, FindsInvoices, Lent, Receipt, RejectedError


class BillConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the ledger's API.")
    token: SecretStr = Field(description="Of its API.")


class Bill(BaseModel):
    number: str
    external: str


BILLS = TypeAdapter(list[Bill])


class BillReceiver(Connector[BillConfig], Finance, FindsInvoices):
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
        if answer.response.status_code == 409:
            raise RejectedError("the ledger's period is closed; send it dated in an open one")
        return Receipt(answer.read(Bill.model_validate_json).number)

    async def find_invoice(self, key: str) -> Receipt | None:
        found = (await self.http.get("bills", params={"external": key})).read(BILLS.validate_json)
        return next((Receipt(bill.number) for bill in found if bill.external == key), None)
