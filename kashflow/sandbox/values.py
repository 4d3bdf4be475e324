"""How one element's value is kept in the ledger file and written on the wire.

Decimals and dates are kept exactly as the API writes them (four places, midnight), so reading back never
converts: `13.5000`, `2026-11-02T00:00:00`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from kashflow.gateway.schema import RECORDS, Field

NULL_DATE = "0001-01-01T00:00:00"
FOUR_PLACES = Decimal("0.0001")
PENNY = Decimal("0.01")

Stored = int | str | None
Elements = Mapping[str, Any]


def decimal_text(value: object) -> str:
    """A number as the API writes it: four decimal places, rounded half up."""
    return f"{Decimal(str(value)).quantize(FOUR_PLACES, ROUND_HALF_UP):f}"


def midnight(value: object) -> str:
    """A date, moment or ISO text as the API writes it: the date at midnight, the time dropped."""
    day = value.isoformat() if isinstance(value, date) else str(value)
    return f"{day[:10]}T00:00:00"


def to_pennies(value: Decimal) -> Decimal:
    """Pounds rounded half up to two places."""
    return value.quantize(PENNY, ROUND_HALF_UP)


_STORED: dict[str, Callable[[Any], Stored]] = {
    "int": lambda value: int(value or 0),
    "boolean": lambda value: int(bool(value)),
    "decimal": lambda value: decimal_text(value or 0),
    "dateTime": lambda value: midnight(value or NULL_DATE),
    "integer": lambda value: str(value or 0),
    "string": lambda value: "" if value is None else str(value),
}


def stored(field: Field, value: object) -> Stored:
    """The value as its column keeps it; nothing becomes the type's zero, nil stays nil."""
    return None if value is None and field.nillable else _STORED[field.type](value)


@lru_cache
def scalar_fields(record: str) -> tuple[Field, ...]:
    """The record's elements that hold one value."""
    return tuple(field for field in RECORDS[record].fields if field.is_scalar)


def row(record: str, elements: Elements, extra: Iterable[str] = ()) -> dict[str, Stored]:
    """Every scalar element of the record as its columns keep it.

    Raises TypeError where a name is none of the record's elements (nor in `extra`).
    """
    fields = scalar_fields(record)
    unknown = set(elements) - {field.name for field in fields} - set(extra)
    if unknown:
        raise TypeError(f"{record} has no element {', '.join(sorted(unknown))}")
    return {field.name: stored(field, elements.get(field.name)) for field in fields}
