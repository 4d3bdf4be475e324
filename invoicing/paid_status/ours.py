"""Our documents that are in KashFlow, as the verdict wants them: one query for each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from clients.models import Client, CustomerLink
from invoicing import credits
from invoicing.models import Invoice, Transfer
from invoicing.paid_status.verdict import Ours
from invoicing.transfer import adoption
from invoicing.transfer.mapping import reference
from invoicing.transfer.states import State
from kashflow.models import LedgerAccount
from magmanager.common import many

PAID = Q(invoice__paid_state=Invoice.Paid.PAID)


def to_ask_about(account: LedgerAccount) -> list[Ours]:
    """Those of `account` that are not paid to the penny here, and those that somebody has to look at."""
    not_exact = Q(invoice__paid_state__in=[state for state in Invoice.Paid if state != Invoice.Paid.PAID])
    flagged = Q(invoice__payment_flag__in=Invoice.PaymentFlag.values)
    return [*_ours(account, not_exact), *_ours(account, flagged & PAID)]


def with_ids(account: LedgerAccount, dbids: Iterable[int]) -> list[Ours]:
    """Those of `account` that KashFlow knows by one of these InvoiceDBIDs."""
    return list(_ours(account, Q(kashflow_dbid__in=many.among(dbids))))


def paid_with_numbers(account: LedgerAccount, numbers: Iterable[int]) -> list[Ours]:
    """The invoices of `account` that are paid to the penny here and have one of these numbers in KashFlow."""
    invoices = PAID & Q(invoice__kind=Invoice.Kind.INVOICE)
    return list(_ours(account, invoices & Q(kashflow_number__in=many.among(numbers))))


def of_client(account: LedgerAccount, client: Client) -> list[Ours]:
    """All of `account` with this client as the payer, paid ones too."""
    return list(_ours(account, Q(invoice__payer=client)))


def in_kashflow(account: LedgerAccount) -> QuerySet[Transfer]:
    """The transfers of invoices of `account` that were read back and are not cancelled."""
    return Transfer.objects.documents().filter(
        ledger_account=account,
        state=State.VERIFIED,
        invoice__state=Invoice.State.RAISED,
        invoice__kind=Invoice.Kind.INVOICE,
    )


def _to_read(account: LedgerAccount) -> QuerySet[Transfer]:
    """Invoices, and credit notes that somebody may set off in KashFlow by hand: against whatever they like there.

    Not those our own errand is setting off just now, nor those that void: with their invoice they count for nothing.
    """
    errands = Transfer.objects.filter(kind=Transfer.Kind.APPLY, invoice=OuterRef("invoice"))
    under_way = Exists(errands.filter(state__in=credits.UNDER_WAY))
    notes = Transfer.objects.documents().filter(
        ~under_way,
        ledger_account=account,
        state=State.VERIFIED,
        invoice__state=Invoice.State.RAISED,
        invoice__credits__state=Invoice.State.RAISED,
        invoice__is_voiding=False,
    )
    return in_kashflow(account) | notes


def _ours(account: LedgerAccount, which: Q) -> Iterator[Ours]:
    linked = CustomerLink.objects.filter(
        client=OuterRef("invoice__payer"), ledger_account=account, state=CustomerLink.State.LINKED
    )
    rows = _to_read(account).filter(which).order_by("invoice__number")
    wanted = rows.annotate(
        customer_id=Subquery(linked.values("customer_id")[:1]),
        number=F("invoice__number"),
    ).values(*COLUMNS)
    return map(_made, wanted)


COLUMNS = (
    "invoice_id", "number", "kashflow_number", "kashflow_dbid", "customer_id", "accepted", "invoice__payer_id",
    "invoice__invoice_date", "invoice__po_number", "invoice__marker", "invoice__amount", "invoice__vat_amount",
    "invoice__total", "invoice__paid_amount", "invoice__paid_state", "invoice__kashflow_paid_amount",
    "invoice__payment_flag", "invoice__payment_flag_text",
)  # fmt: skip


def _made(row: dict[str, Any]) -> Ours:
    return Ours(
        invoice_id=row["invoice_id"],
        number=row["number"],
        kashflow_number=row["kashflow_number"],
        dbid=row["kashflow_dbid"],
        payer_id=row["invoice__payer_id"],
        invoice_date=row["invoice__invoice_date"],
        customer_id=row["customer_id"] or 0,
        reference=reference(row["invoice__po_number"], row["invoice__marker"]),
        amount=row["invoice__amount"],
        vat_amount=row["invoice__vat_amount"],
        total=row["invoice__total"],
        paid_amount=row["invoice__paid_amount"],
        paid_state=row["invoice__paid_state"],
        kashflow_paid_amount=row["invoice__kashflow_paid_amount"],
        flag=row["invoice__payment_flag"],
        flag_text=row["invoice__payment_flag_text"],
        accepted=adoption.head(row["accepted"]),
    )
