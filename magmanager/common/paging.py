"""Keyset paging: the next page starts behind the last row shown, so page 2,000 costs what page 1 does."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Field, Model, Q, QuerySet

COUNT_LIMIT = 10_000
Key = list[Any]


@dataclass(frozen=True)
class Count:
    """How many rows there are, counted up to COUNT_LIMIT; reads as "174" or "10,000+"."""

    number: int
    is_capped: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_capped else ''}"

    def of(self, one: str, many: str = "") -> str:
        """The count with its noun: "1 client", "174 clients"."""
        return f"{self} {one if self.number == 1 else many or one + 's'}"


def count(rows: QuerySet[Any]) -> Count:
    """Counts `rows`, but never further than COUNT_LIMIT; what they are annotated with is not computed for it."""
    return _capped(rows.order_by().values("pk")[: COUNT_LIMIT + 1].count())


def _capped(number: int) -> Count:
    return Count(min(number, COUNT_LIMIT), number > COUNT_LIMIT)


def counts(**querysets: QuerySet[Any]) -> dict[str, Count]:
    """As `count`, of several querysets in one query; for the figures on tabs."""
    capped = [rows.order_by().values("pk")[: COUNT_LIMIT + 1] for rows in querysets.values()]
    compiled = [rows.query.sql_with_params() for rows in capped]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM ({sql}) AS counted)" for sql, _ in compiled),  # noqa: S608
            [value for _, values in compiled for value in values],
        )
        numbers = cursor.fetchone()
    return {name: _capped(number) for name, number in zip(querysets, numbers, strict=True)}


@dataclass(frozen=True)
class Page:
    """Some rows of a list; `first` is the place of the first one in the whole list, from 1."""

    rows: list[Any]
    first: int
    previous_key: str
    next_key: str

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    def shown(self, total: Count) -> str:
        """Which rows these are: "51–100 of 174"."""
        if not self.rows:
            return ""
        return f"{self.first:,}–{self.last:,} of {total}"


def page(
    rows: QuerySet[Any], *, order: Sequence[str], size: int, after: str = "", before: str = "", first: int = 1
) -> Page:
    """The `size` rows behind the key `after`, or those in front of `before`, or the first ones.

    `order` names columns that are never null and together unique ("name", "pk"; "-" for descending). A key
    that cannot be read gives the first page. `first` is the place the address claims; shown, never trusted.
    """
    key, is_backward = _read(rows.model, order, before or after), bool(before)
    if key is None:
        is_backward, first = False, 1
    ordered = rows.order_by(*(_turned(order) if is_backward else order))
    found = list(
        (ordered.filter(_behind(order, key, is_backward)) if key is not None else ordered)[: size + 1]
    )
    more, found = len(found) > size, found[:size]
    if is_backward:
        found.reverse()
        first = first if more else 1
    has_previous, has_next = (more, True) if is_backward else (key is not None, more)
    return Page(
        rows=found,
        first=max(first, 1),
        previous_key=_write(order, found[0]) if found and has_previous else "",
        next_key=_write(order, found[-1]) if found and has_next else "",
    )


def _turned(order: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def _behind(order: Sequence[str], key: Key, is_backward: bool) -> Q:
    """Rows behind `key`: (a, b) > (x, y) spelled so that an index on the first column is used."""
    tests = Q(pk__in=[])
    for name, value in reversed(list(zip(order, key, strict=True))):
        column, is_down = name.removeprefix("-"), name.startswith("-") != is_backward
        side = "lt" if is_down else "gt"
        tests = Q(**{f"{column}__{side}e": value}) & (Q(**{f"{column}__{side}": value}) | tests)
    return tests


def _write(order: Sequence[str], row: Any) -> str:
    names = [name.removeprefix("-") for name in order]
    key = [
        row[name] if isinstance(row, Mapping) else attrgetter(name.replace("__", "."))(row) for name in names
    ]
    return (
        urlsafe_b64encode(json.dumps(key, default=str, separators=(",", ":")).encode()).decode().rstrip("=")
    )


def _read(model: type[Model], order: Sequence[str], text: str) -> Key | None:
    try:
        key = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        pairs = zip(order, key, strict=True)
        values = [_column(model, name.removeprefix("-")).to_python(value) for name, value in pairs]
    except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError):
        return None
    is_sound = all(value is not None and "\x00" not in str(value) for value in values)
    return values if is_sound else None


def _column(model: type[Model], path: str) -> Field[Any, Any]:
    """The field at the end of `path` ("issue__on_sale_on")."""

    def step(at: type[Model], name: str) -> type[Model]:
        return at._meta.get_field(name).related_model  # type: ignore[return-value]

    *way, name = path.split("__")
    owner = reduce(step, way, model)
    return owner._meta.pk if name == "pk" else owner._meta.get_field(name)  # type: ignore[return-value]
