"""A built document as the rows that are issued: what the invoice says for ever."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from invoicing.documents import Document, FreeLine, Line
from invoicing.marker import marker
from invoicing.models import Batch, Invoice, InvoiceLine
from settings_app.models import User


def invoice_row(
    document: Document,
    *,
    batch: Batch | None,
    number: int,
    invoice_date: dt.date,
    by: User,
    raised_at: dt.datetime,
    uid: UUID | None = None,
) -> Invoice:
    """The unsaved invoice of `document` under `number`. `uid` is for what must come out the same again."""
    uid, payer = uid or uuid4(), document.payer
    return Invoice(
        uid=uid,
        marker=marker(uid),
        number=number,
        payer_id=payer.id,
        batch=batch,
        by=by,
        raised_at=raised_at,
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
    places = count(1)
    booked = [_booked(invoice, line, next(places)) for line in document.booked]
    return booked + [_free(invoice, line, next(places)) for line in document.free]


def _booked(invoice: Invoice, line: Line, sort: int) -> InvoiceLine:
    return InvoiceLine(
        invoice=invoice,
        sort=sort,
        instalment_id=line.row.instalment_id,
        client_id=line.row.client_id,
        issue_id=line.row.issue_id,
        rate=line.amount,
        list_price=line.row.list_price,
        discount_percent=line.row.discount_percent,
        **_common(line),
    )


def _free(invoice: Invoice, line: FreeLine, sort: int) -> InvoiceLine:
    return InvoiceLine(
        invoice=invoice,
        sort=sort,
        client_id=invoice.payer_id,
        quantity=line.quantity,
        rate=line.rate,
        list_price=line.rate,
        **_common(line),
    )


def _common(line: Line | FreeLine) -> dict[str, Any]:
    return {
        "description": line.description,
        "amount": line.amount,
        "vat_percent": line.vat.percent,
        "is_vat_exempt": line.vat.is_exempt,
        "vat_amount": line.vat_amount,
        "account_code_id": line.account_code_id,
        "product_code_id": line.product_code_id,
    }
