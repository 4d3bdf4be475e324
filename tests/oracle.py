"""Whether KashFlow has what we say it has, each document once and to the penny. Pure but for `product_rows`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Rows = Iterable[Mapping[str, Any]]
# At rest nothing is between here and there.
UNDER_WAY = ("ready", "claimed", "sending", "ambiguous", "sent")


@dataclass(frozen=True)
class Finding:
    """What is wrong, in words; `pence` is how far KashFlow's total is from that of the verified invoices."""

    duplicates: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    foreign_changed: tuple[str, ...] = ()
    untrue: tuple[str, ...] = ()
    pence: int = 0

    @property
    def problems(self) -> list[str]:
        """All of it; empty where nothing is wrong."""
        off = [f"{self.pence} pence"] if self.pence else []
        return [
            *self.duplicates,
            *self.lost,
            *self.unrecorded,
            *self.foreign_changed,
            *self.untrue,
            *off,
        ]


def find(rows: Rows, documents: Rows, *, before: Rows = (), removed: Collection[int] = ()) -> Finding:
    """Compares `product_rows` with the documents of the sandbox's state.

    `before` are the documents as they were when no invoice of ours was there; `removed` the InvoiceDBIDs of those
    that a person took away since.
    """
    rows, documents = list(rows), list(documents)
    ours = {row["marker"]: row for row in rows}
    mine = [one for one in documents if marker_of(one) in ours]
    counted = Counter(marker_of(one) for one in mine)
    by_marker = {marker_of(one): one for one in mine}
    wanted = [row for row in rows if row["state"] and not row["is_cancelled"]]
    verified = [row for row in wanted if row["state"] == "verified"]
    return Finding(
        duplicates=tuple(f"{marker} is there {n} times" for marker, n in counted.items() if n > 1),
        lost=tuple(
            f"{row['number']} is {row['state']} and not there"
            for row in wanted
            if row["marker"] not in counted and row["state"] in (*UNDER_WAY, "verified")
        ),
        unrecorded=tuple(
            f"{row['number']} is there and {row['state'] or 'unknown'} here"
            for row in rows
            if row["marker"] in counted and row["state"] not in ("verified", "review", "conflict")
        ),
        foreign_changed=tuple(_changed(before, documents, removed)),
        untrue=tuple(
            [wrong for row in verified for wrong in _untrue(row, by_marker.get(row["marker"]))] + _gaps(rows)
        ),
        pence=sum(_pence(by_marker[row["marker"]]) for row in verified if row["marker"] in by_marker)
        - sum(row["pence"] for row in verified if row["marker"] in by_marker),
    )


def marker_of(document: Mapping[str, Any]) -> str:
    """The last word of a document's reference."""
    return str(document["CustomerReference"] or "").rpartition(" ")[2]


def _untrue(row: Mapping[str, Any], found: Mapping[str, Any] | None) -> list[str]:
    """In what a verified invoice is not what KashFlow has."""
    if found is None:
        return []
    theirs = {
        "kashflow_number": found["InvoiceNumber"],
        "kashflow_dbid": found["InvoiceDBID"],
        "customer_id": found["CustomerID"],
        "date": found["InvoiceDate"][:10],
        "pence": _pence(found),
        "lines": [_line(line) for line in found["Lines"]],
    }
    return [
        f"{row['number']}: {name} is {row[name]} here and {value} there"
        for name, value in theirs.items()
        if row[name] != value
    ]


def _line(line: Mapping[str, Any]) -> list[str]:
    return [f"{Decimal(line[name]):.2f}" for name in ("Quantity", "Rate", "VatAmount")]


def _pence(document: Mapping[str, Any]) -> int:
    return round((Decimal(document["NetAmount"]) + Decimal(document["VATAmount"])) * 100)


def _gaps(rows: list[Mapping[str, Any]]) -> list[str]:
    numbers = sorted(row["number"] for row in rows)
    whole = list(range(numbers[0], numbers[0] + len(numbers))) if numbers else []
    return [] if numbers == whole else [f"numbers {numbers[0]} to {numbers[-1]} have gaps or doubles"]


def _changed(before: Rows, documents: Rows, removed: Collection[int]) -> Iterable[str]:
    now = {one["InvoiceDBID"]: one for one in documents}
    for one in before:
        if one["InvoiceDBID"] not in removed and now.get(one["InvoiceDBID"]) != one:
            yield f"document {one['InvoiceNumber']} of somebody else was changed"


def product_rows() -> list[dict[str, Any]]:
    """Our invoices as `find` wants them, as JSON can hold them. Needs Django."""
    from clients.models import CustomerLink
    from invoicing.models import Invoice

    links = dict(CustomerLink.objects.values_list("client", "customer_id"))
    found = Invoice.objects.prefetch_related("lines", "transfers").order_by("number")
    return [_row(invoice, links) for invoice in found]


def _row(invoice: Any, links: Mapping[int, int]) -> dict[str, Any]:
    transfer = next((one for one in invoice.transfers.all() if one.kind == "create"), None)
    return {
        "number": invoice.number,
        "marker": invoice.marker,
        "is_cancelled": invoice.state == "cancelled",
        "date": invoice.invoice_date.isoformat(),
        "pence": round(invoice.total * 100),
        "customer_id": links.get(invoice.payer_id),
        "lines": [
            [f"{value:.2f}" for value in (Decimal(line.quantity), line.rate, line.vat_amount)]
            for line in sorted(invoice.lines.all(), key=lambda line: line.sort)
        ],
        "state": transfer.state if transfer else "",
        "kashflow_number": transfer.kashflow_number if transfer else None,
        "kashflow_dbid": transfer.kashflow_dbid if transfer else None,
    }
