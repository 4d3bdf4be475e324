"""Everything one claimed transfer needs while it is carried: rows, login, gateway, and what is to be there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from clients import customers
from clients.models import Client, CustomerLink
from invoicing.models import Invoice, InvoiceLine, Transfer
from invoicing.transfer import mapping
from invoicing.transfer.record import renew
from invoicing.transfer.states import State
from kashflow.connections import office_login
from kashflow.gateway import records
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import ConnectionOff, SendDeadlineMissed
from kashflow.models import AccountCode, Connection, LedgerAccount, ProductCode
from kashflow.services import SwitchedOff, get_gateway
from magmanager.common import rows
from magmanager.common.permissions import may
from settings_app.models import User

# What the presser must still be allowed, by kind of errand.
VERBS = {str(Transfer.Kind.PAYMENT): "invoicing.transfer_payments"}
VERB = "invoicing.transfer_invoices"
NO_LOGIN = (
    "The KashFlow login this began with is gone and there is no office login. Save a login in My Details."
)
NOT_ALLOWED = "{} may no longer transfer {}, so this was stopped. Somebody who may can press {}."
NOT_THEIRS = (
    "The KashFlow login belongs to {}, who may not use one any more, so this was stopped. "
    "Somebody with a saved login can press {}."
)
# Where it goes on: a run that is not over yet can be resumed, what is in none is tried again by itself.
RESUME, RETRY = "Resume", "Retry on the Transfer desk"


@dataclass
class Work:
    """One transfer in hand. `login` is whose calls these are, `by` who pressed the button."""

    transfer: Transfer
    lines: list[InvoiceLine]
    link: CustomerLink
    login: Connection
    gateway: Gateway
    by: User | None

    @classmethod
    def on(cls, transfer: Transfer) -> Work:
        """Loads what is needed. Raises ConnectionOff where no login may be used, or its presser may not any more."""
        invoice = rows.get(Invoice, transfer.invoice_id)
        transfer.invoice, invoice.payer = invoice, rows.get(Client, invoice.payer_id)
        login = _login(transfer)
        by = _presser(transfer, login)
        if not may(login.user, "kashflow.save_login"):
            raise SwitchedOff(detail=NOT_THEIRS.format(login.user, _go_on(transfer)))
        return cls(
            transfer=transfer,
            lines=_lines(invoice),
            link=customers.want(invoice.payer, transfer.ledger_account),
            login=login,
            gateway=get_gateway(login, by=by, purpose=f"{invoice.get_kind_display()} {invoice.number}"),
            by=by,
        )

    @property
    def account(self) -> LedgerAccount:
        return self.transfer.ledger_account

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody cancelled it since it was asked for: nothing new may be sent.

        A deletion is there because the invoice was cancelled.
        """
        transfer = self.transfer
        is_removed = transfer.payment is not None and transfer.payment.removed_at is not None
        is_off = transfer.invoice.state == Invoice.State.CANCELLED and transfer.kind != Transfer.Kind.DELETE
        return transfer.cancel_requested or is_removed or is_off

    def created(self, document: Invoice | None) -> Transfer:
        """The transfer of a document that is in KashFlow for certain. Raises DoesNotExist where it is not."""
        there = Transfer.objects.documents().filter(state=State.VERIFIED, ledger_account=self.account)
        return there.get(invoice=document)

    def dbid_of(self, document: Invoice | None) -> int:
        """KashFlow's id of such a document."""
        return self.created(document).kashflow_dbid or 0

    @property
    def numbers_are_ours(self) -> bool:
        return self.account.numbering == LedgerAccount.Numbering.OURS

    @property
    def document(self) -> records.Invoice:
        """What KashFlow is to have."""
        customer_id = (self.link.customer_id or 0) if self.link.state == CustomerLink.State.LINKED else 0
        return mapping.document(self.transfer.invoice, self.lines, self.account, customer_id=customer_id)

    @cached_property
    def problems(self) -> list[str]:
        """Why it must not be sent as it is."""
        return mapping.problems(self.transfer.invoice, self.lines, self.account)

    @property
    def request_hash(self) -> str:
        """A fingerprint of what is sent, for the attempts."""
        return hashlib.sha256(repr(self.document).encode()).hexdigest()

    def resolve_customer(self) -> bool:
        """Finds or creates the payer's customer; whether it is known then. Raises GatewayError and Lost."""
        if not customers.is_settled(self.link):
            # That is a way to KashFlow of its own, which may need the only slot.
            self.gateway.step_aside()
            self.link = customers.resolve(self.link, connection=self.login, by=self.by)
            # Several calls may lie behind us. Every other phase begins with a move, which renews the lease.
            renew(self.transfer)
        known = self.link.state == CustomerLink.State.LINKED and self.link.customer_id is not None
        if known and not customers.use(self.link):
            raise SendDeadlineMissed(detail="the link to the customer was changed meanwhile")
        return known


def _lines(invoice: Invoice) -> list[InvoiceLine]:
    """In their order, with their codes: those of an invoice are mostly the same."""
    lines = sorted(rows.find(InvoiceLine, invoice=invoice), key=lambda line: line.sort)
    accounts = {key: rows.get(AccountCode, key) for key in {line.account_code_id for line in lines} if key}
    products = {key: rows.get(ProductCode, key) for key in {line.product_code_id for line in lines} if key}
    for line in lines:
        line.account_code = accounts[line.account_code_id] if line.account_code_id else None
        line.product_code = products[line.product_code_id] if line.product_code_id else None
    return lines


def _login(transfer: Transfer) -> Connection:
    """Whose calls these are. Raises SwitchedOff where there is none."""
    login = transfer.connection or _office_login_for(transfer)
    if login is None or login.ledger_account_id != transfer.ledger_account_id:
        raise SwitchedOff(detail=NO_LOGIN)
    return login


def _presser(transfer: Transfer, login: Connection) -> User | None:
    """Who pressed the button last, if anybody did. Raises SwitchedOff where they may not any more."""
    run = transfer.newest_run
    if run is None or run.by_id is None:
        return None
    # Mostly the same person: their permissions are read once.
    by = login.user if run.by_id == login.user_id else run.by
    if by is not None and not may(by, VERBS.get(transfer.kind, VERB)):
        what = "payments" if transfer.payment_id else "invoices"
        raise SwitchedOff(detail=NOT_ALLOWED.format(by, what, _go_on(transfer)))
    return by


def _go_on(transfer: Transfer) -> str:
    run = transfer.newest_run
    return RESUME if run and not run.is_over else RETRY


def _office_login_for(transfer: Transfer) -> Connection | None:
    """The office login, which is its login from here on: whose calls these were stays recorded (transfer.md)."""
    login = office_login()
    if login is not None and login.ledger_account_id == transfer.ledger_account_id:
        Transfer.objects.filter(pk=transfer.pk, epoch=transfer.epoch, connection=None).update(
            connection=login
        )
    return login


Steps = dict[State, Callable[[Work], None]]
"""What an errand does in each state that somebody may claim."""

__all__ = ["ConnectionOff", "Steps", "Work"]
