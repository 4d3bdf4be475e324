"""Money arithmetic: pounds are `Decimal` with two places, pence are `int`; halves go up, away from zero."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

PENNY = Decimal("0.01")
ZERO = Decimal("0.00")
# Twelve digits in all, as KashFlow's own amounts; a bigger figure is a typing mistake.
MAX_AMOUNT = Decimal("9999999999.99")


def to_penny(value: Decimal | int) -> Decimal:
    """`value` in pounds, rounded half up (away from zero) to the penny."""
    return Decimal(value).quantize(PENNY, rounding=ROUND_HALF_UP)


def to_pence(value: Decimal) -> int:
    """Pounds as whole pence. Raises ValueError where `value` has a fraction of a penny."""
    pence = value * 100
    if pence != pence.to_integral_value():
        raise ValueError(f"{value} is not a whole number of pence.")
    return int(pence)


def from_pence(pence: int) -> Decimal:
    """Whole pence as pounds with two places."""
    return (Decimal(pence) / 100).quantize(PENNY)


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """`percent` % of `amount` pounds, rounded half up to the penny."""
    return to_penny(amount * percent / 100)


def split(amount: Decimal, parts: int) -> list[Decimal]:
    """`amount` pounds in `parts` that add up to it exactly; the odd pennies go to the first parts."""
    each, odd = divmod(abs(to_pence(amount)), parts)
    sign = -1 if amount < 0 else 1
    return [from_pence(sign * (each + (1 if part < odd else 0))) for part in range(parts)]


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum in pounds; 0.00 of nothing."""
    return sum(amounts, ZERO)
