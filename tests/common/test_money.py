"""Money arithmetic and the column it is kept in."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from magmanager.common import money
from magmanager.common.fields import MoneyFormField

pounds = st.decimals(min_value=-9_999_999, max_value=9_999_999, places=2, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "penny"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("1.004", "1.00"),
        ("2.675", "2.68"),
        ("33.333", "33.33"),
        ("0", "0.00"),
    ],
)
def test_halves_go_up(value: str, penny: str) -> None:
    assert money.to_penny(Decimal(value)) == Decimal(penny)


@given(pounds, st.integers(min_value=1, max_value=60))
def test_split_adds_up_to_the_penny(amount: Decimal, parts: int) -> None:
    shares = money.split(amount, parts)
    assert sum(shares) == amount
    assert len(shares) == parts
    assert max(shares) - min(shares) <= money.PENNY


@given(pounds)
def test_pence_and_back(amount: Decimal) -> None:
    assert money.from_pence(money.to_pence(amount)) == amount


def test_a_fraction_of_a_penny_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of pence"):
        money.to_pence(Decimal("0.001"))


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("385", "385"),
        ("1,240.00", "1240.00"),
        ("−1,001,240", "-1001240"),
        (" £85.50 ", "85.50"),
        ("−12.50", "-12.50"),
    ],
)
def test_typed_money_is_read(typed: str, amount: str) -> None:
    assert MoneyFormField().clean(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["12.345", "twelve", "1e400", "NaN", "Infinity", "99999999999"])
def test_typed_nonsense_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        MoneyFormField().clean(typed)


@pytest.mark.parametrize("typed", ["12,50", "1,24", "1,2345", "1,240,5", ",50", "12,500.00,00"])
def test_comma_that_parts_no_thousands_is_refused_with_what_to_type(typed: str) -> None:
    """Twelve pounds fifty must not become twelve hundred and fifty."""
    with pytest.raises(ValidationError, match=r"pence after a point, as in 12\.50"):
        MoneyFormField().clean(typed)
