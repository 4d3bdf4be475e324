"""What people decide here about an invoice: cancelling and crediting it, the Transfer desk, its payments.

Where the page would refuse, nothing happens.
"""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import suppress
from decimal import Decimal
from typing import Any

from invoicing import credits
from invoicing.cancelling import cancel_invoice, raise_again
from invoicing.crediting import raise_credit_note
from invoicing.models import Invoice, Payment, Transfer
from invoicing.payments import record_payment, remove_payment
from invoicing.transfer import adoption, desk
from invoicing.transfer.payments import transfer_payments
from magmanager.common.errors import DomainError
from magmanager.common.money import to_penny
from settings_app.models import PaymentMethod, User
from tests.sandboxes import LiveSandbox

WHY = "Booked twice"


class Decisions:
    """One person's. `asked` are the markers that were asked for, `kept` what was linked, by InvoiceDBID.

    `left` are the markers of invoices that are kept here though KashFlow had them when that was decided.
    """

    def __init__(self, by: User, sandbox: LiveSandbox, asked: set[str]) -> None:
        self.by = by
        self.sandbox = sandbox
        self.asked = asked
        self.kept: dict[int, dict[str, Any]] = {}
        self.left: set[str] = set()

    # --- The invoice ----------------------------------------------------------------------------------------

    def cancel(self, invoice: Invoice) -> None:
        with suppress(DomainError):
            cancel_invoice(by=self.by, invoice=invoice, reason=WHY)

    def raise_again(self, invoice: Invoice) -> None:
        was_sent = invoice.transfers.exclude(state__in=["do_not_send", "cancelled"]).exists()
        with suppress(DomainError):
            new = raise_again(by=self.by, invoice=invoice, reason=WHY)
            if was_sent:
                self.asked.add(new.marker)

    def credit(self, invoice: Invoice, share: Decimal) -> None:
        """Takes back that share of each of its lines, as far as it is left."""
        lines = list(invoice.lines.all())
        amounts = {line.pk: min(to_penny(line.amount * share), credits.left(line).amount) for line in lines}
        with suppress(DomainError):
            raise_credit_note(
                by=self.by,
                key=uuid.uuid4(),
                invoice=invoice,
                amounts=amounts,
                reason=WHY,
                credit_date=invoice.invoice_date,
                expected_total=sum(
                    (credits.part(line, amounts[line.pk]).total for line in lines if amounts[line.pk]),
                    Decimal(0),
                ),
            )

    # --- The Transfer desk ----------------------------------------------------------------------------------

    def recheck(self, transfer: Transfer) -> None:
        with suppress(DomainError):
            desk.recheck(by=self.by, transfer=transfer)

    def retry(self, transfer: Transfer) -> None:
        with suppress(DomainError):
            desk.retry(by=self.by, transfer=transfer)

    def adopt(self, transfer: Transfer) -> None:
        """*Link*, or *Keep both numbers*: the first of the documents that are shown."""
        shown = adoption.documents(transfer)
        if not shown:
            return
        seen = adoption.fingerprint(shown[0])
        with suppress(DomainError):
            desk.adopt(by=self.by, transfer=transfer, dbid=shown[0]["dbid"], seen=seen, reason=WHY)
            self.kept[shown[0]["dbid"]] = shown[0]

    def do_not_send(self, transfer: Transfer) -> None:
        is_there = any(
            one["CustomerReference"].endswith(transfer.invoice.marker)
            or one["InvoiceDBID"] == transfer.kashflow_dbid
            for one in self.sandbox.invoices()
        )
        with suppress(DomainError):
            desk.do_not_send(by=self.by, transfer=transfer, reason=WHY)
            if is_there:
                self.left.add(transfer.invoice.marker)

    # --- Payments -------------------------------------------------------------------------------------------

    def record_payment(self, invoice: Invoice, amount: Decimal) -> None:
        with suppress(DomainError):
            record_payment(
                by=self.by,
                key=uuid.uuid4(),
                invoice=invoice,
                amount=amount,
                paid_on=dt.date(2026, 11, 24),
                method=PaymentMethod.objects.filter(is_enabled=True)[0],
            )

    def remove_payment(self, payment: Payment) -> None:
        with suppress(DomainError):
            remove_payment(by=self.by, payment=payment, reason=WHY)

    def transfer_payments(self) -> None:
        with suppress(DomainError):
            transfer_payments(by=self.by)
