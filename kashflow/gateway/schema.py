"""Reads `table` into typed, ordered fields: what an operation takes and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kashflow.gateway import table

NAMESPACE = "KashFlow"
SCALARS = frozenset({"int", "integer", "decimal", "boolean", "dateTime", "string"})


@dataclass(frozen=True)
class Field:
    """One element. `type` is a scalar, a record or an array of the table, `xml_type` its name on the wire."""

    name: str
    type: str
    optional: bool = False
    nillable: bool = False

    @property
    def xml_type(self) -> str:
        return self.type.partition("/")[0]

    @property
    def is_scalar(self) -> bool:
        return self.type in SCALARS

    @property
    def is_array(self) -> bool:
        return self.type in ARRAYS


@dataclass(frozen=True)
class Record:
    """A complex type: its own fields and, where it extends another, that one's first."""

    name: str
    own_fields: tuple[Field, ...]
    extends: str = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        inherited = RECORDS[self.extends].fields if self.extends else ()
        return inherited + self.own_fields


@dataclass(frozen=True)
class Array:
    """A list type: `item` is the repeated element, `record` its type; `any_type` ones say so in xsi:type."""

    name: str
    item: str
    record: str

    @property
    def any_type(self) -> bool:
        return self.item == "anyType"

    @property
    def is_declared(self) -> bool:
        """Whether WSDL and XSD name it as a type of its own; others share the type before the slash."""
        return "/" not in self.name


@dataclass(frozen=True)
class Operation:
    """One SOAP operation. `result` is None for the few that answer with Status and StatusDetail only."""

    name: str
    inputs: tuple[Field, ...]
    result: Field | None

    @property
    def response(self) -> str:
        return f"{self.name}Response"

    @property
    def soap_action(self) -> str:
        return f"{NAMESPACE}/{self.name}"


CREDENTIALS = (Field("UserName", "string", optional=True), Field("Password", "string", optional=True))
STATUS = (Field("Status", "string", optional=True), Field("StatusDetail", "string", optional=True))


def _fields(text: str, separator: str) -> Iterator[Field]:
    for item in filter(None, (part.strip() for part in text.split(separator))):
        name, kind = item.split()
        optional, nillable = kind.endswith("?"), kind.endswith("~")
        for one in _numbered(name):
            yield Field(one, kind.rstrip("?~"), optional, nillable)


def _numbered(name: str) -> list[str]:
    counted = re.fullmatch(r"(\w+?)1-(\d+)", name)
    return [f"{counted[1]}{n}" for n in range(1, int(counted[2]) + 1)] if counted else [name]


def _records(text: str) -> Iterator[Record]:
    for block in re.split(r"\n(?=\S)", text.strip()):
        head, _, body = block.partition("\n")
        name, _, parent = head.partition(" : ")
        yield Record(name, tuple(_fields(body.replace("\n", " "), ";")), parent)


def _operations(text: str) -> Iterator[Operation]:
    for line in re.sub(r"\n +", " ", text.strip()).splitlines():
        parts = re.fullmatch(r"(\w+)\((.*)\) ->(.*)", line)
        if parts is None:
            raise ValueError(f"Cannot read the operation: {line}")
        result = next(_fields(parts[3], ","), None)
        yield Operation(parts[1], tuple(_fields(parts[2], ",")), result)


ARRAYS = {
    name: Array(name, item, record) for name, item, record in map(str.split, table.ARRAYS.split("\n")[1:-1])
}
RECORDS = {record.name: record for record in _records(table.RECORDS)}
OPERATIONS = {operation.name: operation for operation in _operations(table.OPERATIONS)}
