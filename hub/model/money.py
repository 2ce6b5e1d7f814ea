"""Money: Decimal in SEK, two decimals at most, never float."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field, StringConstraints, WithJsonSchema

from hub.model.spelt import Spelt

ORE = Decimal("0.01")

Amount = Annotated[
    Decimal,
    Field(max_digits=12, decimal_places=2, allow_inf_nan=False),
    Spelt(r"^-?[0-9]{1,10}(\.[0-9]{1,2})?$", 'must be a text such as "120.00", with two decimals at most'),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d{1,10}(\.\d{1,2})?$", "description": "SEK"}),
]
"""Kronor and öre, without VAT unless said."""

Sum = Annotated[
    Decimal,
    Field(max_digits=24, decimal_places=2, allow_inf_nan=False),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d{1,2})?$", "description": "SEK"}),
]
"""What amounts come to together, or an amount so many times; kronor and öre."""

Quantity = Annotated[
    Decimal,
    Field(gt=0, max_digits=9, decimal_places=3, allow_inf_nan=False),
    Spelt(r"^[0-9]{1,6}(\.[0-9]{1,3})?$", 'must be a text such as "1.5", above zero and with three decimals at most'),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}(\.\d{1,3})?$"}),
]
"""How many, of whatever the article counts."""

Article = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+$")]


def rounded(amount: Decimal) -> Decimal:
    """Whole öre, HALF_UP."""
    return amount.quantize(ORE, ROUND_HALF_UP)


def ore(amount: Decimal) -> int:
    """Whole öre, HALF_UP, as a whole number."""
    return int(rounded(amount).scaleb(2))


def kronor(amount: int) -> Decimal:
    """Öre as kronor, with two decimals."""
    return Decimal(amount).scaleb(-2).quantize(ORE)
