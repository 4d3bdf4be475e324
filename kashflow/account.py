"""The defaults of the linked KashFlow account."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from kashflow.models import LedgerAccount
from magmanager.common.errors import Gone
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User

# In the reason of an account that was stopped because of its numbers: choosing how they are made mends that one.
OTHER_NUMBERS = "does not keep our numbers"
FIELDS = ("bank_account", "sales_code", "office_login", "numbering", "voiding", "max_calls")


def change_kashflow_settings(*, by: User, account: LedgerAccount, values: dict[str, Any]) -> LedgerAccount:
    """Sets the account's defaults named in `values` (FIELDS); what differs is in the audit log."""
    allow(by, "kashflow.change_kashflow_settings")
    with transaction.atomic():
        row = LedgerAccount.objects.select_for_update().get(pk=account.pk)
        before, after = _changes(row, values)
        if after:
            LedgerAccount.objects.filter(pk=row.pk).update(**{name: values[name] for name in after})
            audit.record("kashflow_settings.changed", row, by=by, before=before, after=after)
        if "numbering" in after:
            _numbered_anew(row, by)
        return row


def resume_account(*, by: User, account: LedgerAccount) -> None:
    """Lets the transfers of a stopped account go on; its runs are taken up by the next sweep.

    Whatever stopped it is looked for again with every transfer, and stops it again. Raises Gone where it is not
    stopped any more.
    """
    allow(by, "kashflow.resume_account")
    with transaction.atomic():
        stopped = LedgerAccount.objects.select_for_update().exclude(paused_reason="").filter(pk=account.pk)
        row = stopped.first()
        if row is None:
            raise Gone("Transfers are not stopped any more: somebody let them go on already.")
        _go_on(row, by)


def _go_on(account: LedgerAccount, by: User) -> None:
    LedgerAccount.objects.filter(pk=account.pk).update(paused_reason="")
    audit.record("kashflow_account.resumed", account, by=by, before={"paused_reason": account.paused_reason})


def _numbered_anew(account: LedgerAccount, by: User) -> None:
    """The choice that an account waits for whose numbers are others (transfer.md, Canary): it goes on, and has to
    prove itself again. What else stopped it stops it still."""
    LedgerAccount.objects.filter(pk=account.pk).update(numbers_proved=False)
    if OTHER_NUMBERS in account.paused_reason:
        _go_on(account, by)


def _changes(row: LedgerAccount, values: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    differing = [name for name in FIELDS if name in values and getattr(row, name) != values[name]]
    return {name: str(getattr(row, name)) for name in differing}, {
        name: str(values[name]) for name in differing
    }
