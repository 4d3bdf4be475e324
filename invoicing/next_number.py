"""The next invoice number and KashFlow: moving it, asking whether it is free, its highest of late (product.md, KashFlow 2).

A number that KashFlow could not be asked about is kept with that mark, and asked about before the first transfer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from invoicing.models import Invoice, NumberCounter
from invoicing.models.documents import MAX_NUMBER
from invoicing.transfer import pauses
from invoicing.transfer.mapping import marker_of
from kashflow import answer
from kashflow.connections import NoLogin, login_for, office_login
from kashflow.gateway.errors import GatewayError, NotFound
from kashflow.models import LedgerAccount
from kashflow.services import get_gateway
from magmanager.common.errors import DomainError
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import SystemDefaults, User

FIELD, VERB = "next_number", "invoicing.change_next_number"
PURPOSE = "Next invoice number"
MONTHS_BACK = dt.timedelta(days=396)


class NumberRefused(DomainError):
    """The counter cannot go there: back, or on to a number that exists."""

    code = "number_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, field=FIELD)


@dataclass(frozen=True)
class Asked:
    """What KashFlow said of a number. `why_not` is why it could not be asked; empty where it was, or is not linked."""

    is_checked: bool
    why_not: str = ""


def ask(number: int, *, by: User | None) -> Asked:
    """Looks a number up in KashFlow. Raises NumberRefused where it has it; a failed look is never "free".

    Our own invoice under it is no reason: where a first look failed, it may have been sent meanwhile.
    """
    if not SystemDefaults.current().uses_kashflow or not 1 <= number <= MAX_NUMBER:
        return Asked(False)
    connection = office_login()
    if connection is None:
        return Asked(False, "No KashFlow login is saved.")
    try:
        found = get_gateway(connection, by=by, purpose=PURPOSE).get_invoice(number)
    except NotFound:
        return Asked(True)
    except GatewayError as error:
        return Asked(False, f"{answer.refused(error).title}.")
    if Invoice.objects.filter(number=number, marker=marker_of(found.reference)).exists():
        return Asked(True)
    raise NumberRefused(
        f"KashFlow has an invoice {number} already. "
        "Enter a number higher than any in KashFlow, so that none meets another."
    )


def change_next_number(*, by: User, number: int, is_checked: bool = False) -> None:
    """Moves the counter forward to `number`; nothing where it is there already. Raises NumberRefused."""
    with transaction.atomic():
        counter = NumberCounter.objects.select_for_update().get(pk=1)
        before = counter.next_number
        if number == before:
            return
        allow(by, VERB)
        refuse_number(number, before=before)
        unchecked = None if is_checked else number
        NumberCounter.objects.filter(pk=1, next_number=before).update(
            next_number=number, unchecked_number=unchecked
        )
        audit.record("next_number.changed", counter, by=by, before={FIELD: before}, after={FIELD: number})
        if counter.unchecked_number:
            _go_on(counter.unchecked_number, by)


def is_taken(account: LedgerAccount) -> bool:
    """Asks about a number that was kept unchecked, before anything is transferred; True stops the transfers.

    Where KashFlow cannot be asked now it is asked again with the next lane; meanwhile every invoice's own look
    keeps it from meeting a document that is there.
    """
    number = NumberCounter.objects.values_list("unchecked_number", flat=True).get(pk=1)
    if number is None:
        return False
    if account.paused_reason == _reason(number):
        return True
    try:
        asked = ask(number, by=None)
    except NumberRefused:
        pauses.pause(account, _reason(number))
        return True
    if asked.is_checked:
        NumberCounter.objects.filter(pk=1, unchecked_number=number).update(unchecked_number=None)
    return False


def highest_in_kashflow(*, by: User) -> tuple[int | None, str]:
    """The highest invoice number KashFlow has of the last 13 months (None for none), or why it is not known."""
    allow(by, VERB)
    today = timezone.localdate()
    try:
        gateway = get_gateway(login_for(by), by=by, purpose="Highest invoice number")
        found = gateway.get_invoices_by_date_range(today - MONTHS_BACK, today)
        return max((invoice.number for invoice in found), default=None), ""
    except NoLogin as error:
        return None, error.message
    except GatewayError as error:
        return None, f"{answer.refused(error).title}, so it is not known."


def _reason(number: int) -> str:
    return (
        f"KashFlow has an invoice {number}, the number that was set here as the next one while KashFlow could not be "
        f"asked. Nothing is sent. An admin sets a higher number in {pauses.COMPANY_DETAILS}."
    )


def _go_on(number: int, by: User) -> None:
    """Another number ends the pause that the unchecked one made."""
    paused = LedgerAccount.objects.filter(paused_reason=_reason(number))
    for account in paused:
        audit.record(
            "kashflow_account.resumed", account, by=by, before={"paused_reason": account.paused_reason}
        )
    paused.update(paused_reason="")


def refuse_number(number: int, *, before: int) -> None:
    """Raises NumberRefused where the counter, at `before` now, cannot go to `number` for a reason known here."""
    _refuse_back(number, before)
    _refuse_taken_here(number)


def _refuse_back(number: int, before: int) -> None:
    if number < before:
        raise NumberRefused(
            f"The next invoice number is {before} and moves forward only: {number} may be in use. "
            f"Enter {before} or a higher number."
        )


def _refuse_taken_here(number: int) -> None:
    highest = Invoice.objects.filter(number__gte=number).values_list("number", flat=True).first()
    if highest is not None:
        raise NumberRefused(f"Invoice {highest} exists already. Enter {highest + 1} or a higher number.")
