"""Advert space as people say it: 144ths of a page as 9¾ pages."""

from __future__ import annotations

from fractions import Fraction

PAGE_PARTS = 144
SIGNS = {
    Fraction(1, 8): "⅛",
    Fraction(1, 6): "⅙",
    Fraction(1, 4): "¼",
    Fraction(1, 3): "⅓",
    Fraction(3, 8): "⅜",
    Fraction(1, 2): "½",
    Fraction(5, 8): "⅝",
    Fraction(2, 3): "⅔",
    Fraction(3, 4): "¾",
    Fraction(5, 6): "⅚",
    Fraction(7, 8): "⅞",
}


def in_pages(parts: int) -> str:
    """`parts` 144ths as whole pages and a fraction; with two decimals where no sign is exact."""
    whole, rest = divmod(abs(parts), PAGE_PARTS)
    minus = "−" if parts < 0 else ""
    if not rest:
        return f"{minus}{whole}"
    sign = SIGNS.get(Fraction(rest, PAGE_PARTS))
    if sign is None:
        return f"{minus}{abs(parts) / PAGE_PARTS:.2f}"
    return f"{minus}{whole or ''}{sign}"
