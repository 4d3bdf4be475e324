"""What cancelling an invoice will do, said before; and how far its voiding in KashFlow is, said after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from invoicing import credits
from invoicing.models import Invoice, Transfer
from invoicing.transfer import stopping
from invoicing.transfer.states import NEEDS_YOU, WORD_OF, State
from kashflow.models import LedgerAccount
from magmanager.common.money import total
from magmanager.common.templatetags.formats import pounds

# What `cancelling.raise_again` writes as the reason, and what was typed behind it.
RAISED_AGAIN = re.compile(r"Raised again as (?P<number>\d{1,10})\.\s*(?P<rest>.*)", re.DOTALL)
GONE = (Invoice.PaymentFlag.GONE, Invoice.PaymentFlag.REUSED)


@dataclass(frozen=True)
class Consequence:
    """One line of the question, with its icon."""

    icon: str
    text: str


@dataclass(frozen=True)
class Story:
    """How far the voiding of a cancelled invoice is; empty where KashFlow has no part in it.

    `errand` is the transfer it hangs on, None where the desk does not list it; `is_done` once KashFlow has it voided.
    """

    text: str = ""
    errand: Transfer | None = None
    is_done: bool = False

    @property
    def needs_you(self) -> bool:
        return self.errand is not None and self.errand.state in NEEDS_YOU


@dataclass(frozen=True)
class Notice:
    """Said above the question, or in its place."""

    title: str
    text: str


def consequences(invoice: Invoice, transfer: Transfer | None) -> list[Consequence]:
    """What happens once the button is pressed, the irreversible last. `transfer` is its document's, where it has one."""
    lines = [_in_kashflow(invoice, transfer)] if transfer else []
    bookings = invoice.lines.exclude(instalment=None).count()
    if bookings:
        which = "Its booking" if bookings == 1 else f"Its {bookings} bookings"
        lines.append(Consequence("calendar-event", f"{which} can be invoiced again at once."))
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        lines.append(
            Consequence("receipt-refund", "What it takes back is owed again, and can be credited again.")
        )
    kept = f"Number {invoice.number} stays in the list, marked cancelled, with your reason. This can't be undone."
    return [*lines, Consequence("lock", kept)]


def paid_already(invoice: Invoice, transfer: Transfer | None) -> Notice | None:
    """Why an invoice is not cancelled, as far as it is known before KashFlow is asked; None where nothing is paid."""
    is_there = transfer is not None and stopping.is_there(transfer)
    paid = credits.came_in(invoice) if is_there else invoice.paid_amount
    if invoice.kind == Invoice.Kind.CREDIT_NOTE or paid <= 0:
        return None
    return Notice(
        f"{pounds(paid)} of it is paid, so it can't be cancelled",
        "A credit note takes back what is to be taken back, in whole or in part, and the invoice stays.",
    )


def still_there(invoice: Invoice, transfer: Transfer | None) -> Notice | None:
    """What has to be done in KashFlow before a credit note that it has can be cancelled here."""
    is_there = transfer is not None and stopping.is_there(transfer)
    if invoice.kind == Invoice.Kind.INVOICE or not is_there or invoice.payment_flag in GONE:
        return None
    return Notice(
        f"KashFlow has credit note {invoice.number}",
        "It can be cancelled here only after it was deleted there. Delete it in KashFlow, then press: KashFlow is "
        "asked, and while it still has it nothing is cancelled. If it should stay there, raise an invoice for what "
        "was credited too much instead.",
    )


def _in_kashflow(invoice: Invoice, transfer: Transfer) -> Consequence:
    if stopping.is_there(transfer) and invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return Consequence("help-circle", "KashFlow is asked first whether it has it no more.")
    if stopping.is_there(transfer):
        return _voiding(invoice, transfer)
    if stopping.may_be_there(transfer):
        return Consequence(
            "help-circle",
            "KashFlow may have it: that is looked up first, and if it has, it is voided there too.",
        )
    if transfer.state in NEEDS_YOU:
        return Consequence("ban", "Nothing of it is sent, and nothing that is in KashFlow is changed.")
    return Consequence("ban", "Nothing of it is sent to KashFlow.")


def _voiding(invoice: Invoice, transfer: Transfer) -> Consequence:
    asked = "KashFlow is asked first whether anything of it is paid. If not,"
    left = total(part.total for part in credits.parts_left(invoice.lines.all()))
    has_credit = credits.of_invoice(invoice).exists()
    if transfer.ledger_account.voiding == LedgerAccount.Voiding.DELETE and not has_credit:
        return Consequence("trash", f"{asked} its document there is deleted.")
    if left <= 0:
        return Consequence(
            "receipt-refund", "It is credited in whole already, so KashFlow needs nothing more."
        )
    return Consequence(
        "receipt-refund", f"{asked} a credit note for £{left:,.2f} is raised and set off against it there."
    )


def story(invoice: Invoice) -> Story:
    """How far the voiding of a cancelled invoice is, in a sentence."""
    if invoice.state != Invoice.State.CANCELLED:
        return Story()
    note = Invoice.objects.filter(credits=invoice, is_voiding=True, state=Invoice.State.RAISED).first()
    if note is not None:
        return _story_of_note(note, _errands(note))
    errands = _errands(invoice)
    if deletion := errands.get(Transfer.Kind.DELETE):
        return _story_of_deletion(deletion)
    document = errands.get(Transfer.Kind.CREATE)
    if document is None or not document.cancel_requested:
        return Story()
    if document.state in NEEDS_YOU:
        text = f"KashFlow may still have it, and that needs you. {document.last_cause}"
        return _hangs_on(document, text)
    return Story("Whether KashFlow has it is being looked up; if it has, it is voided there.")


def _errands(document: Invoice) -> Mapping[str, Transfer]:
    """By kind; that of the current account where there are several."""
    rows = Transfer.objects.filter(invoice=document).exclude(kind=Transfer.Kind.PAYMENT)
    found = rows.select_related("ledger_account").order_by("ledger_account__is_current", "requested_at")
    return {one.kind: one for one in found}


def _hangs_on(errand: Transfer, text: str) -> Story:
    return Story(text, errand if errand.ledger_account.is_current else None)


def _story_of_note(note: Invoice, errands: Mapping[str, Transfer]) -> Story:
    sending, setting_off = errands.get(Transfer.Kind.CREATE), errands.get(Transfer.Kind.APPLY)
    name = f"credit note {note.number}"
    if sending is None or setting_off is None:
        return Story(f"To be voided in KashFlow by {name}, which was not transferred.")
    if sending.state != State.VERIFIED:
        how = SENDING[WORD_OF[State(sending.state)]]
        return _hangs_on(sending, f"Voiding in KashFlow: {name} {how}.{_why(sending)}")
    if setting_off.state == State.VERIFIED:
        return Story(f"Voided in KashFlow: {name} is set off against it.", is_done=True)
    how = SETTING_OFF[WORD_OF[State(setting_off.state)]]
    return _hangs_on(setting_off, f"Voiding in KashFlow: {name} sent, {how}.{_why(setting_off)}")


def _story_of_deletion(deletion: Transfer) -> Story:
    if deletion.state == State.VERIFIED:
        return Story("Voided in KashFlow: its document is deleted there.", is_done=True)
    how = DELETING[WORD_OF[State(deletion.state)]]
    return _hangs_on(deletion, f"Voiding in KashFlow: {how}.{_why(deletion)}")


def _why(errand: Transfer) -> str:
    return f" {errand.last_cause}" if errand.last_cause else ""


@dataclass(frozen=True)
class RaisedAgain:
    """An invoice raised again under a new number: the other one's number, and the reason that was typed."""

    number: int
    reason: str = ""


def raised_again_as(invoice: Invoice) -> RaisedAgain | None:
    """Of a cancelled invoice: what was raised in its place."""
    found = RAISED_AGAIN.fullmatch(invoice.cancelled_reason)
    if found is None:
        return None
    number = int(found["number"])
    is_there = Invoice.objects.filter(payer=invoice.payer_id, number=number).exists()
    return RaisedAgain(number, found["rest"]) if is_there else None


def raised_in_place_of(invoice: Invoice) -> RaisedAgain | None:
    """Of an invoice: the cancelled one in whose place it was raised."""
    told = f"Raised again as {invoice.number}."
    rows = Invoice.objects.filter(payer=invoice.payer_id, state=Invoice.State.CANCELLED)
    number = rows.filter(cancelled_reason__startswith=told).values_list("number", flat=True).first()
    return RaisedAgain(number) if number else None


SENDING = {
    "waiting": "waits to be sent",
    "sending": "is being sent",
    "uncertain": "may be there already: that is being checked",
    "needs_you": "needs you",
    "do_not_send": "is not sent, as somebody decided",
    "cancelled": "was cancelled",
}
SETTING_OFF = {
    "waiting": "being set off",
    "sending": "being set off",
    "uncertain": "whether it is set off is being checked",
    "needs_you": "setting it off needs you",
    "do_not_send": "not set off, as somebody decided",
    "cancelled": "setting it off was cancelled",
}
DELETING = {
    "waiting": "its document waits to be deleted",
    "sending": "its document is being deleted",
    "uncertain": "whether its document is deleted is being checked",
    "needs_you": "deleting its document needs you",
    "do_not_send": "its document stays, as somebody decided",
    "cancelled": "deleting its document was cancelled",
}
