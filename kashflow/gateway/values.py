"""The text of one element as int, Decimal, bool, date or str, strictly: half a number is worse than none.

kashflow-api.md, section 2.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

Values = dict[str, Any]
"""One record as the reader gives it: element name to value, a record or a list. A null date is None."""

INT_LIMIT = 2**31
NO_DATE = date(1, 1, 1)

_INT = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,10})?|\.[0-9]{1,10})")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Unreadable(Exception):
    """The reply cannot be trusted; the message says why, for the API log."""


def parse(name: str, kind: str, text: str) -> Any:
    """The value of element `name` of schema type `kind`. A null date is None. Raises Unreadable."""
    if kind == "string":
        return text
    text = text.strip()
    try:
        return _PARSERS[kind](text)
    except (ValueError, KeyError):
        raise Unreadable(f"{name} is no {kind}: {text[:40]!r}") from None


def _int(text: str) -> int:
    number = _integer(text)
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise ValueError(text)
    return number


def _integer(text: str) -> int:
    if not _INT.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _date(text: str) -> date | None:
    moment = _MOMENT.fullmatch(text)
    if moment is None:
        raise ValueError(text)
    day = date.fromisoformat(moment[1])
    return None if day == NO_DATE else day


_PARSERS = {
    "int": _int,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _BOOLEANS.__getitem__,
    "dateTime": _date,
}
