"""What cancelling an invoice will do, said before; and how far its voiding in KashFlow is, said after."""

from __future__ import annotations

from dataclasses import dataclass

from invoicing import credits
from invoicing.models import Invoice, Transfer
from invoicing.transfer import stopping
from invoicing.transfer.states import NEEDS_YOU, WORD_OF, State
from kashflow.models import LedgerAccount
from magmanager.common.money import total


@dataclass(frozen=True)
class Consequence:
    """One line of the question, with its icon."""

    icon: str
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


def _in_kashflow(invoice: Invoice, transfer: Transfer) -> Consequence:
    if stopping.is_there(transfer) and invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return Consequence(
            "help-circle", "KashFlow is asked first. Only where it was deleted there can it be cancelled."
        )
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


def story(invoice: Invoice) -> str:
    """How far the voiding of a cancelled invoice is, in a sentence; "" where KashFlow has no part in it."""
    if invoice.state != Invoice.State.CANCELLED:
        return ""
    note = Invoice.objects.filter(credits=invoice, is_voiding=True, state=Invoice.State.RAISED).first()
    if note is not None:
        return _story_of_note(note)
    errands = {one.kind: one for one in Transfer.objects.filter(invoice=invoice)}
    if deletion := errands.get(Transfer.Kind.DELETE):
        return _story_of_deletion(deletion)
    document = errands.get(Transfer.Kind.CREATE)
    if document is None or not document.cancel_requested:
        return ""
    if document.state in NEEDS_YOU:
        return f"KashFlow may still have it, and that needs you. {document.last_cause}"
    return "Whether KashFlow has it is being looked up; if it has, it is voided there."


def _story_of_note(note: Invoice) -> str:
    errands = {one.kind: one for one in Transfer.objects.filter(invoice=note)}
    sending, setting_off = errands.get(Transfer.Kind.CREATE), errands.get(Transfer.Kind.APPLY)
    name = f"credit note {note.number}"
    if sending is None or setting_off is None:
        return f"To be voided in KashFlow by {name}, which was not transferred."
    if sending.state != State.VERIFIED:
        return f"Voiding in KashFlow: {name} {SENDING[WORD_OF[State(sending.state)]]}.{_why(sending)}"
    if setting_off.state == State.VERIFIED:
        return f"Voided in KashFlow: {name} is set off against it."
    return f"Voiding in KashFlow: {name} sent, {SETTING_OFF[WORD_OF[State(setting_off.state)]]}.{_why(setting_off)}"


def _story_of_deletion(deletion: Transfer) -> str:
    if deletion.state == State.VERIFIED:
        return "Voided in KashFlow: its document is deleted there."
    return f"Voiding in KashFlow: {DELETING[WORD_OF[State(deletion.state)]]}.{_why(deletion)}"


def _why(errand: Transfer) -> str:
    return f" {errand.last_cause}" if errand.last_cause else ""


SENDING = {
    "waiting": "waits to be sent",
    "sending": "is being sent",
    "uncertain": "was sent, uncertain – checking",
    "needs_you": "needs you",
    "do_not_send": "is not sent, as somebody decided",
    "cancelled": "was cancelled",
}
SETTING_OFF = {
    "waiting": "being set off",
    "sending": "being set off",
    "uncertain": "set off, uncertain – checking",
    "needs_you": "setting it off needs you",
    "do_not_send": "not set off, as somebody decided",
    "cancelled": "setting it off was cancelled",
}
DELETING = {
    "waiting": "its document waits to be deleted",
    "sending": "its document is being deleted",
    "uncertain": "deleting its document, uncertain – checking",
    "needs_you": "deleting its document needs you",
    "do_not_send": "its document stays, as somebody decided",
    "cancelled": "deleting its document was cancelled",
}
