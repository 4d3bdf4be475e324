"""The months behind us, billed: invoices by the product's own builder, most in KashFlow and paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from bookings.models import Instalment
from bookings.services import close_instalments
from invoicing import documents, picking
from invoicing.documents import Document
from invoicing.issuing import invoice_row, line_rows
from invoicing.models import Batch, Invoice, InvoiceLine
from invoicing.numbering import take_block
from kashflow.models import AccountCode, ProductCode
from magmanager.overview.demo.books import Books
from magmanager.overview.demo.plan import Plan, at, months_from
from magmanager.overview.demo.rows import chunks
from magmanager.overview.demo.values import uid
from settings_app.models import User

CHUNK = 1000
# Where the numbers of the demo begin: a publisher that has been at it for a while.
FIRST_NUMBER = 10_001
Billed = list[tuple[Invoice, list[InvoiceLine]]]


@dataclass(frozen=True)
class Month:
    """One month's batch: raised on its last working day."""

    first: dt.date
    raised_on: dt.date
    is_transferred: bool

    @property
    def raised_at(self) -> dt.datetime:
        return at(self.raised_on, 16, 20)


def months(plan: Plan) -> Iterator[Month]:
    """Every full month behind the plan's day; the last one is raised and not transferred yet."""
    first, this = plan.first_on_sale, plan.today.replace(day=1)
    while first < this:
        following = months_from(first, 1)
        last = following - dt.timedelta(days=1)
        yield Month(
            first, last - dt.timedelta(days=max(0, last.weekday() - 4)), is_transferred=following < this
        )
        first = following


class Billing:
    """Raises what was on sale in each month and hands it to the books."""

    def __init__(self, plan: Plan, by: User, books: Books) -> None:
        self.plan = plan
        self.by = by
        self.books = books
        self.house = picking.house()
        self.accounts = AccountCode.objects.in_bulk()
        self.products = ProductCode.objects.in_bulk()

    def add_all(self) -> None:
        """Writes batches, invoices and lines by month; the current month's bookings stay to be invoiced."""
        for month in months(self.plan):
            self._bill(month)

    def _bill(self, month: Month) -> None:
        payers = [ids for _, ids in picking.by_payer(list(self._due(month)))]
        if not payers:
            return
        batch = Batch.objects.create(
            key=self._uid("batch", month.first),
            by=self.by,
            raised_at=month.raised_at,
            invoice_count=len(payers),
        )
        for part in chunks(payers, CHUNK):
            billed = self._raise(batch, month, [one for ids in part for one in ids])
            if month.is_transferred:
                self.books.keep(month.raised_at, billed, self.by)

    def _due(self, month: Month) -> Iterator[int]:
        """Open instalments of issues on sale by the end of the month, of payers whose period ends in it."""
        found = Instalment.objects.invoiceable().filter(issue__on_sale_on__lt=months_from(month.first, 1))
        agency, own = F("booking__client__agency__invoice_period"), F("booking__client__invoice_period")
        for pk, agency_period, period in found.values_list("pk", agency, own).order_by("pk"):
            if (agency_period or period) != "quarterly" or month.first.month % 3 == 0:
                yield pk

    def _raise(self, batch: Batch, month: Month, instalment_ids: list[int]) -> Billed:
        close_instalments(instalment_ids)
        made = documents.build(picking.rows(instalment_ids), self.house, month.raised_on)
        first = take_block(len(made))
        invoices = [self._invoice(batch, document, first + n, month) for n, document in enumerate(made)]
        Invoice.objects.bulk_create(invoices)
        billed = [
            (invoice, self._lines(invoice, document))
            for invoice, document in zip(invoices, made, strict=True)
        ]
        InvoiceLine.objects.bulk_create(line for _, lines in billed for line in lines)
        return billed

    def _invoice(self, batch: Batch, document: Document, number: int, month: Month) -> Invoice:
        own = self._uid("invoice", number)
        invoice = invoice_row(
            document,
            batch=batch,
            number=number,
            invoice_date=month.raised_on,
            by=batch.by,
            raised_at=batch.raised_at,
            uid=own,
        )
        invoice.pk = number - FIRST_NUMBER + 1
        if month.is_transferred:
            self.books.settle(invoice)
        return invoice

    def _lines(self, invoice: Invoice, document: Document) -> list[InvoiceLine]:
        """With their codes at hand: KashFlow's side is written from these rows without asking for each."""
        lines = line_rows(invoice, document)
        for line in lines:
            line.account_code = self.accounts.get(line.account_code_id)
            line.product_code = self.products.get(line.product_code_id)
        return lines

    def _uid(self, *of: object) -> UUID:
        return uid(self.plan.chance(*of))
