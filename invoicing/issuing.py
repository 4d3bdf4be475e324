"""A built document as the rows that are issued: what the invoice says for ever."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

from invoicing.documents import Document, Line
from invoicing.marker import marker
from invoicing.models import Batch, Invoice, InvoiceLine


def invoice_row(
    document: Document, *, batch: Batch, number: int, invoice_date: dt.date, uid: UUID | None = None
) -> Invoice:
    """The unsaved invoice of `document` under `number`. `uid` is for data that must come out the same again."""
    uid, payer = uid or uuid4(), document.payer
    return Invoice(
        uid=uid,
        marker=marker(uid),
        number=number,
        payer_id=payer.id,
        batch=batch,
        by=batch.by,
        raised_at=batch.raised_at,
        invoice_date=invoice_date,
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


def line_rows(invoice: Invoice, document: Document) -> list[InvoiceLine]:
    """The unsaved lines of `document`, in its order, for an invoice that has its primary key."""
    return [_line(invoice, line, sort) for sort, line in enumerate(document.lines, start=1)]


def _line(invoice: Invoice, line: Line, sort: int) -> InvoiceLine:
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
        account_code_id=line.account_code_id,
        product_code_id=line.product_code_id,
    )
