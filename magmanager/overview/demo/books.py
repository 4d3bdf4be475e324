"""KashFlow's side: documents and payments in the sandbox's ledger, and our rows that say they are there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from invoicing.models import Invoice, InvoiceLine, RunTransfer, Transfer, TransferAttempt
from invoicing.transfer import mapping
from invoicing.transfer.states import State
from kashflow.gateway.writing import invoice_values
from kashflow.models import Connection
from kashflow.sandbox.ledger import Ledger
from magmanager.common.models import Run
from magmanager.common.money import to_pence, to_penny
from magmanager.overview.demo.codes import Codes
from magmanager.overview.demo.customers import Customers
from magmanager.overview.demo.plan import Plan, at
from magmanager.overview.demo.values import uid
from settings_app.models import User

PAY_NOTES = ("BACS", "Faster payment", "Card, by telephone")
# Of all invoices: never paid so far, and part paid.
UNPAID_SHARE, PART_SHARE, PART = 0.03, 0.04, Decimal("0.4")
# A part payment is chased: after so many days the rest has come too.
CHASED_DAYS = 120


class Books:
    """Keeps documents in the ledger as the transfers of their month did."""

    def __init__(
        self, plan: Plan, ledger: Ledger, codes: Codes, customers: Customers, login: Connection
    ) -> None:
        self.plan = plan
        self.ledger = ledger
        self.codes = codes
        self.customers = customers
        self.login = login
        self.read_at = at(plan.today - dt.timedelta(days=1), 20, 15)

    def settle(self, invoice: Invoice) -> None:
        """Sets what KashFlow said last night of a transferred invoice, before it is written."""
        luck = self.plan.chance("luck", invoice.number).random()
        invoice.paid_as_of = self.read_at
        invoice.wanted_in = self.codes.account
        if luck < UNPAID_SHARE or self._paid_on(invoice) >= self.plan.today or not invoice.total:
            return
        is_old = (self.plan.today - invoice.due_on).days > CHASED_DAYS
        is_part = luck < UNPAID_SHARE + PART_SHARE and not is_old
        invoice.paid_amount = to_penny(invoice.total * PART) if is_part else invoice.total
        invoice.kashflow_paid_amount = invoice.paid_amount
        invoice.paid_state = Invoice.Paid.PART if is_part else Invoice.Paid.PAID

    def keep(self, raised_at: dt.datetime, billed: list[tuple[Invoice, list[InvoiceLine]]], by: User) -> None:
        """One press of *Transfer to KashFlow*: customers, documents, payments, transfers and the run."""
        customer_ids = self.customers.link({invoice.payer_id for invoice, _ in billed}, raised_at)
        pressed_at, transfers = raised_at + dt.timedelta(minutes=20), []
        for n, (invoice, lines) in enumerate(billed):
            dbid = self._document(invoice, lines, customer_ids[invoice.payer_id] or 0)
            transfers.append(self._transfer(invoice, dbid, pressed_at, seconds=n // 2 + 1))
        Transfer.objects.bulk_create(transfers)
        TransferAttempt.objects.bulk_create(self._attempt(transfer, by) for transfer in transfers)
        self._add_run(transfers, by)

    def _paid_on(self, invoice: Invoice) -> dt.date:
        late = self.plan.chance("paid", invoice.number).triangular(-20, 45, 3)
        return max(invoice.due_on + dt.timedelta(days=int(late)), invoice.invoice_date)

    def _document(self, invoice: Invoice, lines: list[InvoiceLine], customer_id: int) -> int:
        sent = invoice_values(mapping.document(invoice, lines, self.codes.account, customer_id=customer_id))
        _number, dbid = self.ledger.add_invoice(sent.pop("Lines"), **sent)
        if invoice.paid_amount:
            self.ledger.add_payment(
                PayInvoice=invoice.number,
                PayDate=self._paid_on(invoice),
                PayNote=self.plan.chance("note", invoice.number).choice(PAY_NOTES),
                PayMethod=self.codes.bacs.kashflow_id,
                PayAccount=self.codes.bank.kashflow_id,
                PayAmount=invoice.paid_amount,
            )
        return dbid

    def _transfer(self, invoice: Invoice, dbid: int, pressed_at: dt.datetime, *, seconds: int) -> Transfer:
        sent_at = pressed_at + dt.timedelta(seconds=seconds)
        return Transfer(
            id=uid(self.plan.chance("transfer", invoice.number)),
            invoice=invoice,
            ledger_account=self.codes.account,
            state=State.VERIFIED,
            epoch=1,
            kashflow_number=invoice.number,
            kashflow_dbid=dbid,
            connection=self.login,
            requested_at=pressed_at,
            sent_at=sent_at,
            verified_at=sent_at + dt.timedelta(milliseconds=400),
            verified_total=to_pence(invoice.total),
        )

    def _attempt(self, transfer: Transfer, by: User) -> TransferAttempt:
        return TransferAttempt(
            transfer=transfer,
            epoch=1,
            at=transfer.verified_at or transfer.requested_at,
            milliseconds=400,
            phase="read_back",
            outcome=State.VERIFIED,
            what="Read back: equal to the penny.",
            by=by,
        )

    def _add_run(self, transfers: list[Transfer], by: User) -> None:
        count, ended_at = len(transfers), transfers[-1].verified_at
        run = Run.objects.create(
            id=uid(self.plan.chance("run", transfers[0].kashflow_number)),
            kind="transfer",
            title=f"Transfer of {count} invoice{'s' if count > 1 else ''} to KashFlow",
            state=Run.State.FINISHED,
            by=by,
            connection_id=self.login.pk,
            total=count,
            done=count,
            finished_at=ended_at,
            summary=f"{count} in KashFlow",
        )
        # These two are stamped with now by the model.
        Run.objects.filter(pk=run.pk).update(started_at=transfers[0].requested_at, touched_at=ended_at)
        RunTransfer.objects.bulk_create(RunTransfer(run=run, transfer=transfer) for transfer in transfers)
