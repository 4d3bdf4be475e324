"""Prices to the penny."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.pages import free_pages, in_pages
from bookings.pricing import price_after_discount, totals
from magmanager.common.money import total

PRICES = st.decimals("0", "99999.99", places=2)
PERCENTS = st.decimals("0", "100", places=2)


@pytest.mark.parametrize(
    ("list_price", "percent", "price"),
    [
        ("385.00", "0", "385.00"),
        ("385.00", "10", "346.50"),
        ("0.05", "10", "0.05"),
        ("0.01", "50", "0.01"),
        ("99.99", "33.33", "66.66"),
        ("180.00", "100", "0.00"),
    ],
)
def test_a_discount_is_taken_off_half_up(list_price: str, percent: str, price: str) -> None:
    assert price_after_discount(Decimal(list_price), Decimal(percent)) == Decimal(price)


@given(PRICES, PERCENTS)
def test_a_discounted_price_is_whole_pence_between_nothing_and_the_list_price(
    price: Decimal, percent: Decimal
) -> None:
    discounted = price_after_discount(price, percent)
    assert 0 <= discounted <= price
    assert discounted == discounted.quantize(Decimal("0.01"))


@given(st.lists(PRICES, max_size=8), PERCENTS)
def test_totals_add_up(prices: list[Decimal], percent: Decimal) -> None:
    found = totals(prices, percent=percent, vat_percent=Decimal(20))
    assert found.count == len(prices)
    assert found.list_amount - found.discount_amount == found.amount
    assert found.amount == total(price_after_discount(price, percent) for price in prices)
    assert found.total == found.amount + found.vat_amount


def test_vat_is_rounded_per_line() -> None:
    found = totals([Decimal("0.03")] * 3, percent=Decimal(0), vat_percent=Decimal(20))
    assert (found.amount, found.vat_amount) == (Decimal("0.09"), Decimal("0.03"))


@pytest.mark.parametrize(
    ("parts", "sold", "free"),
    [
        (0, "0", "10"),
        (144, "1", "9"),
        (36, "¼", "9¾"),
        (1404, "9¾", "¼"),
        (24, "¼", "9¾"),
        (9, "⅛", "9⅞"),
        (1476, "10¼", "−¼"),
    ],
)
def test_space_is_told_in_eighths_that_add_up(parts: int, sold: str, free: str) -> None:
    assert (in_pages(parts), free_pages(10, parts)) == (sold, free)
