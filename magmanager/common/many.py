"""Thousands of rows or ids in one statement, as one JSON parameter: each as a parameter costs many times as much."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

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


def execute(sql: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
    """Runs `sql`, in which `{rows}` is a SELECT of `rows`; `columns` names their columns and PostgreSQL's types."""
    take = TAKE[connection.vendor]
    taken = ", ".join(take(n, name, kind) for n, (name, kind) in enumerate(columns.items()))
    with connection.cursor() as cursor:
        # Names and types of ours; what is written goes as one parameter.
        source = f"SELECT {taken} FROM {ELEMENTS[connection.vendor]}"  # noqa: S608
        cursor.execute(sql.format(rows=source), [json.dumps(rows)])


def among(ids: Iterable[int]) -> RawSQL:
    """For `pk__in` and the like: these whole numbers, however many."""
    return RawSQL(IDS[connection.vendor], [json.dumps(sorted(set(ids)))])  # noqa: S611
