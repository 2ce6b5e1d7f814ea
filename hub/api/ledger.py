"""Invoices and credit notes, and how they have gone; the money of one booking stands with the booking."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.ledger import InvoicePage
from hub.service.keeping.keys import Scope

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["invoices"], responses=problems("not-found"))


@ROUTER.get("/invoices", dependencies=[Depends(require(Scope.BOOKINGS_READ))])
async def list_invoices(
    municipality: str,
    here: Annotated[Desk, Depends(desk)],
    after: Annotated[int, Query(ge=0, le=2**53, description="as `next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> InvoicePage:
    """List invoices and credit notes in the order in which they were made."""
    return await here.ledger.invoices(municipality, after=after, limit=limit)
