"""Öre are whole, and halves go up as the tax agency's do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.money import ORE, rounded


@pytest.mark.parametrize(
    "amount, whole",
    [
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("2.675", "2.68"),
        ("-0.005", "-0.01"),
        ("1.0049", "1.00"),
        ("120", "120.00"),
    ],
)
def test_a_half_ore_goes_away_from_nothing(amount: str, whole: str) -> None:
    assert str(rounded(Decimal(amount))) == whole


@given(st.decimals("-1e9", "1e9", places=4))
def test_rounding_moves_an_amount_by_half_an_ore_at_most_and_rounds_once(amount: Decimal) -> None:
    whole = rounded(amount)
    assert abs(whole - amount) <= ORE / 2
    assert whole % ORE == 0
    assert rounded(whole) == whole
