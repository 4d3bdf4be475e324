"""What an advert costs: pure arithmetic in pounds, to the penny."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from magmanager.common.money import ZERO, percent_of, to_penny, total


@dataclass(frozen=True)
class Totals:
    """What adverts booked together come to. `vat_amount` is computed per line, as the invoice will do it."""

    count: int
    list_amount: Decimal
    discount_amount: Decimal
    amount: Decimal
    vat_amount: Decimal

    @property
    def total(self) -> Decimal:
        return self.amount + self.vat_amount


def price_after_discount(list_price: Decimal, percent: Decimal) -> Decimal:
    """`list_price` less `percent` %, rounded half up to the penny; the discount comes before VAT."""
    return to_penny(list_price * (100 - percent) / 100)


def totals(list_prices: Iterable[Decimal], *, percent: Decimal, vat_percent: Decimal) -> Totals:
    """The totals of adverts at `list_prices` pounds, with `percent` % discount and `vat_percent` % VAT."""
    listed = list(list_prices)
    prices = [price_after_discount(price, percent) for price in listed]
    list_amount, amount = total(listed), total(prices)
    vat_amount = total(percent_of(price, vat_percent) for price in prices) if vat_percent else ZERO
    return Totals(len(listed), list_amount, list_amount - amount, amount, vat_amount)
