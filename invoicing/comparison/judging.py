"""One document of ours against one of KashFlow's. Pure: no query, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from invoicing.models import LedgerDifference
from invoicing.transfer import adoption, mapping
from invoicing.transfer.states import WORD_OF, WORDS, State
from kashflow.gateway import records
from magmanager.common import money

Kind = LedgerDifference.Kind
PENNY = Decimal("0.01")


@dataclass(frozen=True)
class Here:
    """A document of ours: `document` is what KashFlow is to have, `state` how far its transfer is.

    `paid` is what KashFlow is to have as paid, in pounds; of a credit note what is set off, with its minus. `set_off`
    and `left` are as in `set_off.SetOff`.
    """

    invoice_id: int
    number: int
    company: str
    document: records.Invoice
    state: State | None
    dbid: int | None
    paid: Decimal
    is_cancelled: bool
    is_note: bool = False
    # Of a credit note that voids: the id of the invoice it voids.
    voids: int | None = None
    set_off: Decimal = money.ZERO
    left: Decimal = money.ZERO
    # Of a document that a person linked: what it was then, to the letter (transfer.adoption).
    accepted: str = ""

    @property
    def is_there(self) -> bool:
        """Whether we say that KashFlow has it."""
        return self.state in (State.VERIFIED, State.SENT)

    @property
    def is_wanted(self) -> bool:
        """Whether it ought to be in KashFlow at all."""
        return self.state not in (State.DO_NOT_SEND, State.CANCELLED) and not self.is_cancelled

    def is_voided(self, paid: Decimal) -> bool:
        """Whether credit notes of ours settle all of it, with `paid` pounds counted as paid in KashFlow."""
        total = _total(self.document)
        settled = self.set_off + (self.left if paid >= total else money.ZERO)
        return not self.is_note and paid >= total and settled >= total


@dataclass(frozen=True)
class Finding:
    """A difference in a person's words; `invoice_id` is None where nothing here belongs to it."""

    kind: LedgerDifference.Kind
    number: int
    company: str
    what: str
    invoice_id: int | None = None
    dbid: int | None = None


def compared(here: Here, there: records.Invoice) -> Iterator[Finding]:
    """What differs between a document and KashFlow's copy of it: the document itself, and what is settled of it."""
    unequal = mapping.differences(here.document, there)
    if unequal and here.accepted != adoption.fingerprint(mapping.kept(there)):
        ours, theirs = _total(here.document), _total(there)
        kind = Kind.PENNY if abs(ours - theirs) == PENNY else Kind.EDITED
        yield _finding(here, kind, "; ".join(map(str, unequal)) + ".", there.dbid)
    yield from _cancelled(here, there) if here.is_cancelled else _paid(here, there)


def _paid(here: Here, there: records.Invoice) -> Iterator[Finding]:
    paid = money.to_penny(there.amount_paid)
    if paid == here.paid or (here.voids and here.left):
        return
    what = f"Paid: £{here.paid:,.2f} here, £{paid:,.2f} in KashFlow."
    if here.is_note:
        what = f"Set off: £{-here.paid:,.2f} here, £{-paid:,.2f} in KashFlow."
    yield _finding(here, Kind.PAID, what, there.dbid)


def _cancelled(here: Here, there: records.Invoice) -> Iterator[Finding]:
    """Nobody owes it here: in KashFlow it is to be gone, or set off in whole by credit notes of ours."""
    paid = money.to_penny(there.amount_paid)
    if here.is_voided(paid):
        if more := paid - _total(there):
            what = f"Cancelled here and voided there, and £{more:,.2f} more is paid of it in KashFlow."
            yield _finding(here, Kind.EXTRA, what, there.dbid)
        return
    what = f"Cancelled here, still open in KashFlow: £{_total(there) - paid:,.2f} of it."
    if paid >= _total(there) and not here.is_note:
        what = f"Cancelled here, and £{paid:,.2f} of it counts as paid in KashFlow."
    elif here.is_note:
        what = f"Cancelled here, and still a credit note of £{-_total(there):,.2f} in KashFlow."
    yield _finding(here, Kind.EXTRA, what, there.dbid)


def gone(here: Here) -> Finding:
    """KashFlow had it, and has it no more."""
    what = "KashFlow had it and has it no more. It is not sent again by itself."
    return _finding(here, Kind.DELETED, what, here.dbid)


def missing(here: Here) -> Finding:
    """It is not in KashFlow, and how far it is."""
    if here.state is None:
        return _finding(here, Kind.MISSING, "Not transferred yet.")
    return _finding(here, Kind.MISSING, f"Not in KashFlow. Its transfer: {WORDS[WORD_OF[here.state]]}.")


def unwanted(here: Here, there: records.Invoice) -> Finding:
    """KashFlow has a document that was not to be sent, or a second copy of one."""
    if not here.is_there:
        what = (
            "KashFlow has it, and nothing here says that it was sent."
            if here.is_wanted
            else "It was not to be sent, and KashFlow has it. Look there, and delete it if it is wrong."
        )
    else:
        what = f"A second copy, under number {there.number}. Delete the one that is too much in KashFlow."
    return _finding(here, Kind.EXTRA, what, there.dbid)


def looks_like_ours(there: records.Invoice) -> bool:
    """Whether a document carries a marker's form.

    Ten digits are taken for a purchase order of somebody's: of our markers one in 100,000 has no letter.
    """
    return any(map(str.isalpha, mapping.marker_of(there.reference)))


def lost(there: records.Invoice, *, is_told: bool) -> Finding:
    """One of ours that is not here any more; `is_told` where `after_restore` was run since."""
    what = "It looks like one of ours and is not here. Was a backup restored? Run manage.py after_restore."
    if is_told:
        what = (
            "By its number and reference it was raised here after the backup that was restored, and is not here "
            "now. Delete it in KashFlow before you invoice its bookings again, or they are charged twice."
        )
    return _only_there(there, what)


def foreign(there: records.Invoice, *, is_number_used: bool) -> Finding:
    """A document made in KashFlow under a number of ours, or one that will be ours."""
    if is_number_used:
        what = f"Made in KashFlow under number {there.number}, which is an invoice of ours as well."
    else:
        what = "Made in KashFlow under a number that ours will come to. Set the next invoice number above it."
    return _only_there(there, what)


def _only_there(there: records.Invoice, what: str) -> Finding:
    total = f" £{_total(there):,.2f}."
    return Finding(Kind.EXTRA, there.number, there.customer_name, what + total, dbid=there.dbid)


def _total(document: records.Invoice) -> Decimal:
    return money.to_penny(document.net_amount + document.vat_amount)


def _finding(here: Here, kind: LedgerDifference.Kind, what: str, dbid: int | None = None) -> Finding:
    return Finding(kind, here.number, here.company, what, here.invoice_id, dbid)
