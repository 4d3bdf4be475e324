"""Raising a batch, and what raising one invoice shares with it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from bookings.services import AlreadyInvoiced, close_instalments
from clients.balances import add_to_balances
from invoicing import documents, picking
from invoicing.documents import Document
from invoicing.issuing import invoice_row, line_rows
from invoicing.models import Batch, Invoice, InvoiceLine
from invoicing.numbering import take_block
from magmanager.common.errors import DomainError, Gone
from magmanager.common.money import ZERO, total
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User

# Invoices are made and written this many at a time, so that memory does not grow with the batch.
CHUNK = 1000
TRIES = 5
# Deadlock detected, could not serialize, a lock was not to be had in time (PostgreSQL).
TRY_AGAIN = {"40P01", "40001", "55P03"}
Result = TypeVar("Result")


class NothingChosen(DomainError):
    """No booking is ticked."""

    code = "nothing_chosen"


class CannotBeInvoiced(DomainError):
    """A payer has a problem that must be mended first."""

    code = "cannot_be_invoiced"


class TotalChanged(DomainError):
    """A price, a VAT rate or a client changed since the preview."""

    code = "total_changed"


def raise_batch(
    *, by: User, key: UUID, instalment_ids: Collection[int], invoice_date: dt.date, expected_total: Decimal
) -> Batch:
    """Raises one invoice per payer of `instalment_ids`, all or none.

    `expected_total` is the preview's, in pounds with VAT. A second press with the same `key` returns the
    batch there is. Raises NothingChosen, AlreadyInvoiced, Gone, CannotBeInvoiced, TotalChanged,
    NumbersUsedUp; then no number is used and nothing is written.
    """
    allow(by, "invoicing.raise_batch")
    try:
        return again(lambda: _raise(by, key, sorted(set(instalment_ids)), invoice_date, expected_total))
    except (AlreadyInvoiced, IntegrityError):
        # The other press of a double one was quicker: its instalments are closed, or its key is there.
        raised = Batch.objects.filter(key=key).first()
        if raised is None:
            raise
        return raised


def _raise(
    by: User, key: UUID, instalment_ids: list[int], invoice_date: dt.date, expected_total: Decimal
) -> Batch:
    with transaction.atomic():
        if raised := Batch.objects.filter(key=key).first():
            return raised
        if not instalment_ids:
            raise NothingChosen(
                "No booking is ticked, so there is nothing to invoice. Tick at least one and try again."
            )
        payers = picking.by_payer(instalment_ids)
        if sum(len(ids) for _, ids in payers) != len(instalment_ids):
            raise Gone("A booking that was ticked does not exist any more. Nothing was raised. Look again.")
        batch = Batch.objects.create(key=key, by=by, raised_at=timezone.now(), invoice_count=len(payers))
        house, raised_total = picking.house(), ZERO
        for start in range(0, len(payers), CHUNK):
            ids = [one for _, of_payer in payers[start : start + CHUNK] for one in of_payer]
            close_instalments(ids)
            made = documents.build(billable_rows(ids), house, invoice_date)
            _refuse_problems(made)
            raised_total += _write(batch, made, invoice_date)
        if raised_total != expected_total:
            raise TotalChanged(
                f"The total is now £{raised_total:,.2f}, and the preview showed £{expected_total:,.2f}: "
                "a price, the VAT rate or a client was changed meanwhile. Nothing was raised. Look at the "
                "new preview and raise that."
            )
        audit.record(
            "batch.raised", batch, by=by, after={"invoices": len(payers), "total": str(raised_total)}
        )
        return batch


def billable_rows(ids: list[int]) -> list[picking.Row]:
    """The rows of instalments that were just closed. Raises Gone where one is not to be billed any more."""
    rows = picking.rows(ids)
    gone = next((row for row in rows if not row.is_billable), None)
    if gone or len(rows) != len(ids):
        whose = f"A booking of {gone.client_name}" if gone else "A booking"
        raise Gone(
            f"{whose} was cancelled or marked as invoiced elsewhere meanwhile. "
            "Nothing was raised. Look again."
        )
    return rows


def _refuse_problems(made: Sequence[Document]) -> None:
    held = next((document for document in made if document.problems), None)
    if held:
        raise CannotBeInvoiced(
            f"{held.payer.name} can't be invoiced yet: {held.problems[0].sentence} Nothing was raised. "
            "Mend it above, or untick the client."
        )


def _write(batch: Batch, made: Sequence[Document], invoice_date: dt.date) -> Decimal:
    """Inserts the invoices of `made` with lines and audit in bulk and returns their total in pounds."""
    first = take_block(len(made))
    invoices = Invoice.objects.bulk_create(
        [
            invoice_row(
                document,
                batch=batch,
                number=first + n,
                invoice_date=invoice_date,
                by=batch.by,
                raised_at=batch.raised_at,
            )
            for n, document in enumerate(made)
        ]
    )
    InvoiceLine.objects.bulk_create(
        [
            line
            for invoice, document in zip(invoices, made, strict=True)
            for line in line_rows(invoice, document)
        ]
    )
    audit.record_all(
        audit.entry(
            "invoice.raised", invoice, by=batch.by, after={"batch": batch.pk, "total": str(invoice.total)}
        )
        for invoice in invoices
    )
    add_to_balances({invoice.payer_id: (invoice.total, invoice.due_on) for invoice in invoices})
    return total(invoice.total for invoice in invoices)


class DatabaseBusy(DomainError):
    """Another transaction was in the way, every time it was tried."""

    code = "database_busy"


def again(attempt: Callable[[], Result]) -> Result:
    """What `attempt`, a whole transaction, returns; run again where another one was in its way, up to TRIES.

    Raises DatabaseBusy.
    """
    for tried in range(1, TRIES + 1):
        try:
            return attempt()
        except OperationalError as error:
            is_retryable = getattr(error.__cause__, "pgcode", "") in TRY_AGAIN
            if not is_retryable or transaction.get_connection().in_atomic_block:
                raise
            if tried == TRIES:
                raise DatabaseBusy(
                    "Others kept the database busy, so nothing was done and no number was used. Press the button again."
                ) from error
            time.sleep(0.05 * tried)
    raise AssertionError("unreachable")
