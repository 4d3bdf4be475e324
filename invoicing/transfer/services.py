"""Asking for transfers, and pausing and resuming a run of them.

design: transfer.md, Whose login and Running it. The views wake the workers; what matters is in the rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from invoicing.models import Invoice, RunTransfer, Transfer
from invoicing.transfer import causes, pauses
from invoicing.transfer.record import Lost, in_seconds, record
from invoicing.transfer.states import NEEDS_YOU, NOT_GOING, TERMINAL, Event, State
from kashflow import door
from kashflow.connections import MY_DETAILS, ledger_account, login_for, own_login
from kashflow.limits import times
from kashflow.models import Connection, LedgerAccount
from magmanager.common import many, runs
from magmanager.common.errors import DomainError, Gone
from magmanager.common.models import Run
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import SystemDefaults, User

VERB = "invoicing.transfer_invoices"
ROWS_AT_ONCE = 500
NO_LOGIN_YET = (
    "No KashFlow login is saved, so nothing was sent yet. Save a login in My Details; it goes by itself then."
)


class NothingToTransfer(DomainError):
    """None of the chosen invoices has anything left to send."""

    code = "nothing_to_transfer"


class TransfersStopped(DomainError):
    """The package, the account or the login is switched off."""

    code = "transfers_stopped"


def request_transfers(*, by: User, invoice_ids: Collection[int]) -> Run:
    """A run that brings these invoices into KashFlow; the caller wakes `invoicing.tasks.work` with the account's id.

    An invoice that is under way or in KashFlow already is not doubled: where nothing else is left, the run that
    has them is returned. One that needs a person is looked for again, and sent only once it is proved absent.
    Raises NotAllowed, NoLogin, TransfersStopped, NothingToTransfer.
    """
    allow(by, VERB)
    login = login_for(by)
    account = login.ledger_account
    refuse_if_stopped(account, login)
    with transaction.atomic():
        # One press at a time per account: two people choosing the same invoices make one run of them.
        LedgerAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        invoices = _transferable(invoice_ids, account)
        chosen = [*_again(invoices, account, login, by), *_new(invoices, account, login)]
        if not chosen:
            return _run_there_is(invoices, account)
        words = "1 invoice" if len(chosen) == 1 else f"{len(chosen):,} invoices"
        run = start_run(chosen, by, login, title=f"Transfer of {words} to KashFlow")
        audit.record("transfers.requested", run, by=by, after={"invoices": len(chosen)})
        return run


def want(invoices: Iterable[Invoice], *, by: User) -> None:
    """Documents that go to KashFlow at once, without a run: call it in the transaction that raises them.

    Nothing where KashFlow is not the package. Without a login, or while the account is paused, they wait; the
    caller wakes the lanes.
    """
    if not SystemDefaults.current().uses_kashflow:
        return
    account, login = ledger_account(), own_login(by)
    # Without a login of its own a transfer goes under the office login.
    is_saved = Connection.objects.filter(ledger_account=account).exists()
    why = {} if is_saved else causes.cause(NO_LOGIN_YET, pauses.NO_LOGIN)
    _new(list(invoices), account, login if login and not login.refusal else None, **why)


def pause_run(*, by: User, run: Run) -> None:
    """Lets what is being sent finish and starts nothing new. Raises Gone where the run is over or paused."""
    allow(by, VERB)
    words = f"Paused by {by}. Nothing new is sent until somebody presses Resume."
    if not runs.pause(run, cause=pauses.BY_PERSON, summary=words):
        raise Gone("This run is not under way any more, so there was nothing to pause.")
    audit.record("run.paused", run, by=by)


def resume_run(*, by: User, run: Run) -> None:
    """Goes on with a paused run under the login of `by`, else the office login; the caller wakes the workers.

    Raises NoLogin, TransfersStopped where the reason still holds, Gone where the run is not paused.
    """
    allow(by, VERB)
    login = login_for(by)
    refuse_if_stopped(login.ledger_account, login)
    if account_of(run) != login.ledger_account_id:
        raise TransfersStopped(
            "This run belongs to another KashFlow account than the current one, so it stays paused. "
            "What was meant for the old account is never sent to the new one by itself."
        )
    with transaction.atomic():
        # From here on it is this person's work: whoever began it may have left.
        paused = Run.objects.filter(pk=run.pk, state=Run.State.PAUSED)
        if paused.update(connection_id=login.pk, by=by) != 1 or not runs.take(run):
            raise Gone("This run is not paused any more.")
        waiting = Transfer.objects.filter(run_transfers__run=run, ledger_account=login.ledger_account)
        waiting.exclude(state__in=TERMINAL).update(connection=login)
        waiting.filter(state=State.READY).update(not_before=None)
        audit.record("run.resumed", run, by=by)
    run.refresh_from_db()


def account_of(run: Run) -> int | None:
    """The id of the ledger account a run sends to: what to wake the workers with."""
    return Transfer.objects.filter(run_transfers__run=run).values_list("ledger_account_id", flat=True).first()


def refuse_if_stopped(account: LedgerAccount, login: Connection) -> None:
    """Raises TransfersStopped where nothing can be sent to `account` under `login` just now."""
    refuse_if_off(login)
    if account.paused_reason:
        raise TransfersStopped(f"Transfers are stopped. {account.paused_reason}")


def refuse_if_off(login: Connection) -> None:
    """Raises TransfersStopped where nothing may even be read: the package is off, or KashFlow refuses the login."""
    if not SystemDefaults.current().uses_kashflow:
        raise TransfersStopped(
            "KashFlow is not the accounts package, so nothing was sent. Choose it in System Defaults."
        )
    if login.refusal:
        error = door.stored_refusal(login)
        raise TransfersStopped(error.sentence, link=str(MY_DETAILS), link_label="My Details")


def _transferable(invoice_ids: Collection[int], account: LedgerAccount) -> list[Invoice]:
    """The documents with these ids that were not cancelled, and the credit notes of those invoices with them."""
    ids = sorted(set(invoice_ids))
    chunks = (ids[at : at + ROWS_AT_ONCE] for at in range(0, len(ids), ROWS_AT_ONCE))
    raised = Invoice.objects.filter(state=Invoice.State.RAISED).only("pk", "number", "kind", "credits")
    found: dict[int, Invoice] = {}
    for chunk in chunks:
        _hold(chunk)
        found |= {one.pk: one for one in raised.filter(Q(pk__in=chunk) | Q(credits__in=chunk))}
    return sorted(_without_strays(found, account), key=lambda invoice: invoice.number)


def _hold(ids: list[int]) -> None:
    """Until the transaction ends nobody raises a credit note of these, which would not know that they go."""
    held = Invoice.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    len(held.values_list("pk"))


def _without_strays(found: dict[int, Invoice], account: LedgerAccount) -> list[Invoice]:
    """All but the credit notes whose invoice does not go to `account`: they would wait for it for ever."""
    credited = {one.credits_id for one in found.values() if one.credits_id}
    if not credited:
        return list(found.values())
    asked = Transfer.objects.documents().filter(ledger_account=account, invoice__in=many.among(credited))
    states = dict(asked.values_list("invoice_id", "state"))
    going = {pk for pk in credited if states.get(pk, "") not in NOT_GOING and (pk in states or pk in found)}
    return [one for one in found.values() if one.credits_id is None or one.credits_id in going]


def _new(
    invoices: list[Invoice], account: LedgerAccount, login: Connection | None, **why: str
) -> list[Transfer]:
    """READY rows for the invoices that have none in this account; with a credit note, one to set it off.

    `why` are the columns of what they wait for, where that is known.
    """
    there = set(_of(invoices, account).values_list("invoice_id", flat=True))
    now = timezone.now()

    def row(invoice: Invoice, kind: Transfer.Kind) -> Transfer:
        return Transfer(
            id=uuid.uuid4(),
            invoice=invoice,
            ledger_account=account,
            kind=kind,
            connection=login,
            requested_at=now,
            **why,
        )

    new = [invoice for invoice in invoices if invoice.pk not in there]
    notes = [invoice for invoice in new if invoice.kind == Invoice.Kind.CREDIT_NOTE]
    Transfer.objects.bulk_create(row(note, Transfer.Kind.APPLY) for note in notes)
    rows = [row(invoice, Transfer.Kind.CREATE) for invoice in new]
    for at in range(0, len(new), ROWS_AT_ONCE):
        ids = [invoice.pk for invoice in new[at : at + ROWS_AT_ONCE]]
        Invoice.objects.filter(pk__in=ids).update(wanted_in=account)
    return Transfer.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def _again(invoices: list[Invoice], account: LedgerAccount, login: Connection, by: User) -> list[Transfer]:
    """Those that need a person are rechecked; those that wait in no unfinished run get a new one."""
    rows = _of(invoices, account)
    rechecked = [row for row in rows.filter(state__in=NEEDS_YOU) if look_again(row, login, by)]
    in_a_run = Transfer.objects.filter(run_transfers__run__in=pauses.unfinished())
    waiting = list(rows.filter(state=State.READY).exclude(pk__in=in_a_run.values("pk")))
    # From here on under the presser's login: the one it began with may be refused or its owner gone.
    for row in waiting:
        Transfer.objects.filter(pk=row.pk, state=State.READY).update(connection=login, not_before=None)
    return [*rechecked, *waiting]


def look_again(transfer: Transfer, login: Connection, by: User) -> bool:
    """Begins a read-only round for one that needs a person; False where somebody else was quicker.

    No create is in flight in these states, so the settle wait is over already (states.MOVES).
    """
    settled = in_seconds(-times().settle)
    values: dict[str, Any] = {"ambiguous_since": settled, "not_before": None, "tries": 0, "connection": login}
    # What stopped it may be no longer so: it is looked at anew.
    values |= {"last_cause": "", "cause_code": ""}
    if transfer.kind == Transfer.Kind.CREATE:
        values["found"] = {}
    try:
        record(transfer, Event.RECHECK, what=f"{by} asked to look again.", by=by, **values)
    except Lost:
        return False
    return True


def _of(invoices: Iterable[Invoice], account: LedgerAccount) -> QuerySet[Transfer]:
    return Transfer.objects.documents().filter(
        ledger_account=account, invoice__in=[invoice.pk for invoice in invoices]
    )


def start_run(chosen: list[Transfer], by: User, login: Connection, *, title: str) -> Run:
    """A run over `chosen`: from here on they are `by`'s work under `login`."""
    run = runs.start(kind=pauses.RUN_KIND, title=title, by=by, total=len(chosen), connection_id=login.pk)
    RunTransfer.objects.bulk_create(
        [RunTransfer(run=run, transfer=one) for one in chosen], batch_size=ROWS_AT_ONCE
    )
    return run


def _run_there_is(invoices: list[Invoice], account: LedgerAccount) -> Run:
    """The run that has them: the newest one under way, else the newest. Raises NothingToTransfer."""
    having = Run.objects.filter(run_transfers__transfer__in=_of(invoices, account).values("pk")).distinct()
    found = (
        having.filter(finished_at=None).order_by("-started_at").first()
        or having.order_by("-started_at").first()
    )
    if found is None:
        raise NothingToTransfer(
            "None of these invoices can be transferred: they are cancelled, or in KashFlow already, or credit notes of an "
            "invoice that does not go there. A credit note goes with its invoice: transfer that one."
        )
    return found
