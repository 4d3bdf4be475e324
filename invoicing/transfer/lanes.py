"""Lanes: what a worker does for one account, and the sweep that finds what nobody woke.

Knows no Celery. Everything is in the rows, so a lane may start twice, or die anywhere.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from django.db.models import Q
from django.utils import timezone

from invoicing import next_number, voiding
from invoicing.models import RunTransfer, Transfer
from invoicing.transfer import claims, engine, outcomes, pauses, payers, progress, stopping
from invoicing.transfer.states import State
from kashflow.connections import current_account, office_login, owners_who_may
from kashflow.models import Connection, LedgerAccount
from magmanager.common import runs
from magmanager.common.models import Run
from settings_app.models import SystemDefaults

log = logging.getLogger(__name__)
# A lane hands over to a fresh one after this long, so that a worker told to stop does stop.
LANE_SECONDS = 20.0
# Whether a further lane would help is asked once in so many transfers.
CHECK_EVERY = 8
# What goes on under another login than the one it began with.
FOR_THE_OFFICE = (State.READY, State.SENT, State.AMBIGUOUS)


def carry_due(account_id: int, *, wake_another: Callable[[], None], seconds: float = LANE_SECONDS) -> int:
    """Claims and carries the transfers of one account until none is due or `seconds` are over; returns how many.

    `wake_another` is called when a further lane would help, and when this one ends with work left.
    """
    account = LedgerAccount.objects.get(pk=account_id)
    if not SystemDefaults.current().uses_kashflow or not account.is_current or claims.is_full(account):
        return 0
    claims.expire_leases(account)
    if next_number.is_taken(account):
        return 0
    _take_runs(account)
    payers.prepare(account)
    ends, carried = time.monotonic() + seconds, 0
    for transfer, is_more in _claimed(account_id):
        if is_more and carried % CHECK_EVERY == 0 and _has_room(transfer.ledger_account):
            wake_another()
        _carry(transfer)
        carried += 1
        if time.monotonic() > ends:
            wake_another()
            return carried
    if _cancel_there(account):
        wake_another()
    progress.finish_runs(account)
    pauses.pause_refused(account)
    return carried


def _carry(transfer: Transfer) -> None:
    """A fault of ours with one invoice stops that one, not the thousand behind it: its lease runs out."""
    try:
        engine.carry(transfer)
    except Exception:
        log.exception("Carrying the transfer %s stopped unexpectedly", transfer.pk)


def _claimed(account_id: int) -> Iterator[tuple[Transfer, bool]]:
    """Claimed transfers, one after the other, and whether more were waiting when the queue was read.

    The queue and the account are read anew again and again: it may be paused by now.
    """
    got_one = True
    while got_one:
        queue = claims.next_ids(LedgerAccount.objects.get(pk=account_id))
        got_one = False
        while queue and (transfer := claims.claim_first(account_id, queue)):
            got_one = True
            del queue[: queue.index(transfer.pk) + 1]
            yield transfer, bool(queue)


def _has_room(account: LedgerAccount) -> bool:
    return not claims.is_serial(account) and not claims.is_full(account)


def _take_runs(account: LedgerAccount) -> None:
    waiting = pauses.unfinished().filter(state=Run.State.WAITING)
    pauses.of_account(waiting, account).update(state=Run.State.RUNNING, touched_at=timezone.now())


def sweep() -> int | None:
    """Puts right what dead workers and lost messages left; the id of the account that has work due, or None.

    Harmless at any time and any number of times.
    """
    account = current_account()
    if account is None or not SystemDefaults.current().uses_kashflow:
        return None
    claims.wait_again_if_jumped(account)
    claims.expire_leases(account)
    _go_on(account)
    _pass_on(account)
    outcomes.ask_about_unreadable(account)
    outcomes.go_on_with_known_customers(account)
    _cancel_there(account)
    progress.finish_runs(account)
    pauses.pause_refused(account)
    return account.pk if claims.is_any_due(account) else None


def _cancel_there(account: LedgerAccount) -> int:
    """Ends and voids what was uncertain when it was cancelled; returns how many have errands to be carried now."""
    stopping.finish(account)
    return voiding.begin_due(account)


def _go_on(account: LedgerAccount) -> None:
    """Runs whose cause is mended go on: a login that works again, an account that is no longer paused."""
    paused = pauses.of_account(pauses.unfinished().filter(state=Run.State.PAUSED), account)
    working = Connection.objects.filter(ledger_account=account, refusal="").values("pk")
    for run in paused.filter(cause=pauses.CONNECTION_OFF, connection_id__in=working):
        runs.take(run)
    if not account.paused_reason:
        for run in paused.filter(cause=pauses.ACCOUNT_PAUSED):
            runs.take(run)


def _pass_on(account: LedgerAccount) -> None:
    """What stands under a login that is off goes on under the office login, unless a run waits for it.

    What may be in KashFlow already must not stay unknown because somebody left the house, and what was raised on
    the client's page has no run that anybody could resume.
    """
    office = office_login()
    if office is None or office.refusal:
        return
    off = ~Q(connection__refusal="") | ~Q(connection__user__in=owners_who_may())
    waited_for = RunTransfer.objects.filter(run__in=pauses.unfinished()).values("transfer")
    stranded = Transfer.objects.filter(
        off, ledger_account=account, connection__isnull=False, state__in=FOR_THE_OFFICE
    )
    stranded.exclude(pk__in=waited_for).update(connection=office)
