"""Advert space as people say it: 144ths of a page as 9¾ pages."""

from __future__ import annotations

PAGE_PARTS = 144
EIGHTH = PAGE_PARTS // 8
SIGNS = ("", "⅛", "¼", "⅜", "½", "⅝", "¾", "⅞")


def in_pages(parts: int) -> str:
    """`parts` 144ths of a page in whole pages and eighths, rounded up: sold space is never told smaller."""
    return _eighths(-(-parts // EIGHTH))


def free_pages(page_count: int, sold_parts: int) -> str:
    """What is left of `page_count` pages beside `in_pages(sold_parts)`; the two add up as they are shown."""
    return _eighths(page_count * 8 - -(-sold_parts // EIGHTH))


def _eighths(count: int) -> str:
    whole, rest = divmod(abs(count), 8)
    minus = "−" if count < 0 else ""
    return f"{minus}{whole or ('' if rest else 0)}{SIGNS[rest]}"
