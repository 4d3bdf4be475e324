"""After a backup was restored: nothing is sent before somebody has looked, and no number is used twice.

transfer.md, Cancel, credit, payments. What was raised before the restore may be in KashFlow already: the look before
every create finds it. What was raised after the backup is known to KashFlow alone, and the comparison lists it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from invoicing.models import MAX_NUMBER, Invoice, NumberCounter
from invoicing.transfer import pauses
from kashflow import answer
from kashflow.connections import office_login
from kashflow.gateway.errors import GatewayError
from kashflow.models import LedgerAccount
from kashflow.services import get_gateway
from settings_app import audit
from settings_app.models import SystemDefaults

# Before any magazine of ours, and further ahead than an invoice is dated.
FROM, AHEAD = dt.date(2000, 1, 1), dt.timedelta(days=3660)
STOPPED = (
    "This installation was restored from a backup. Nothing new is sent until an admin has looked at "
    "Settings › KashFlow and lets transfers go on; what is in KashFlow already is found there and not sent again."
)


@dataclass(frozen=True)
class Restored:
    """The next number before and after, KashFlow's highest (None for none), and why it could not be asked.

    Where `uses_kashflow` is False it is not the accounts package, and was not to be asked.
    """

    before: int
    after: int
    highest_there: int | None
    why_not: str
    uses_kashflow: bool


def after_restore() -> Restored:
    """Pauses every ledger account and lifts the number counter above the highest number here or in KashFlow.

    Safe to run again. Where KashFlow cannot be asked the counter is lifted above our own numbers only, and
    `why_not` says so: run it again before transfers go on.
    """
    now = timezone.now()
    for account in LedgerAccount.objects.all():
        pauses.pause(account, STOPPED)
        # Until the numbers prove themselves again, every look reads a list as well: a document that was given
        # another number meanwhile is found.
        LedgerAccount.objects.filter(pk=account.pk).update(restored_at=now, numbers_proved=False)
    uses_kashflow = SystemDefaults.current().uses_kashflow
    there, why_not = _highest_there() if uses_kashflow else (None, "")
    here = Invoice.objects.aggregate(highest=Max("number"))["highest"] or 0
    before, after = _lift(min(max(here, there or 0) + 1, MAX_NUMBER))
    return Restored(before, after, there, why_not, uses_kashflow)


def _lift(least: int) -> tuple[int, int]:
    """The next number before and after; it never moves back."""
    with transaction.atomic():
        counter = NumberCounter.objects.select_for_update().get(pk=1)
        before = counter.next_number
        if NumberCounter.objects.filter(pk=1, next_number__lt=least).update(next_number=least):
            audit.record(
                "next_number.changed", counter, by=None,
                before={"next_number": before}, after={"next_number": least},
            )  # fmt: skip
        return before, max(before, least)


def _highest_there() -> tuple[int | None, str]:
    """KashFlow's highest invoice number of all, or why it is not known."""
    login = office_login()
    if login is None:
        return None, "No KashFlow login is saved."
    gateway = get_gateway(login, by=None, purpose="After a restore")
    try:
        documents = gateway.get_invoices_by_date_range(FROM, timezone.localdate() + AHEAD)
        return max((document.number for document in documents), default=None), ""
    except GatewayError as error:
        return None, answer.refused(error).sentence
