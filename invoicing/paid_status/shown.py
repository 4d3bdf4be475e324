"""What a page says of an invoice's payments: each with its day, method and amount, and where it was recorded."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet

from invoicing.causes import Link, page_of
from invoicing.models import Invoice, Payment, PaymentObservation, Transfer
from invoicing.transfer.mapping import marker_of
from invoicing.transfer.states import TERMINAL, WORD_OF, WORDS, State
from kashflow.models import PaymentMethod
from magmanager.common.money import total
from magmanager.common.templatetags.formats import moment

# As the index `invoice_flagged` has it: SQLite reads a partial index only where no parameter stands in between.
FLAGGED = Func(F("payment_flag"), template="NOT (%(expressions)s = '')", output_field=BooleanField())
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


def to_look_at(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Those of `rows` whose payments do not add up for us, and which a person has to look at."""
    return rows.filter(FLAGGED, state=Invoice.State.RAISED)


def payments(invoice: Invoice, *, uses_kashflow: bool) -> list[Line]:
    """The payments of `invoice`, recorded here and in KashFlow, oldest first; two of one money are one line."""
    return payments_of([invoice], uses_kashflow=uses_kashflow)[invoice.pk]


def payments_of(invoices: Sequence[Invoice], *, uses_kashflow: bool) -> dict[int, list[Line]]:
    """As `payments`, of many invoices by id, in five queries."""
    observations, recorded = _observations(invoices), _recorded_here(invoices)
    settled = _set_off(invoices)
    methods = _methods(seen[-1] for seen in observations.values())
    made = {}
    for invoice in invoices:
        seen = observations.get(invoice.pk, [])
        observation = seen[-1] if seen else None
        theirs = {one["id"]: one for one in observation.payments} if observation else {}
        lines = [
            _recorded(one, theirs, observation, uses_kashflow=uses_kashflow) for one in recorded[invoice.pk]
        ]
        lines += [_in_kashflow(one, observation, methods) for one in theirs.values()]
        lines += [
            _removed(one, at, observation, methods)
            for one, at in _left(seen)
            if not any(_is_same(each, one) for each in recorded[invoice.pk])
        ]
        rest = invoice.paid_amount - total(line.amount for line in lines if line.counts)
        for note in settled[invoice.pk]:
            # What KashFlow said one by one has it in already.
            if -note.total <= rest:
                lines.append(Line(None, f"Credit note {note.number}", -note.total, "Set off in KashFlow"))
                rest += note.total
        if rest:
            as_of = f" as of {moment(invoice.paid_as_of)}" if invoice.paid_as_of else ""
            lines.append(Line(None, "", rest, f"In KashFlow{as_of}, not read one by one yet"))
        made[invoice.pk] = sorted(lines, key=lambda line: line.paid_on or dt.date.min)
    return made


def _observations(invoices: Sequence[Invoice]) -> dict[int, list[Any]]:
    """The believed ones of each invoice in the account that was asked last, oldest first."""
    rows = PaymentObservation.objects.filter(invoice__in=invoices, payments__isnull=False, flag__in=BELIEVED)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows.order_by("pk"):
        found[row.invoice_id].append(row)
    return {
        pk: [row for row in seen if row.ledger_account_id == seen[-1].ledger_account_id]
        for pk, seen in found.items()
    }


def _left(seen: Sequence[Any]) -> list[tuple[dict[str, Any], dt.datetime]]:
    """The payments that KashFlow had and has no more, each with when that was noticed."""
    gone: dict[int, tuple[dict[str, Any], dt.datetime]] = {}
    for before, after in pairwise(seen):
        kept = {one["id"] for one in after.payments}
        gone.update({one["id"]: (one, after.at) for one in before.payments if one["id"] not in kept})
    now = {one["id"] for one in seen[-1].payments} if seen else set()
    return [found for key, found in gone.items() if key not in now]


def _recorded_here(invoices: Sequence[Invoice]) -> dict[int, list[Payment]]:
    rows = Payment.objects.filter(invoice__in=invoices).select_related("method", "removed_by")
    found: dict[int, list[Payment]] = defaultdict(list)
    for row in rows.prefetch_related("transfers"):
        found[row.invoice_id].append(row)
    return found


def _set_off(invoices: Sequence[Invoice]) -> dict[int, list[Invoice]]:
    """The credit notes that are among what is paid of each invoice."""
    notes = Invoice.objects.filter(credits__in=invoices, state=Invoice.State.RAISED).exclude(paid_amount=0)
    found: dict[int, list[Invoice]] = defaultdict(list)
    for note in notes.only("number", "total", "credits").order_by("number"):
        found[note.credits_id or 0].append(note)
    return found


def _methods(observations: Iterable[Any]) -> dict[tuple[int, int], str]:
    """Names of KashFlow's payment methods, by account and KashFlow's id."""
    accounts = {one.ledger_account_id for one in observations}
    rows = PaymentMethod.objects.filter(ledger_account__in=accounts) if accounts else []
    return {(row.ledger_account_id, row.kashflow_id): row.name for row in rows}


def _recorded(one: Payment, theirs: dict[int, Any], observation: Any, *, uses_kashflow: bool) -> Line:
    transfer = _errand(one)
    same = [key for key, each in theirs.items() if _is_same(one, each)]
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


def _errand(one: Payment) -> Transfer | None:
    """The newest transfer of a payment."""
    return max(one.transfers.all(), key=lambda row: row.requested_at, default=None)


def _is_same(one: Payment, theirs: dict[str, Any]) -> bool:
    """Whether a payment of KashFlow's is the one recorded here: by our code in its note, or by its id."""
    errand = _errand(one)
    is_by_id = errand is not None and theirs["id"] == errand.kashflow_payment_id
    return is_by_id or marker_of(theirs["note"]) == one.code


def _waits(transfer: Transfer | None) -> tuple[str, Link | None]:
    if transfer and transfer.state == State.DO_NOT_SEND:
        return "Recorded here; not to be sent to KashFlow, as somebody decided", None
    if transfer is None or transfer.state in TERMINAL:
        return "Recorded here, not sent to KashFlow yet", None
    word = WORDS[WORD_OF[State(transfer.state)]]
    return f"Recorded here. {word}. {transfer.last_cause}".strip(), page_of(transfer.cause_code)


def _in_kashflow(one: dict[str, Any], observation: Any, methods: dict[tuple[int, int], str]) -> Line:
    return Line(
        dt.date.fromisoformat(one["date"]) if one["date"] else None,
        methods.get((observation.ledger_account_id, one["method"]), ""),
        Decimal(one["amount"]),
        "In KashFlow",
        one["note"],
    )


def _removed(
    one: dict[str, Any], at: dt.datetime, observation: Any, methods: dict[tuple[int, int], str]
) -> Line:
    where = f"Removed in KashFlow, noticed {moment(at)}"
    return replace(_in_kashflow(one, observation, methods), where=where, counts=False)
