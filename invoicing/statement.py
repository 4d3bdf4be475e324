"""The statement of a payer: what is open, document by document, with the balance running down."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from clients.models import Client
from invoicing import credits
from invoicing.models import Invoice
from invoicing.owed import open_documents
from magmanager.common.money import ZERO, total

COLUMNS = ("number", "kind", "invoice_date", "due_on", "po_number", "total", "paid_amount")
HEAD = ("Date", "Document", "Number", "PO number", "Due", "Total", "Paid", "Open", "Balance")


@dataclass(frozen=True)
class Entry:
    """An open document: what is left of it, and the balance up to and with it, in pounds.

    `overdue` is what is late of an invoice, without what its credit notes further down take off it.
    """

    invoice: Invoice
    left: Decimal
    balance: Decimal
    days_over: int
    overdue: Decimal

    @property
    def cells(self) -> tuple[Any, ...]:
        """One line of the exported file, under HEAD."""
        invoice = self.invoice
        return (
            invoice.invoice_date.isoformat(),
            invoice.get_kind_display(),
            invoice.number,
            invoice.po_number,
            invoice.due_on.isoformat(),
            invoice.total,
            invoice.paid_amount,
            self.left,
            self.balance,
        )


@dataclass(frozen=True)
class Statement:
    """`brought_forward` is what is open from before `since`; None where nothing is left out."""

    on: dt.date
    since: dt.date | None
    brought_forward: Decimal
    entries: tuple[Entry, ...]

    @property
    def balance(self) -> Decimal:
        return self.entries[-1].balance if self.entries else self.brought_forward

    @property
    def overdue(self) -> Decimal:
        """Of the entries: what was due before this day."""
        return total(entry.overdue for entry in self.entries)


def statement(payer: Client, on: dt.date, since: dt.date | None = None) -> Statement:
    """What `payer` owes on the day `on`; documents dated before `since` as one sum. Two queries."""
    every = open_documents(payer.pk)
    forward = _left_before(every, since) if since else ZERO
    rows = every.filter(invoice_date__gte=since) if since else every
    entries, running = [], forward
    for invoice in rows.only(*COLUMNS).annotate(owed=credits.owed()).order_by("invoice_date", "number"):
        left = invoice.total - invoice.paid_amount
        running += left
        # A credit note is never late, nor is an invoice of which nothing is owed any more.
        days = max((on - invoice.due_on).days, 0) if invoice.owed > 0 else 0
        entries.append(Entry(invoice, left, running, days, invoice.owed if days else ZERO))
    return Statement(on=on, since=since, brought_forward=forward, entries=tuple(entries))


def _left_before(rows: Any, since: dt.date) -> Decimal:
    found = rows.filter(invoice_date__lt=since).aggregate(
        total=Sum("total", default=ZERO), paid=Sum("paid_amount", default=ZERO)
    )
    left: Decimal = found["total"] - found["paid"]
    return left
