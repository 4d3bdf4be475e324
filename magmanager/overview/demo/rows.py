"""Writing many rows in little memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection

Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """`items` in lists of at most `size`; only one of them is held at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def move_sequences_on() -> None:
    """Lets PostgreSQL count on behind the primary keys that were given out here."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
