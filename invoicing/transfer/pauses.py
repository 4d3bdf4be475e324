"""What stops more than one transfer: a refused login, an account that numbers otherwise, KashFlow away."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from invoicing.models import RunTransfer, Transfer, TransferAttempt
from invoicing.transfer.record import in_seconds
from invoicing.transfer.states import Event, State
from kashflow import door
from kashflow.account import OTHER_NUMBERS
from kashflow.gateway.errors import ConnectionOff, GatewayError
from kashflow.limits import times
from kashflow.models import Connection, LedgerAccount
from magmanager.common import runs
from magmanager.common.models import Run
from settings_app import audit

RUN_KIND = "transfer"
PAYMENT_RUN_KIND = "transfer_payments"
# Every run whose progress is counted from transfers.
RUN_KINDS = (RUN_KIND, PAYMENT_RUN_KIND)
HELD = "kashflow_away"
BY_PERSON = "paused"
ACCOUNT_PAUSED = "account_paused"
CONNECTION_OFF = "connection_off"
SWITCHED_OFF = "switched_off"
NO_LOGIN = "no_login"
AFTER_RESTORE = "manage.py after_restore"
# Named in a reason that is mended there; every other one is mended at the account (causes.page_of_pause).
COMPANY_DETAILS = "Company Details"


def stop_runs(transfer: Transfer, login: Connection | None, error: ConnectionOff) -> None:
    """Pauses the runs of `transfer` and every run that works under `login`, with what to do as their sentence.

    What KashFlow refused goes on by itself once that login works again; what we switched off (SwitchedOff: a
    presser without the right, no login left) waits for a person.
    """
    cause = SWITCHED_OFF if isinstance(error, door.SwitchedOff) else CONNECTION_OFF
    concerned = Q(pk__in=RunTransfer.objects.filter(transfer=transfer).values("run"))
    if login is not None:
        concerned |= Q(connection_id=login.pk)
    for run in unfinished().filter(concerned):
        runs.pause(run, cause=cause, summary=error.sentence[:300])


def pause_refused(account: LedgerAccount) -> None:
    """The same for the runs of logins that were switched off by anything else, such as a sync."""
    refused = Connection.objects.filter(ledger_account=account).exclude(refusal="")
    for login in refused:
        for run in unfinished().filter(connection_id=login.pk):
            runs.pause(run, cause=CONNECTION_OFF, summary=door.stored_refusal(login).sentence[:300])


def pause_account(account: LedgerAccount, *, ours: int, theirs: int) -> None:
    """KashFlow did not keep our number: nothing new is sent until an admin has chosen (transfer.md, Canary)."""
    reason = (
        f"KashFlow gave invoice {ours} the number {theirs}, so it {OTHER_NUMBERS}. "
        "Nothing more is sent. An admin chooses how invoices are numbered in Settings › KashFlow."
    )
    pause(account, reason)


def pause(account: LedgerAccount, reason: str) -> None:
    """Stops what is new of an account, with `reason` as what its runs say; it is in the audit log once."""
    if LedgerAccount.objects.filter(pk=account.pk, paused_reason="").update(paused_reason=reason) == 1:
        audit.record("kashflow_account.paused", account, by=None, after={"paused_reason": reason})
    for run in of_account(unfinished(), account):
        runs.pause(run, cause=ACCOUNT_PAUSED, summary=reason)


def pause_forgotten_restore(transfer: Transfer) -> None:
    """The net for a forgotten `after_restore`: our document is there, and nothing here says that it was ever sent.

    Then this database is older than KashFlow's, and the account pauses. What was raised before a restore that was
    told (`restored_at`) is expected to be there.
    """
    told = transfer.ledger_account.restored_at
    if told and transfer.invoice.raised_at <= told:
        return
    if TransferAttempt.objects.filter(transfer=transfer, outcome=Event.INTENT.name.lower()).exists():
        return
    pause(
        transfer.ledger_account,
        f"KashFlow has invoice {transfer.invoice.number} already, and nothing here says that it was sent: this "
        f"installation looks restored from a backup. Run {AFTER_RESTORE} on the server, then let transfers go on.",
    )


def hold_others(transfer: Transfer, error: GatewayError) -> None:
    """While KashFlow is away one transfer probes for all: the others of its account wait a little longer.

    Without this, an hour's outage in a batch of 1,000 would be thousands of calls.
    """
    if transfer.not_before is None:
        return
    wait = (transfer.not_before - timezone.now()).total_seconds() + 2 * times().sweep
    waiting = Transfer.objects.filter(ledger_account=transfer.ledger_account_id, state=State.READY)
    sooner = Q(not_before=None) | Q(not_before__lt=in_seconds(wait))
    waiting.filter(sooner).exclude(pk=transfer.pk).update(
        not_before=in_seconds(wait), cause_code=HELD, last_cause=error.sentence[:300]
    )


def release(transfer: Transfer) -> None:
    """KashFlow answered the one that probed: the others go on at once."""
    if transfer.tries:
        held = Transfer.objects.filter(
            ledger_account=transfer.ledger_account_id, state=State.READY, cause_code=HELD
        )
        held.update(not_before=None, cause_code="", last_cause="")


def unfinished() -> QuerySet[Run]:
    """The transfer runs that are not over."""
    return Run.objects.filter(kind__in=RUN_KINDS, finished_at=None)


def of_account(found: QuerySet[Run], account: LedgerAccount) -> QuerySet[Run]:
    """Those with a transfer to `account`."""
    rows = RunTransfer.objects.filter(run=OuterRef("pk"), transfer__ledger_account=account)
    return found.filter(Exists(rows))
