"""What a page says of an invoice's payments: each with its day, method and amount, and where it was recorded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from invoicing.causes import Link, page_of
from invoicing.models import Invoice, Payment, PaymentObservation, Transfer
from invoicing.transfer.mapping import marker_of
from invoicing.transfer.states import TERMINAL, WORD_OF, WORDS, State
from kashflow.models import LedgerAccount, PaymentMethod
from magmanager.common.money import total

BELIEVED = ("", Invoice.PaymentFlag.PAID_DISAGREES)


@dataclass(frozen=True)
class Line:
    """One payment; `counts` is False where it is struck through. `where` says who has it, `note` what was noted."""

    paid_on: dt.date | None
    method: str
    amount: Decimal
    where: str
    note: str = ""
    counts: bool = True
    payment_id: int | None = None
    link: Link | None = None


def payments(invoice: Invoice, *, uses_kashflow: bool) -> list[Line]:
    """The payments of `invoice`, recorded here and in KashFlow, oldest first; two of one money are one line."""
    observation = _observation(invoice)
    theirs = {one["id"]: one for one in observation.payments} if observation else {}
    recorded = invoice.payments.select_related("method", "removed_by").prefetch_related("transfers")
    lines = [_recorded(one, theirs, observation, uses_kashflow=uses_kashflow) for one in recorded]
    lines += _in_kashflow(theirs, observation.ledger_account if observation else None)
    rest = invoice.paid_amount - total(line.amount for line in lines if line.counts)
    if rest:
        lines.append(Line(None, "", rest, "In KashFlow, not read one by one yet"))
    return sorted(lines, key=lambda line: line.paid_on or dt.date.min)


def _observation(invoice: Invoice) -> Any:
    rows = PaymentObservation.objects.select_related("ledger_account").filter(invoice=invoice)
    return rows.filter(payments__isnull=False, flag__in=BELIEVED).first()


def _recorded(one: Payment, theirs: dict[int, Any], observation: Any, *, uses_kashflow: bool) -> Line:
    transfer = next(iter(sorted(one.transfers.all(), key=lambda row: row.requested_at, reverse=True)), None)
    same = [
        key
        for key, each in theirs.items()
        if marker_of(each["note"]) == one.code or (transfer and key == transfer.kashflow_payment_id)
    ]
    for key in same:
        del theirs[key]
    values: dict[str, Any] = {
        "paid_on": one.paid_on, "method": one.method.name, "amount": one.amount, "note": one.note,
    }  # fmt: skip
    if one.removed_at:
        where = f"Removed by {one.removed_by}: {one.removed_reason}"
        return Line(**values, where=where, counts=False)
    if one.in_kashflow_at:
        is_deleted = observation and observation.at > one.in_kashflow_at and not same
        where = "Deleted in KashFlow" if is_deleted else "Recorded here, in KashFlow"
        return Line(**values, where=where, counts=not is_deleted)
    where, link = _waits(transfer) if uses_kashflow else ("Recorded here", None)
    return Line(**values, where=where, payment_id=one.pk, link=link)


def _waits(transfer: Transfer | None) -> tuple[str, Link | None]:
    if transfer is None or transfer.state in TERMINAL:
        return "Recorded here, not sent to KashFlow yet", None
    word = WORDS[WORD_OF[State(transfer.state)]]
    return f"Recorded here. {word}. {transfer.last_cause}".strip(), page_of(transfer.cause_code)


def _in_kashflow(theirs: dict[int, Any], account: LedgerAccount | None) -> list[Line]:
    ids = {one["method"] for one in theirs.values()}
    names = PaymentMethod.objects.filter(Q(ledger_account=account), kashflow_id__in=ids)
    methods = dict(names.values_list("kashflow_id", "name")) if theirs else {}
    return [
        Line(
            dt.date.fromisoformat(one["date"]) if one["date"] else None,
            methods.get(one["method"], ""),
            Decimal(one["amount"]),
            "In KashFlow",
            one["note"],
        )
        for one in theirs.values()
    ]
