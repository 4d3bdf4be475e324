"""Single rows read and written by statements that are put together once for each shape.

For the rows of every call to KashFlow: Django composes such a statement anew each time, which takes several times as
long as carrying it out. What a column holds in Python and in the database stays Django's own business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

M = TypeVar("M", bound=Model)
# By the column's place: what makes Python's value of the database's.
Converters = list[tuple[int, list[Callable[..., Any]], Any]]


def get(model: type[M], key: Any) -> M:
    """The row with this primary key. Raises DoesNotExist."""
    for row in find(model, **{model._meta.pk.name: key}):
        return row
    raise model.DoesNotExist  # type: ignore[attr-defined]


def find(model: type[M], **where: Any) -> list[M]:
    """The rows that have all of `where` (fields and values, no nulls), in no order."""
    with connection.cursor() as cursor:
        cursor.execute(_select(model, tuple(where)), _values(model, where))
        found = cursor.fetchall()
    names, converters = _columns(model)
    return [model.from_db(connection.alias, names, _converted(row, converters)) for row in found]


def of_keys(model: type[M], keys: Sequence[Any]) -> dict[Any, M]:
    """The rows with these primary keys, by key; what is not there is left out."""
    if not keys:
        return {}
    key = model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(_select_among(model, len(keys)), [_stored(key, one) for one in keys])
        found = cursor.fetchall()
    names, converters = _columns(model)
    rows = [model.from_db(connection.alias, names, _converted(row, converters)) for row in found]
    return {row.pk: row for row in rows}


def update(model: type[Model], where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """One conditional UPDATE: sets the fields `values` of the rows that have all of `where` (no nulls).

    Returns how many rows there were. Values are Python's, or model instances for foreign keys.
    """
    sql = _update(model, tuple(values), tuple(where))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_values(model, values), *_values(model, where)])
        return int(cursor.rowcount)


def insert(row: Model) -> None:
    """Adds `row` with all its fields; its key is left to the database and not read back."""
    fields = _inserted(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_insert(type(row)), values)


# --- Statements: names of ours only; values go as parameters -----------------------------------------------------


@lru_cache
def _select(model: type[Model], where: tuple[str, ...]) -> str:
    columns = ", ".join(_column(model, name) for name in _columns(model)[0])
    return f"SELECT {columns} FROM {_table(model)} WHERE {_all_of(model, where)}"  # noqa: S608


@lru_cache
def _select_among(model: type[Model], count: int) -> str:
    columns = ", ".join(_column(model, name) for name in _columns(model)[0])
    places = ", ".join(["%s"] * count)
    return f"SELECT {columns} FROM {_table(model)} WHERE {_column(model, model._meta.pk.name)} IN ({places})"  # noqa: S608


@lru_cache
def _update(model: type[Model], names: tuple[str, ...], where: tuple[str, ...]) -> str:
    changed = ", ".join(f"{_column(model, name)} = %s" for name in names)
    return f"UPDATE {_table(model)} SET {changed} WHERE {_all_of(model, where)}"  # noqa: S608


@lru_cache
def _insert(model: type[Model]) -> str:
    fields = _inserted(model)
    columns = ", ".join(_column(model, field.name) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {_table(model)} ({columns}) VALUES ({places})"  # noqa: S608


def _all_of(model: type[Model], names: tuple[str, ...]) -> str:
    return " AND ".join(f"{_column(model, name)} = %s" for name in names)


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(model: type[Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return connection.ops.quote_name(field.column)


# --- Values ------------------------------------------------------------------------------------------------------


@lru_cache
def _columns(model: type[Model]) -> tuple[list[str], Converters]:
    """The attributes in the order of the columns, and what has to be converted when it is read."""
    fields = model._meta.concrete_fields
    converters = []
    for place, field in enumerate(fields):
        # Of a foreign key this is the column of the key it refers to, with that one's type.
        column = field.get_col(model._meta.db_table)
        if made := connection.ops.get_db_converters(column) + column.get_db_converters(connection):
            converters.append((place, made, column))
    return [field.attname for field in fields], converters


def _converted(row: tuple[Any, ...], converters: Converters) -> list[Any]:
    values = list(row)
    for place, made, column in converters:
        for convert in made:
            values[place] = convert(values[place], column, connection)
    return values


def _values(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    return [_stored(model._meta.get_field(name), value) for name, value in values.items()]


def _stored(field: Any, value: Any) -> Any:
    return field.get_db_prep_save(value.pk if isinstance(value, Model) else value, connection)


@lru_cache
def _inserted(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]
