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
from invoicing.documents import Document, Line
from invoicing.marker import marker
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
            (invoice, [self._line(invoice, line, sort) for sort, line in enumerate(document.lines, start=1)])
            for invoice, document in zip(invoices, made, strict=True)
        ]
        InvoiceLine.objects.bulk_create(line for _, lines in billed for line in lines)
        return billed

    def _invoice(self, batch: Batch, document: Document, number: int, month: Month) -> Invoice:
        payer, own = document.payer, self._uid("invoice", number)
        invoice = Invoice(
            pk=number - FIRST_NUMBER + 1,
            uid=own,
            marker=marker(own),
            number=number,
            payer_id=payer.id,
            batch=batch,
            by=self.by,
            raised_at=batch.raised_at,
            invoice_date=month.raised_on,
            due_on=document.due_on,
            company_name=payer.name,
            address=list(payer.address),
            vat_number=payer.vat_number,
            po_number=document.po_number,
            delivery=payer.delivery,
            period=payer.period,
            item_count=len(document.lines),
            amount=document.amount,
            vat_amount=document.vat_amount,
            total=document.total,
        )
        if month.is_transferred:
            self.books.settle(invoice)
        return invoice

    def _line(self, invoice: Invoice, line: Line, sort: int) -> InvoiceLine:
        return InvoiceLine(
            invoice=invoice,
            sort=sort,
            instalment_id=line.row.instalment_id,
            client_id=line.row.client_id,
            issue_id=line.row.issue_id,
            description=line.description,
            rate=line.amount,
            list_price=line.row.list_price,
            discount_percent=line.row.discount_percent,
            amount=line.amount,
            vat_percent=line.vat.percent,
            is_vat_exempt=line.vat.is_exempt,
            vat_amount=line.vat_amount,
            account_code=self.accounts.get(line.account_code_id),
            product_code=self.products.get(line.product_code_id),
        )

    def _uid(self, *of: object) -> UUID:
        return uid(self.plan.chance(*of))
