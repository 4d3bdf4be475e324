"""Whether KashFlow has what we say it has, each document once and to the penny. Pure but for what asks Django.

Rows are as another process told them, at rest. `tests/proof/oracle.py` judges a life at any moment, with people who change
things in KashFlow; what both ask is here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

Rows = Iterable[Mapping[str, Any]]
Attempts = Mapping[Any, Mapping[str, Any]]
MARKER = re.compile(r"(?=.*[A-Z])[0-9A-HJKMNP-TV-Z]{10}")
# At rest nothing is between here and there.
UNDER_WAY = ("ready", "claimed", "sending", "ambiguous", "sent")


@dataclass(frozen=True)
class Finding:
    """What is wrong, in words; `pence` is how far KashFlow's total is from that of the verified invoices."""

    duplicates: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    not_voided: tuple[str, ...] = ()
    foreign_changed: tuple[str, ...] = ()
    untrue: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    leaked: tuple[str, ...] = ()
    pence: int = 0

    @property
    def problems(self) -> list[str]:
        """All of it; empty where nothing is wrong."""
        off = [f"{self.pence} pence"] if self.pence else []
        found = [getattr(self, field.name) for field in fields(self) if field.name != "pence"]
        return [*(problem for some in found for problem in some), *off]


def find(
    rows: Rows,
    documents: Rows,
    *,
    before: Rows = (),
    removed: Collection[int] = (),
    attempts: tuple[Attempts, Attempts] = ({}, {}),
    logs: Iterable[Path] = (),
    password: str = "demo",
) -> Finding:
    """Compares `product_rows` with the documents of the sandbox's state.

    `before` are the documents as they were when no invoice of ours was there; `removed` the InvoiceDBIDs of those
    that a person took away since. `attempts` are those of a moment before and of now; `logs` the files of the
    processes, in which the `password` of KashFlow's login must not be.
    """
    rows, documents, before = list(rows), list(documents), list(before)
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
        unknown=tuple(_unknown(ours, before, documents)),
        not_voided=tuple(_not_voided(rows, by_marker)),
        foreign_changed=tuple(_changed(before, documents, removed)),
        untrue=tuple(
            [wrong for row in verified for wrong in _untrue(row, by_marker.get(row["marker"]))] + _gaps(rows)
        ),
        rewritten=tuple(rewritten(*attempts)),
        leaked=tuple(
            f"{log} has {what}" for log in logs for what in leaks(log.read_text(errors="replace"), password)
        ),
        pence=sum(_pence(by_marker[row["marker"]]) for row in verified if row["marker"] in by_marker)
        - sum(row["pence"] for row in verified if row["marker"] in by_marker),
    )


def marker_of(document: Mapping[str, Any]) -> str:
    """The last word of a document's reference."""
    return str(document["CustomerReference"] or "").rpartition(" ")[2]


def looks_like_ours(marker: str) -> bool:
    """Whether a word has the form of a marker: ten letters and digits. Digits alone are somebody's order number."""
    return MARKER.fullmatch(marker) is not None


def rewritten(before: Attempts, now: Attempts) -> Iterator[str]:
    """The attempts of `before` that are not as they were written."""
    for key, attempt in before.items():
        if now.get(key) != attempt:
            yield f"an attempt was rewritten: {attempt} is now {now.get(key)}"


def leaks(text: str, password: str) -> Iterator[str]:
    """Where a log says the password, and whole envelopes, which hold it. A short one is looked for where it is named."""
    named = re.compile(rf"(?i)password\W{{1,6}}{re.escape(password)}\b")
    if named.search(text) or (len(password) > 8 and password in text):
        yield "the password"
    if ":Envelope" in text or "<Envelope" in text:
        yield "an envelope"


def _unknown(ours: Mapping[str, Any], before: Rows, documents: Rows) -> Iterator[str]:
    """Documents with a marker of no invoice of ours."""
    known = {*ours, *(marker_of(one) for one in before)}
    for one in documents:
        marker = marker_of(one)
        if looks_like_ours(marker) and marker not in known:
            yield f"{one['InvoiceNumber']} carries {marker}, which is no invoice of ours"


def _not_voided(rows: Rows, by_marker: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Cancelled invoices that count in KashFlow still, and credit notes that void what is not cancelled."""
    cancelled = {row["marker"] for row in rows if row["is_cancelled"]}
    for row in rows:
        document = by_marker.get(row["marker"])
        if document and row["is_cancelled"] and not _is_settled(document):
            yield f"{row['number']} is cancelled and open there"
        if row.get("voids") and row["voids"] not in cancelled:
            yield f"{row['number']} voids an invoice that is not cancelled"
        if document and row.get("voids") and not _is_settled(document):
            yield f"{row['number']} voids an invoice and is not set off there"


def _is_settled(document: Mapping[str, Any]) -> bool:
    return round(Decimal(document["AmountPaid"]) * 100) == _pence(document)


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
    found = (
        Invoice.objects.select_related("credits").prefetch_related("lines", "transfers").order_by("number")
    )
    return [_row(invoice, links) for invoice in found]


def attempts() -> dict[Any, dict[str, Any]]:
    """What was written of every attempt, by its key: to be compared with a later moment. Needs Django."""
    from invoicing.models import TransferAttempt

    return {row["id"]: dict(row) for row in TransferAttempt.objects.values()}


def _row(invoice: Any, links: Mapping[int, int]) -> dict[str, Any]:
    transfer = next((one for one in invoice.transfers.all() if one.kind == "create"), None)
    return {
        "number": invoice.number,
        "marker": invoice.marker,
        "is_cancelled": invoice.state == "cancelled",
        "voids": invoice.credits.marker if invoice.is_voiding else "",
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
