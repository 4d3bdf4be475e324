"""Thousands of rows or ids in one statement, as one JSON parameter: each as a parameter costs many times as much."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

ELEMENTS = {"sqlite": "json_each(%s)", "postgresql": "jsonb_array_elements(%s::jsonb)"}
# By vendor: column `name` of type `kind`, which stands at `n` of each row.
TAKE: dict[str, Callable[[int, str, str], str]] = {
    "sqlite": lambda n, name, kind: f"json_extract(value, '$[{n}]') AS {name}",
    "postgresql": lambda n, name, kind: (
        f"nullif(value->{n}, 'null'::jsonb) AS {name}"
        if kind == "jsonb"
        else f"(value->>{n})::{kind} AS {name}"
    ),
}
IDS = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value::bigint FROM jsonb_array_elements_text(%s::jsonb)",
}


# By vendor: column `name`, which is the same in every row.
SAME: dict[str, Callable[[str, str], str]] = {
    "sqlite": lambda name, kind: f"%s AS {name}",
    "postgresql": lambda name, kind: f"%s::{kind} AS {name}",
}


def execute(sql: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]], **same: Any) -> None:
    """Runs `sql`, in which `{rows}` is a SELECT of `rows`; `columns` names their columns and PostgreSQL's types.

    Columns named in `same` have that value in every row and do not stand in `rows`.
    """
    taken = [SAME[connection.vendor](name, columns[name]) for name in same]
    own = [(name, kind) for name, kind in columns.items() if name not in same]
    taken += [TAKE[connection.vendor](n, name, kind) for n, (name, kind) in enumerate(own)]
    with connection.cursor() as cursor:
        # Names and types of ours; what is written goes as parameters.
        source = f"SELECT {', '.join(taken)} FROM {ELEMENTS[connection.vendor]}"  # noqa: S608
        cursor.execute(sql.format(rows=source), [*same.values(), json.dumps(rows)])


def among(ids: Iterable[int]) -> RawSQL:
    """For `pk__in` and the like: these whole numbers, however many."""
    return RawSQL(IDS[connection.vendor], [json.dumps(sorted(set(ids)))])  # noqa: S611
