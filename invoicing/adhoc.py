"""An invoice raised for one client on its Financial tab: ticked bookings, lines typed freely, or both.

product.md, KashFlow 9: it goes to KashFlow at once, where a batch waits until it is transferred by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from bookings.services import AlreadyInvoiced, close_instalments
from clients.balances import add_to_balances
from clients.models import Client
from invoicing import documents, picking
from invoicing.documents import Document, FreeLine, Problem
from invoicing.issuing import invoice_row, line_rows
from invoicing.models import Invoice, InvoiceLine
from invoicing.numbering import take_block
from invoicing.picking import House
from invoicing.services import (
    CannotBeInvoiced,
    NothingChosen,
    TotalChanged,
    again,
    billable_rows,
)
from invoicing.transfer.services import want
from invoicing.vat import EXEMPT, VatOfLine
from kashflow.models import AccountCode, ProductCode
from magmanager.common.errors import DomainError
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User


@dataclass(frozen=True)
class TypedLine:
    """A free line as it was typed: `rate` in pounds before VAT; codes only where account codes are used."""

    text: str
    quantity: int
    rate: Decimal
    is_vat_exempt: bool = False
    account_code: AccountCode | None = None
    product_code: ProductCode | None = None


@dataclass(frozen=True)
class Wanted:
    """What is to stand on the invoice of `client`'s payer."""

    client: Client
    invoice_date: dt.date
    instalment_ids: Collection[int] = ()
    lines: Sequence[TypedLine] = ()
    po_number: str = ""


class AnotherPayer(DomainError):
    """A booking of somebody who does not pay here."""

    code = "another_payer"


def preview(wanted: Wanted) -> Document:
    """The invoice as it would be raised, with the problems that keep it from being raised. Uses no number.

    Raises NothingChosen, AnotherPayer.
    """
    open_ids = picking.still_open(wanted.instalment_ids)
    return _document(wanted, picking.rows(open_ids), picking.house())


def raise_invoice(*, by: User, key: UUID, wanted: Wanted, expected_total: Decimal) -> Invoice:
    """Raises one invoice and asks for its transfer in the same transaction; the caller wakes the lanes.

    `expected_total` is the preview's, in pounds with VAT. A second press with the same `key` returns the
    invoice there is. Raises NothingChosen, AnotherPayer, AlreadyInvoiced, Gone, CannotBeInvoiced, TotalChanged,
    NumbersUsedUp; then no number is used and nothing is written.
    """
    allow(by, "invoicing.raise_invoice")
    try:
        return again(lambda: _raise(by, key, wanted, expected_total))
    except (AlreadyInvoiced, IntegrityError):
        # The other press of a double one was quicker.
        raised = Invoice.objects.filter(uid=key).first()
        if raised is None:
            raise
        return raised


def _raise(by: User, key: UUID, wanted: Wanted, expected_total: Decimal) -> Invoice:
    with transaction.atomic():
        if raised := Invoice.objects.filter(uid=key).first():
            return raised
        ids = sorted(set(wanted.instalment_ids))
        close_instalments(ids)
        document = _document(wanted, billable_rows(ids), picking.house())
        _refuse(document, expected_total)
        invoice = _write(by, key, wanted, document)
        want([invoice], by=by)
        return invoice


def _refuse(document: Document, expected_total: Decimal) -> None:
    if document.problems:
        raise CannotBeInvoiced(
            f"{document.payer.name} can't be invoiced yet: {document.problems[0].sentence} Nothing was raised."
        )
    if document.total != expected_total:
        raise TotalChanged(
            f"The total is now £{document.total:,.2f}, and the preview showed £{expected_total:,.2f}: a price, "
            "the VAT rate or the client was changed meanwhile. Nothing was raised. Look at it again and raise that."
        )


def _write(by: User, key: UUID, wanted: Wanted, document: Document) -> Invoice:
    invoice = invoice_row(
        document,
        batch=None,
        number=take_block(1),
        invoice_date=wanted.invoice_date,
        by=by,
        raised_at=timezone.now(),
        uid=key,
    )
    invoice.save(force_insert=True)
    InvoiceLine.objects.bulk_create(line_rows(invoice, document))
    audit.record("invoice.raised", invoice, by=by, after={"total": str(invoice.total)})
    add_to_balances({invoice.payer_id: (invoice.total, invoice.due_on)})
    return invoice


# --- What stands on it --------------------------------------------------------------------------------------


def _document(wanted: Wanted, rows: list[picking.Row], house: House) -> Document:
    if not rows and not wanted.lines:
        raise NothingChosen("Nothing stands on this invoice. Tick a booking or type a line.")
    payer_id = wanted.client.payer.pk
    if any(row.payer.id != payer_id for row in rows):
        raise AnotherPayer(
            "A ticked booking is paid by somebody else. Untick it, or raise it on that client."
        )
    free = tuple(_free(line, house, wanted.client.payer) for line in wanted.lines)
    problems = [problem for line in wanted.lines for problem in _problems(line, house)]
    if rows:
        [document] = documents.build(rows, house, wanted.invoice_date)
    else:
        document = _empty(payer_id, house, wanted)
    problems += [one for one in document.problems if not (wanted.po_number and one.code == "no_po_number")]
    return replace(document, free=free, problems=tuple(problems), typed_po_number=wanted.po_number)


def _empty(payer_id: int, house: House, wanted: Wanted) -> Document:
    """A document without bookings: what can be wrong with it is the payer's."""
    payer = picking.payers({payer_id})[payer_id]
    found = documents.problems_of_payer(payer, house)
    if payer.is_po_required and not wanted.po_number:
        found.append(Problem("no_po_number", "This client requires a PO number. Type it above."))
    due_on = documents.due_on(payer, house, wanted.invoice_date)
    return Document(payer=payer, booked=(), due_on=due_on, problems=tuple(found))


def _free(line: TypedLine, house: House, payer: Client) -> FreeLine:
    exempt = line.is_vat_exempt or payer.is_vat_exempt or house.is_vat_exempt or house.vat_percent is None
    vat = EXEMPT if exempt else VatOfLine(house.vat_percent or Decimal(0))
    code = line.account_code.pk if line.account_code else None
    return FreeLine(
        text=line.text,
        quantity=line.quantity,
        rate=line.rate,
        vat=vat,
        account_code_id=code if house.uses_account_codes else house.sales_code_id,
        product_code_id=line.product_code.pk if line.product_code and house.uses_account_codes else None,
    )


def _problems(line: TypedLine, house: House) -> list[Problem]:
    if line.rate < 0 or line.quantity < 1:
        return [Problem("negative", f"“{line.text}” takes money back. Raise a credit note for that.")]
    if not house.uses_account_codes:
        return []
    account, product = line.account_code, line.product_code
    if account is None:
        return [Problem("no_account_code", f"“{line.text}” has no account code. Choose one.")]
    if account.gone_at or account.ledger_account_id != house.ledger_account_id:
        return [
            Problem("account_code_gone", f"Account code {account} is not in KashFlow. Choose another one.")
        ]
    if product and (product.gone_at or product.account_code_id != account.pk):
        return [
            Problem(
                "product_code_elsewhere",
                f"Inventory code {product} does not belong to account code {account}.",
            )
        ]
    return []
