"""The ledger's rows as the API's XML: result, Status, StatusDetail, empties self-closed, nulls left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from kashflow.gateway.schema import ARRAYS, NAMESPACE, RECORDS, Field, Operation

_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#xD;"}
# XML 1.0 cannot carry these at all.
_ESCAPES |= {code: "\ufffd" for code in (*range(0x20), 0xFFFE, 0xFFFF) if chr(code) not in "\t\n\r"}


def escaped(text: str) -> str:
    """The text as element content."""
    return text.translate(_ESCAPES)


def element(name: str, content: str) -> str:
    """`<name>content</name>`, or `<name />` where there is none; the content is XML already."""
    return f"<{name}>{content}</{name}>" if content else f"<{name} />"


def response(operation: Operation, result: object = None, *, status: str = "OK", detail: str = "") -> str:
    """The response element of an operation."""
    content = "" if operation.result is None else value(operation.result, result)
    content += element("Status", status) + element("StatusDetail", escaped(detail))
    return f'<{operation.response} xmlns="{NAMESPACE}">{content}</{operation.response}>'


def refusal(operation: Operation, text: str) -> str:
    """The response of a call that was refused: numbers are 0, everything else is left out."""
    nothing = 0 if operation.result and operation.result.type in ("int", "boolean", "decimal") else None
    return response(operation, nothing, status="NO", detail=text)


def value(field: Field, content: object) -> str:
    """One element of any type; None is nil where the element may be, and left out elsewhere."""
    if content is None:
        return f'<{field.name} xsi:nil="true" />' if field.nillable else ""
    if field.is_array:
        return element(field.name, _items(field.type, content))  # type: ignore[arg-type]
    if field.is_scalar:
        return element(field.name, _scalar(field.type, content))
    return element(field.name, _record(field.type, content))  # type: ignore[arg-type]


def _scalar(kind: str, content: object) -> str:
    if kind == "boolean":
        return "true" if content else "false"
    return escaped(content) if isinstance(content, str) else str(content)


@lru_cache
def _fields(record: str) -> tuple[Field, ...]:
    return RECORDS[record].fields


def _record(name: str, row: Mapping[str, object]) -> str:
    return "".join([value(field, row.get(field.name)) for field in _fields(name)])


def _items(name: str, rows: Iterable[Mapping[str, object]]) -> str:
    array = ARRAYS[name]
    opening = f'{array.item} xsi:type="{array.record}"' if array.any_type else array.item
    return "".join([f"<{opening}>{_record(array.record, row)}</{array.item}>" for row in rows])
