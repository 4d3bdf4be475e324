"""What KashFlow's answer means for one invoice of ours. Pure: no query, no clock.

The status goes by the sum of KashFlow's payments. Whatever is not clear changes nothing and is flagged for a person:
nothing is created again, overwritten or marked paid because of it (transfer.md, Cancel, credit, payments).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from invoicing.models import Invoice
from invoicing.transfer.mapping import Difference, header_differences
from kashflow.gateway import records
from magmanager.common.money import to_penny, total

Flag = Invoice.PaymentFlag
Paid = Invoice.Paid
HOME_CURRENCY = "GBP"
WORDS_LENGTH = 400


@dataclass(frozen=True)
class Ours:
    """One of our documents in KashFlow: how it was sent, and what we believe of it.

    `customer_id` is 0 where there is nothing to compare with: a customer that is not linked. `accepted` is the head
    of a document that was typed there and that a person linked (transfer.adoption).
    """

    invoice_id: int
    number: int
    kashflow_number: int
    dbid: int
    payer_id: int
    invoice_date: dt.date
    customer_id: int
    reference: str
    amount: Decimal
    vat_amount: Decimal
    total: Decimal
    paid_amount: Decimal
    paid_state: str
    kashflow_paid_amount: Decimal
    flag: str
    flag_text: str
    accepted: records.Invoice | None = None

    @property
    def is_open(self) -> bool:
        return self.paid_state not in {Paid.PAID, Paid.OVER}


@dataclass(frozen=True)
class Missing:
    """The document is not there, by its id and by its number; `instead` has its number now."""

    instead: records.Invoice | None = None


@dataclass(frozen=True)
class Verdict:
    """What is to be believed now. `amount` is what KashFlow has been paid; a flag comes with its words.

    The rest is what KashFlow said, as the observation keeps it.
    """

    amount: Decimal
    flag: str = ""
    text: str = ""
    payments: tuple[records.Payment, ...] | None = None
    adds_up: bool = True
    said_amount: Decimal | None = None
    said_paid: bool | None = None

    @property
    def is_believed(self) -> bool:
        """Whether the payments are what KashFlow's amount is made of."""
        return self.payments is not None and self.flag in {"", Flag.PAID_DISAGREES}


def state_of(due: Decimal, paid: Decimal) -> Paid:
    """Nothing paid is unpaid, less than `due` part, equal paid, more overpaid; of a credit note the other way round."""
    if due < 0:
        due, paid = -due, -paid
    if paid >= due:
        return Paid.OVER if paid > due else Paid.PAID
    return Paid.PART if paid > 0 else Paid.UNPAID


def needs_payments(ours: Ours, found: records.Invoice) -> bool:
    """Whether its payments must be read: its AmountPaid changed, it left *unpaid*, or it did not add up before."""
    return (
        _paid_of(found) != ours.kashflow_paid_amount
        or (found.paid and ours.is_open)
        or ours.flag == Flag.DOES_NOT_ADD_UP
    )


def differences(ours: Ours, found: records.Invoice) -> list[Difference]:
    """What a bookkeeper edited: number, customer, our marker, amounts, currency. The date does not touch money.

    Of a document that a person linked, what is neither as it is here nor as it was accepted.
    """
    sent = records.Invoice(
        number=ours.kashflow_number,
        customer_id=ours.customer_id,
        reference=ours.reference,
        net_amount=ours.amount,
        vat_amount=ours.vat_amount,
    )
    unequal = _of_head(sent, found)
    if ours.accepted:
        unequal = _since_accepted(ours, ours.accepted, found, unequal)
    if found.currency_code not in {"", HOME_CURRENCY}:
        unequal.append(Difference("Currency", HOME_CURRENCY, found.currency_code))
    return unequal


def _since_accepted(
    ours: Ours, accepted: records.Invoice, found: records.Invoice, unequal: Sequence[Difference]
) -> list[Difference]:
    """Those of `unequal` that are not as accepted either. The net of one with the VAT of the other is neither."""
    changed = {one.field for one in _of_head(accepted, found)}
    left = [one for one in unequal if one.field in changed]
    there = to_penny(found.net_amount + found.vat_amount)
    if not left and there != ours.total:
        left.append(Difference("Total", f"{ours.total:,.2f}", f"{there:,.2f}"))
    return left


def _of_head(known: records.Invoice, found: records.Invoice) -> list[Difference]:
    return header_differences(replace(known, invoice_date=found.invoice_date), found)


def judge(
    ours: Ours, found: records.Invoice | Missing, payments: Sequence[records.Payment] | None = None
) -> Verdict:
    """What to believe of `ours`. `payments` are None where `needs_payments` said that they say nothing new."""
    if isinstance(found, Missing):
        return _missing(ours, found)
    amount = _paid_of(found)
    said = Verdict(
        amount=amount,
        payments=None if payments is None else tuple(payments),
        said_amount=amount,
        said_paid=found.paid,
    )
    if unequal := differences(ours, found):
        return _left(ours, Flag.EDITED, _edited(unequal), said)
    if payments is not None and (comes_to := total(to_penny(one.amount) for one in payments)) != amount:
        return _left(ours, Flag.DOES_NOT_ADD_UP, _unequal(ours, amount, comes_to), said, adds_up=False)
    flag, text = _paid_mark(ours, found, amount)
    return replace(said, flag=flag, text=text)


def is_news(ours: Ours, verdict: Verdict) -> bool:
    """Whether anything has to be written."""
    after = ours.paid_amount + verdict.amount - ours.kashflow_paid_amount
    then, now = (ours.kashflow_paid_amount, ours.flag), (verdict.amount, verdict.flag)
    return (*then, ours.flag_text, ours.paid_state) != (*now, verdict.text, state_of(ours.total, after))


def kept(payments: Sequence[records.Payment]) -> list[dict[str, Any]]:
    """KashFlow's payments as JSON."""
    return [
        {
            "id": one.payment_id,
            "date": one.pay_date.isoformat() if one.pay_date else None,
            "amount": str(to_penny(one.amount)),
            "note": one.note,
            "method": one.method_id,
            "account": one.account_id,
        }
        for one in payments
    ]


def _paid_of(found: records.Invoice) -> Decimal:
    return to_penny(found.amount_paid)


def _left(ours: Ours, flag: Flag, text: str, said: Verdict, *, adds_up: bool = True) -> Verdict:
    """What we believed stays as it was."""
    return replace(
        said, amount=ours.kashflow_paid_amount, flag=flag, text=text[:WORDS_LENGTH], adds_up=adds_up
    )


def _missing(ours: Ours, found: Missing) -> Verdict:
    nothing = Verdict(ours.kashflow_paid_amount)
    on_purpose = "If it was deleted on purpose, cancel it here; else cancel it here and raise it again."
    if found.instead is not None:
        whose = found.instead.customer_name or "another customer"
        text = (
            f"It is not in KashFlow any more, and its number {ours.kashflow_number} is on a document for {whose} "
            f"there. It is not created again, and nothing there counts as its payment. {on_purpose}"
        )
        return _left(ours, Flag.REUSED, text, nothing)
    text = (
        "It is not in KashFlow any more. It is not created again, and its paid status stays as it was. "
        f"{on_purpose}"
    )
    return _left(ours, Flag.GONE, text, nothing)


def _edited(unequal: Sequence[Difference]) -> str:
    return (
        "It was changed in KashFlow, so its paid status stays as it was. Change it back there, or cancel it here "
        f"and raise it again. {'; '.join(map(str, unequal))}."
    )


def _unequal(ours: Ours, amount: Decimal, comes_to: Decimal) -> str:
    return (
        f"KashFlow says £{amount:,.2f} is paid, and its payments come to £{comes_to:,.2f}. The paid status stays "
        f"as it was. Look at the payments of {ours.kashflow_number} in KashFlow; the next update reads them again."
    )


def _paid_mark(ours: Ours, found: records.Invoice, amount: Decimal) -> tuple[str, str]:
    """KashFlow's mark *Paid* must agree with the sum; the sum is what counts."""
    if not ours.total or found.paid == (state_of(ours.total, amount) in {Paid.PAID, Paid.OVER}):
        return "", ""
    mark = "marks it as paid" if found.paid else "does not mark it as paid"
    text = (
        f"KashFlow {mark}, and its payments come to £{amount:,.2f} of £{ours.total:,.2f}. The status here goes by "
        f"the payments. Look at invoice {ours.kashflow_number} in KashFlow."
    )
    return Flag.PAID_DISAGREES, text
