"""*Transfer Payments*: asking for the payments recorded here to be recorded in KashFlow, once each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from invoicing.models import Payment, RunTransfer, Transfer
from invoicing.paid_status.ours import in_kashflow
from invoicing.transfer import pauses, services
from invoicing.transfer.states import NEEDS_YOU, TERMINAL, State
from kashflow.connections import login_for
from kashflow.models import Connection, LedgerAccount
from magmanager.common import runs
from magmanager.common.models import Run
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User

VERB = "invoicing.transfer_payments"


def transfer_payments(*, by: User) -> Run:
    """A run that brings the payments recorded here into KashFlow; the caller wakes `invoicing.tasks.work`.

    Only payments of invoices that were read back there. One that is under way is not doubled: where nothing else
    is left, the run that has it is returned. One that needs a person is looked for again, and sent only once it is
    proved absent. Raises NotAllowed, NoLogin, TransfersStopped, NothingToTransfer.
    """
    allow(by, VERB)
    login = login_for(by)
    account = login.ledger_account
    services.refuse_if_stopped(account, login)
    with transaction.atomic():
        # One press at a time per account: two people pressing at once make one run.
        LedgerAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        chosen = [*_again(account, login, by), *_new(account, login)]
        return _start(chosen, by, login) if chosen else _run_there_is(account)


def waiting(account: LedgerAccount) -> QuerySet[Payment]:
    """The payments recorded here whose invoice is in `account` and that no other account was asked to take."""
    here = in_kashflow(account).filter(invoice=OuterRef("invoice"))
    elsewhere = Transfer.objects.filter(payment=OuterRef("pk")).exclude(ledger_account=account)
    return Payment.objects.counted_here().filter(
        Exists(here), ~Exists(elsewhere.exclude(state=State.CANCELLED))
    )


def _new(account: LedgerAccount, login: Connection) -> list[Transfer]:
    """READY rows for the payments that have none in this account."""
    has_one = Transfer.objects.filter(payment=OuterRef("pk"), ledger_account=account)
    now = timezone.now()
    rows = [
        Transfer(
            id=uuid.uuid4(),
            kind=Transfer.Kind.PAYMENT,
            invoice_id=payment.invoice_id,
            payment=payment,
            ledger_account=account,
            connection=login,
            requested_at=now,
        )
        for payment in waiting(account).filter(~Exists(has_one))
    ]
    return Transfer.objects.bulk_create(rows, batch_size=services.ROWS_AT_ONCE)


def _again(account: LedgerAccount, login: Connection, by: User) -> list[Transfer]:
    """Those that need a person are rechecked; those that wait in no unfinished run get a new one."""
    rows = _of_payments(account)
    rechecked = [row for row in rows.filter(state__in=NEEDS_YOU) if services.look_again(row, login, by)]
    in_a_run = Transfer.objects.filter(run_transfers__run__in=pauses.unfinished())
    waits = list(rows.filter(state=State.READY).exclude(pk__in=in_a_run.values("pk")))
    for row in waits:
        Transfer.objects.filter(pk=row.pk, state=State.READY).update(connection=login, not_before=None)
    return [*rechecked, *waits]


def _of_payments(account: LedgerAccount) -> QuerySet[Transfer]:
    return Transfer.objects.filter(kind=Transfer.Kind.PAYMENT, ledger_account=account)


def _start(chosen: Iterable[Transfer], by: User, login: Connection) -> Run:
    rows = list(chosen)
    many = "1 payment" if len(rows) == 1 else f"{len(rows):,} payments"
    title = f"Transfer of {many} to KashFlow"
    run = runs.start(
        kind=pauses.PAYMENT_RUN_KIND, title=title, by=by, total=len(rows), connection_id=login.pk
    )
    RunTransfer.objects.bulk_create(
        [RunTransfer(run=run, transfer=one) for one in rows], batch_size=services.ROWS_AT_ONCE
    )
    audit.record("payments.requested", run, by=by, after={"payments": len(rows)})
    return run


def _run_there_is(account: LedgerAccount) -> Run:
    """The unfinished run that has what is under way. Raises NothingToTransfer."""
    under_way = _of_payments(account).exclude(state__in=TERMINAL)
    having = pauses.unfinished().filter(run_transfers__transfer__in=under_way.values("pk")).distinct()
    found = having.order_by("-started_at").first()
    if found is None:
        raise services.NothingToTransfer(_why_nothing(account))
    return found


def _why_nothing(account: LedgerAccount) -> str:
    if Payment.objects.counted_here().exclude(pk__in=waiting(account).values("pk")).exists():
        return (
            "The payments recorded here are on invoices that are not in KashFlow yet. Transfer those first."
        )
    return "No payment recorded here waits to be sent to KashFlow."
