"""Writing what is paid: one transaction, one statement a table, unchanged rows not at all.

Whoever changes what an invoice is paid locks its row first (`locked`), then writes with `settle`: amounts, states
and what the clients owe are then right together. What settles an invoice here and is not in KashFlow's amount yet is in
`paid_amount` alone; once it is there (`arrive`, `_arrived`) it is in `kashflow_paid_amount` too, and nothing is owed anew.
A credit note counts by itself until KashFlow has set it off; `set_off` then settles it and its invoice at once, so that
`total - paid_amount` of all documents together is what is owed at every moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from clients.balances import change_balances, lock_balances
from invoicing import credits, owed
from invoicing.models import Invoice, Payment, Transfer
from invoicing.paid_status.reading import Seen
from invoicing.paid_status.verdict import Ours, Verdict, is_news, kept, state_of
from invoicing.transfer.mapping import marker_of
from kashflow.models import LedgerAccount
from magmanager.common import many
from magmanager.common.money import ZERO, to_pence

UPDATE = """
    UPDATE invoicing_invoice SET paid_amount = new.paid, paid_state = new.state, kashflow_paid_amount = new.theirs,
        payment_flag = new.flag, payment_flag_text = new.text, paid_as_of = coalesce(new.at, paid_as_of)
    FROM ({rows}) AS new WHERE invoicing_invoice.id = new.id
"""
UPDATED = {"id": "bigint", "paid": "bigint", "state": "text", "theirs": "bigint", "flag": "text", "text": "text",
           "at": "timestamptz"}  # fmt: skip
OBSERVE = """
    INSERT INTO invoicing_paymentobservation
        (invoice_id, ledger_account_id, at, amount_paid, is_paid, payments, adds_up, flag)
    SELECT invoice, account, at, amount, paid, payments, adds_up, flag FROM ({rows}) AS new
"""
OBSERVED = {"invoice": "bigint", "account": "bigint", "at": "timestamptz", "amount": "bigint", "paid": "boolean",
            "payments": "jsonb", "adds_up": "boolean", "flag": "text"}  # fmt: skip


@dataclass
class Money:
    """What is paid of one locked invoice, in pounds; `paid_before` is what it was."""

    pk: int
    payer_id: int
    state: str
    total: Decimal
    paid_before: Decimal
    paid_state: str
    kashflow_paid_amount: Decimal
    payment_flag: str
    payment_flag_text: str
    paid_amount: Decimal = ZERO


MONEY = (
    "pk", "payer_id", "state", "total", "paid_amount", "paid_state", "kashflow_paid_amount", "payment_flag",
    "payment_flag_text",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What became of one invoice: its number, its state before and now."""

    number: int
    before: str
    state: str
    flag: str


def write(account: LedgerAccount, seen: Sequence[Seen], *, at: dt.datetime) -> list[Change]:
    """Writes what is new in `seen`, read at `at`, with an observation each; returns what changed.

    A row that was changed since it was read is left to whoever reads next: two at once end the same. So is one that
    a credit note is being set off against: what KashFlow says of it may have that in or not.
    """
    news = {
        one.ours.invoice_id: (one.ours, one.verdict)
        for one in seen
        if one.verdict and is_news(one.ours, one.verdict)
    }
    if not news:
        return []
    with transaction.atomic():
        rows = _without_set_offs([row for row in locked(news) if _is_as_read(row, news[row.pk][0])])
        arrived = _arrived({row.pk: news[row.pk][1] for row in rows}, account)
        changes = [_believe(row, *news[row.pk], arrived.get(row.pk, ZERO)) for row in rows]
        settle(rows, at=at)
        observed = [_observed(row.pk, news[row.pk][1]) for row in rows]
        many.execute(OBSERVE, OBSERVED, observed, account=account.pk, at=_as_stored(at))
    return changes


def locked(invoice_ids: Iterable[int]) -> list[Money]:
    """The money of these invoices, held until the transaction ends."""
    found = Invoice.objects.select_for_update(no_key=True).filter(pk__in=many.among(invoice_ids))
    rows = [Money(*values) for values in found.order_by("pk").values_list(*MONEY)]
    for row in rows:
        row.paid_amount = row.paid_before
    return rows


def settle(rows: Sequence[Money], *, at: dt.datetime | None = None) -> None:
    """Writes the money of locked `rows` and takes it off what their clients owe. `at`: KashFlow said so then."""
    for row in rows:
        row.paid_state = state_of(row.total, row.paid_amount)
    many.execute(UPDATE, UPDATED, [(row.pk, *_columns(row)) for row in rows], at=at and _as_stored(at))
    _balance(rows)


def _columns(row: Money) -> tuple[int, str, int, str, str]:
    paid, theirs = to_pence(row.paid_amount), to_pence(row.kashflow_paid_amount)
    return paid, row.paid_state, theirs, row.payment_flag, row.payment_flag_text


def _as_stored(at: dt.datetime) -> str:
    """A moment as the database keeps it: SQLite has text, in UTC and without a zone."""
    return str(connection.ops.adapt_datetimefield_value(at))


def arrive(payment: Payment, *, at: dt.datetime | None = None) -> None:
    """A payment recorded here is in KashFlow: from now on it is part of KashFlow's amount; what is owed stays."""
    with transaction.atomic():
        (row,) = locked([payment.invoice_id])
        if Payment.objects.filter(pk=payment.pk).counted_here().update(in_kashflow_at=at or timezone.now()):
            row.kashflow_paid_amount += payment.amount
            settle([row])


def set_off(note: Invoice, *, there: Decimal) -> None:
    """A credit note is set off in KashFlow, where `there` pounds of its invoice are paid now: it settles both.

    Call it in the transaction that records it. Where the invoice is cancelled neither of the two counts.
    """
    rows = {row.pk: row for row in locked([note.pk, note.credits_id or 0])}
    credit, invoice = rows[note.pk], rows[note.credits_id or 0]
    if {credit.state, invoice.state} != {Invoice.State.RAISED}:
        return
    # A reading made before somebody decided may have believed it already, of one of the two or of both.
    taken = min(-credit.total, max(there - invoice.kashflow_paid_amount, ZERO))
    invoice.kashflow_paid_amount += taken
    invoice.paid_amount += taken
    credit.kashflow_paid_amount = credit.paid_amount = credit.total
    settle([invoice, credit])


def _without_set_offs(rows: list[Money]) -> list[Money]:
    among = many.among(row.pk for row in rows)
    notes = credits.being_set_off().filter(Q(pk__in=among) | Q(credits__in=among))
    under_way = {pk for pair in notes.values_list("pk", "credits") for pk in pair}
    return [row for row in rows if row.pk not in under_way]


def _is_as_read(row: Money, ours: Ours) -> bool:
    return row.state == Invoice.State.RAISED and (row.kashflow_paid_amount, row.payment_flag) == (
        ours.kashflow_paid_amount,
        ours.flag,
    )


def _believe(row: Money, ours: Ours, verdict: Verdict, arrived: Decimal) -> Change:
    before = row.paid_state
    row.paid_amount += verdict.amount - row.kashflow_paid_amount - arrived
    row.kashflow_paid_amount = verdict.amount
    row.payment_flag, row.payment_flag_text = verdict.flag, verdict.text
    return Change(ours.number, before, state_of(row.total, row.paid_amount), verdict.flag)


def _arrived(verdicts: Mapping[int, Verdict], account: LedgerAccount) -> dict[int, Decimal]:
    """Pounds by invoice of payments recorded here that KashFlow's amount now includes, by PayID or by their code."""
    there = {pk: one.payments or () for pk, one in verdicts.items() if one.is_believed}
    waiting = list(Payment.objects.filter(invoice__in=many.among(there)).counted_here()) if there else []
    ids = _ids_there(waiting, account)
    arrived = [
        one
        for one in waiting
        if any(
            marker_of(theirs.note) == one.code or theirs.payment_id == ids.get(one.pk)
            for theirs in there[one.invoice_id]
        )
    ]
    Payment.objects.filter(pk__in=[one.pk for one in arrived]).update(in_kashflow_at=timezone.now())
    amounts: dict[int, Decimal] = {}
    for one in arrived:
        amounts[one.invoice_id] = amounts.get(one.invoice_id, ZERO) + one.amount
    return amounts


def _ids_there(payments: Collection[Payment], account: LedgerAccount) -> dict[int, int]:
    rows = Transfer.objects.filter(payment__in=payments, ledger_account=account)
    return {
        payment: theirs
        for payment, theirs in rows.values_list("payment_id", "kashflow_payment_id")
        if payment and theirs
    }


def _observed(invoice_id: int, verdict: Verdict) -> tuple[object, ...]:
    said = None if verdict.said_amount is None else to_pence(verdict.said_amount)
    payments = None if verdict.payments is None else kept(verdict.payments)
    return invoice_id, said, verdict.said_paid, payments, verdict.adds_up, verdict.flag


def _balance(rows: Sequence[Money]) -> None:
    """What the payers of `rows` owe in all, and since when the oldest of it is due."""
    less: dict[int, Decimal] = {}
    for row in rows:
        less[row.payer_id] = less.get(row.payer_id, ZERO) + row.paid_before - row.paid_amount
    lock_balances(less)
    oldest = owed.oldest_due_on(less)
    change_balances({payer: (amount, oldest.get(payer)) for payer, amount in less.items()})
