"""A gate that is asked for its passages, a page at a time; its clock is not to be trusted, its numbers are."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, Field, HttpUrl, TypeAdapter, ValidationError

from hub.model import Message, Passage, PassageOutcome, Refusal
from hub.sdk import About, Connector, ConnectorConfig, Lent, Page, Polls, RawItem, RejectedError


class GateConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Where the gate answers.")


class Row(BaseModel):
    number: int
    key: str
    gate: str
    at: datetime
    refused: bool


ROWS = TypeAdapter(list[Row])
SOME = 3


class GateLog(Connector[GateConfig], Polls):
    def __init__(self, config: GateConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.http = lent.http(config.base_url)

    async def check(self) -> About:
        await self.http.get("passages", params={"after": "0", "limit": "1"})
        return About()

    async def poll(self, cursor: str | None) -> Page:
        answer = await self.http.get("passages", params={"after": cursor or "0", "limit": str(SOME)})
        rows = answer.read(ROWS.validate_json)
        items = [RawItem(str(row.number), row.model_dump_json().encode(), f"passage {row.number}") for row in rows]
        return Page(items, str(rows[-1].number) if rows else cursor or "0", more=len(rows) == SOME)

    def translate(self, item: RawItem) -> Iterable[Message]:
        try:
            row = Row.model_validate_json(item.content)
        except ValidationError:
            raise RejectedError("no passage; ask the supplier", place=item.place) from None
        outcome, reason = PassageOutcome.PASSED, None
        if row.refused:
            outcome, reason = PassageOutcome.REFUSED, Refusal.OTHER
        return [Passage(key=row.key, door=row.gate, at=row.at, outcome=outcome, reason=reason)]
