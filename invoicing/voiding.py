"""Voiding in KashFlow what was cancelled here: a credit note over the whole rest that is set off, or a deletion.

product.md, KashFlow 12. KashFlow has no void of its own. What is to be done is written as errands in one transaction
(`begin`); each of them goes on alone. `ask` is the look beforehand: money that came in keeps an invoice alive.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from clients.models import CustomerLink
from invoicing import credits
from invoicing.crediting import issue
from invoicing.models import Invoice, Transfer
from invoicing.reasons import LENGTH
from invoicing.transfer.mapping import marker_of
from invoicing.transfer.states import State
from kashflow import answer
from kashflow.connections import NoLogin, login_for
from kashflow.gateway import records
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import GatewayError, NoRecord, NotFound
from kashflow.models import LedgerAccount
from kashflow.services import get_gateway
from magmanager.common.errors import DomainError
from magmanager.common.money import ZERO, total
from settings_app.models import SystemDefaults, User

WITH = ("invoice", "ledger_account")


class CannotAsk(DomainError):
    """KashFlow could not be asked whether anything is paid."""

    code = "cannot_ask"


def ask(transfer: Transfer, *, by: User) -> Decimal | None:
    """What is paid in KashFlow, now, of a document that is there, without credit notes set off; None where it is gone.

    Call it outside a transaction. Raises CannotAsk: what nobody knows is no reason to cancel.
    """
    _refuse_elsewhere(transfer)
    _refuse_while_set_off(transfer.invoice)
    document = transfer.invoice
    try:
        gateway = get_gateway(login_for(by), by=by, purpose=f"Cancel {_name(document)}")
        found = _document(gateway, transfer)
    except NoLogin as error:
        raise CannotAsk(error.message, link=error.link, link_label=error.link_label) from error
    except NoRecord as error:
        raise _not_known(document, "KashFlow gave no clear answer") from error
    except NotFound:
        return None
    except GatewayError as error:
        raise _not_known(document, answer.refused(error).title) from error
    return found.amount_paid - _set_off(transfer)


def _document(gateway: Gateway, transfer: Transfer) -> records.Invoice:
    """By its id, else what our marker stands on under the number it was given. Raises NotFound and GatewayError."""
    if transfer.kashflow_dbid:
        try:
            return gateway.get_invoice_by_id(transfer.kashflow_dbid)
        except NoRecord as error:
            # An empty record says less than a refusal that says so: the customer's list has to agree.
            if _is_listed(gateway, transfer):
                raise
            raise NotFound(error.operation, "neither by its id nor in the customer's list") from error
    found = gateway.get_invoice(transfer.kashflow_number or 0)
    if marker_of(found.reference) != transfer.invoice.marker:
        raise NotFound("GetInvoice", "the number is on another document")
    return found


def _is_listed(gateway: Gateway, transfer: Transfer) -> bool:
    """Whether the customer's list has it; also where the customer is not known, since nothing can be asked then."""
    links = CustomerLink.objects.filter(
        client=transfer.invoice.payer_id, ledger_account=transfer.ledger_account_id
    )
    customer_id = links.values_list("customer_id", flat=True).first()
    if not customer_id:
        return True
    return any(one.dbid == transfer.kashflow_dbid for one in gateway.get_invoices_for_customer(customer_id))


def begin(transfer: Transfer) -> bool:
    """Writes what voids a cancelled invoice's document, in the caller's transaction, which holds both rows.

    False where it is not there for certain, or was begun before.
    """
    rows = Transfer.objects.filter(pk=transfer.pk, state=State.VERIFIED, cancel_requested=True)
    if rows.update(cancel_requested=False) != 1:
        return False
    invoice = transfer.invoice
    parts = credits.parts_left(invoice.lines.all())
    if total(part.total for part in parts) <= 0:
        return True
    if (
        transfer.ledger_account.voiding == LedgerAccount.Voiding.DELETE
        and not credits.of_invoice(invoice).exists()
    ):
        _delete(transfer)
        return True
    if invoice.cancelled_by is None:
        raise RuntimeError("Only somebody who cancelled an invoice voids it.")
    reason = f"Voids invoice {invoice.number}. {invoice.cancelled_reason}"[:LENGTH]
    day = max(timezone.localdate(), invoice.invoice_date)
    issue(invoice, parts, by=invoice.cancelled_by, reason=reason, credit_date=day, is_voiding=True)
    return True


def begin_due(account: LedgerAccount) -> int:
    """Voids what was uncertain when it was cancelled and turned out to be in KashFlow; returns how many."""
    due = Transfer.objects.documents().filter(
        ledger_account=account, state=State.VERIFIED, cancel_requested=True
    )
    return sum(_begin_held(transfer) for transfer in due.order_by("invoice__number"))


@transaction.atomic
def _begin_held(transfer: Transfer) -> bool:
    # The invoice first, as whoever cancels does.
    Invoice.objects.select_for_update(no_key=True).get(pk=transfer.invoice_id)
    held = Transfer.objects.select_for_update(of=("self",), no_key=True).select_related(*WITH)
    return begin(held.get(pk=transfer.pk))


def _delete(transfer: Transfer) -> None:
    Transfer.objects.create(
        invoice=transfer.invoice,
        ledger_account=transfer.ledger_account,
        kind=Transfer.Kind.DELETE,
        connection=transfer.connection,
        requested_at=timezone.now(),
    )


def _set_off(transfer: Transfer) -> Decimal:
    """Pounds of the invoice's paid amount in KashFlow that are our credit notes."""
    applied = Q(
        transfers__kind=Transfer.Kind.APPLY,
        transfers__state=State.VERIFIED,
        transfers__ledger_account=transfer.ledger_account,
    )
    notes = credits.of_invoice(transfer.invoice).filter(applied)
    return -(notes.aggregate(total=Sum("total"))["total"] or ZERO)


def _refuse_elsewhere(transfer: Transfer) -> None:
    document = transfer.invoice
    name = f"{document.get_kind_display()} {document.number}"
    done, instead = ("asked for", "an invoice") if _is_note(document) else ("voided", "a credit note")
    if not SystemDefaults.current().uses_kashflow:
        raise CannotAsk(
            f"{name} is in KashFlow, and KashFlow is not the accounts package now, so it can't be {done} there. "
            "Nothing was cancelled. Switch KashFlow on first."
        )
    if not transfer.ledger_account.is_current:
        raise CannotAsk(
            f"{name} is in the KashFlow account {transfer.ledger_account.name}, which is not the current one, so "
            f"it can't be {done} there. Nothing was cancelled. Raise {instead} instead."
        )


def _refuse_while_set_off(invoice: Invoice) -> None:
    """Until a set-off is read back, its money can't be told from a payment."""
    note = credits.being_set_off().filter(credits=invoice).first()
    if note is not None:
        raise CannotAsk(
            f"Credit note {note.number} is being set off against invoice {invoice.number}, so it is not known what "
            "else is paid of it. Nothing was cancelled. Try again once it is set off."
        )


def _not_known(document: Invoice, why: str) -> CannotAsk:
    name = _name(document)
    asked = f"KashFlow still has {name}" if _is_note(document) else f"anything of {name} is paid"
    return CannotAsk(
        f"{why}, so it is not known whether {asked}. Nothing was cancelled. Try again when KashFlow answers."
    )


def _name(document: Invoice) -> str:
    return f"{document.get_kind_display().lower()} {document.number}"


def _is_note(document: Invoice) -> bool:
    return document.kind == Invoice.Kind.CREDIT_NOTE
