"""Tables as files: streamed, and no cell of text that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


class _Echo:
    """A file whose writes are handed back, so that the csv module makes one line at a time."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """`rows` under `head` as the download `name`.csv, for Excel too (UTF-8 with its mark). Numbers stay numbers."""
    response = StreamingHttpResponse(_lines(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow([guarded(cell) for cell in row])


def guarded(cell: Any) -> Any:
    """`cell` as it may stand in a table: text that begins like a formula gets a quote in front (S-05)."""
    if isinstance(cell, int | float | Decimal) or cell is None:
        return cell
    text = str(cell).replace("\0", "")
    return f"'{text}" if text.startswith(_FORMULA) else text
