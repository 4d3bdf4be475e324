"""Which transfer is next, and taking it: a claim is one conditional UPDATE with a new epoch and a lease.

design: transfer.md, Numbers (canary; one create at a time where KashFlow numbers) and States.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from invoicing.models import RunTransfer, Transfer
from invoicing.transfer import pauses
from invoicing.transfer.record import Lost, in_seconds, record
from invoicing.transfer.states import Event, State
from kashflow import slots
from kashflow.limits import times
from kashflow.models import Connection, LedgerAccount
from magmanager.common import clock, rows
from magmanager.common.models import Run
from settings_app.models import User

# How far a lane reads the queue: reading it anew for every invoice would cost a scan each.
CHUNK = 100
# How many may be prepared or recorded here beyond those whose calls are in flight.
IN_PREPARATION = 1
BEGUN = (State.SENT, State.AMBIGUOUS)
# The states somebody may hold, and those somebody may take: without them SQLite reads an account's whole history.
IN_HAND = (State.CLAIMED, State.SENDING, *BEGUN)
TO_TAKE = (State.READY, *BEGUN)
# What changes how much of an invoice is paid in KashFlow.
SETTLING = (Transfer.Kind.APPLY, Transfer.Kind.PAYMENT)
# Asked for every claim, so written out as the call slot's statement is.
COUNT_HELD = """
    SELECT COUNT(*) FROM invoicing_transfer
    WHERE ledger_account_id = %s AND lease_until > %s AND state IN (%s, %s, %s, %s)
"""
# Conditions of `due` without which nothing is due; loosened there, they must be loosened here. Mostly nothing waits, and
# composing all of `due` costs more than this answer.
IS_ANY_FREE = """
    SELECT EXISTS (
        SELECT 1 FROM invoicing_transfer
        WHERE ledger_account_id = %s AND state IN (%s, %s, %s)
            AND (not_before IS NULL OR not_before <= %s) AND (lease_until IS NULL OR lease_until <= %s)
    )
"""
FINISH_FIRST = Case(
    When(state=State.SENT, then=Value(0)),
    When(state=State.AMBIGUOUS, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
ORDER = (FINISH_FIRST, "invoice__number")


def due(account: LedgerAccount) -> QuerySet[Transfer]:
    """The transfers of `account` that somebody could take now.

    Nothing of a login that is switched off; nothing new of a paused run, nor while the account is paused, nor
    before the first login is saved. A credit note goes only after its invoice: alone it would stand in the books
    against nothing. It is set off once KashFlow has both for certain.
    """
    now = timezone.now()
    started = Q(state__in=BEGUN)
    startable = started if account.paused_reason else started | Q(~_is_paused(), state=State.READY)
    return Transfer.objects.filter(
        startable,
        started | Q(invoice__credits=None) | _is_in_kashflow("invoice__credits"),
        ~Q(kind=Transfer.Kind.APPLY) | _is_in_kashflow("invoice"),
        Q(not_before=None) | Q(not_before__lte=now),
        _is_free(),
        Q(connection=None) | Q(connection__refusal=""),
        ~Q(cause_code=pauses.NO_LOGIN) | Exists(Connection.objects.filter(ledger_account=account)),
        ledger_account=account,
        state__in=TO_TAKE,
    )


def _is_free() -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=timezone.now())


def _is_in_kashflow(document: str) -> Q:
    there = Transfer.objects.documents().filter(
        state=State.VERIFIED, ledger_account=OuterRef("ledger_account")
    )
    return Q(Exists(there.filter(invoice=OuterRef(document))))


def held_back(waiting: Collection[uuid.UUID]) -> Iterable[tuple[uuid.UUID, str, int | None]]:
    """Of each of `waiting` why its account is stopped, and the number of the invoice that has to go before it.

    "" and None where it is not, and where there is none or KashFlow has it.
    """
    lacking = Case(When(~_is_in_kashflow("invoice__credits"), then="invoice__credits__number"))
    found = Transfer.objects.filter(pk__in=waiting).annotate(lacking=lacking)
    return found.values_list("pk", "ledger_account__paused_reason", "lacking")


def _is_paused() -> Exists:
    """Whether the newest run that has the transfer is paused: the last press counts, not an older one."""
    newest = Run.objects.filter(run_transfers__transfer=OuterRef("transfer")).order_by("-started_at")
    paused = RunTransfer.objects.filter(transfer=OuterRef("pk"), run__state=Run.State.PAUSED)
    return Exists(paused.filter(run=Subquery(newest.values("pk")[:1])))


def next_ids(account: LedgerAccount) -> list[uuid.UUID]:
    """The transfers to take next: begun ones first, then in number order; where creates are serial, one of them."""
    if not _is_any_free(account):
        return []
    found = list(due(account).order_by(*ORDER).values_list("pk", "kind", "state")[:CHUNK])
    ids = [pk for pk, *_ in found]
    if is_serial(account):
        new = [pk for pk, kind, state in found if (kind, state) == (Transfer.Kind.CREATE, State.READY)]
        ids = [pk for pk in ids if pk not in set(new[1:])]
    return ids


def is_any_due(account: LedgerAccount) -> bool:
    """Whether somebody could take a transfer of `account` now."""
    return _is_any_free(account) and due(account).exists()


def _is_any_free(account: LedgerAccount) -> bool:
    """Whether any waits that nobody holds and whose time has come. Not whether it may go: that is `due`."""
    now = slots.as_stored(timezone.now())
    with connection.cursor() as cursor:
        values: list[Any] = [account.pk, *TO_TAKE, now, now]
        cursor.execute(IS_ANY_FREE, values)
        return bool(cursor.fetchone()[0])


def is_serial(account: LedgerAccount) -> bool:
    """Whether creates go one at a time: until our numbers are proved, always where KashFlow numbers its own."""
    return account.numbering == LedgerAccount.Numbering.KASHFLOW or not account.numbers_proved


def claim(account_id: int, transfer_id: uuid.UUID) -> Transfer | None:
    """`claim_first` of one."""
    return claim_first(account_id, [transfer_id])


def claim_first(account_id: int, transfer_ids: Iterable[uuid.UUID]) -> Transfer | None:
    """Takes the first that is still to be had of these, which were due; None where none is.

    `due` said what each waits for; asked again here is what may have changed since, and only that. With one more in
    hand than meant there is still no call more: those have their slots.
    """
    account = rows.get(LedgerAccount, account_id)
    if is_full(account):
        return None
    # As many as others may have taken since the queue was read are looked at together.
    at_once, ids = account.max_calls + IN_PREPARATION, list(transfer_ids)
    for start in range(0, len(ids), at_once):
        few = ids[start : start + at_once]
        found = rows.of_keys(Transfer, few)
        for transfer in (found[pk] for pk in few if pk in found):
            take = _take_in_turn if _goes_alone(transfer, account) else _take
            if _is_still_due(transfer, account) and take(transfer):
                return transfer
    return None


def _goes_alone(transfer: Transfer, account: LedgerAccount) -> bool:
    """Whether it begins only once others are done: a number of a serial account is taken, or what is paid changes.

    What has begun is finished whatever others do: two that waited for each other would wait for ever.
    """
    is_alone = transfer.kind in SETTLING or (transfer.kind == Transfer.Kind.CREATE and is_serial(account))
    return transfer.state == State.READY and is_alone


def _take_in_turn(transfer: Transfer) -> bool:
    """With the account's row locked (SQLite locks everything), so that nobody else finds its turn come too."""
    accounts = LedgerAccount.objects.select_for_update(no_key=True)
    with transaction.atomic():
        transfer.ledger_account = accounts.get(pk=transfer.ledger_account_id)
        return not _is_stopped(transfer) and _has_its_turn(transfer) and _take(transfer)


def _is_still_due(transfer: Transfer, account: LedgerAccount) -> bool:
    """Whether nobody took, stopped or postponed it since the queue was read. Its login and newest run stay loaded."""
    transfer.ledger_account, now = account, timezone.now()
    is_free = not any(wait and wait > now for wait in (transfer.lease_until, transfer.not_before))
    if not is_free or transfer.state not in TO_TAKE:
        return False
    return not _is_off(transfer) and (transfer.state in BEGUN or not _is_stopped(transfer))


def _is_off(transfer: Transfer) -> bool:
    if transfer.connection_id is None:
        return False
    login = rows.get(Connection, transfer.connection_id)
    login.user, login.ledger_account = rows.get(User, login.user_id), transfer.ledger_account
    transfer.connection = login
    return bool(login.refusal)


def _is_stopped(transfer: Transfer) -> bool:
    run = transfer.newest_run
    return bool(transfer.ledger_account.paused_reason) or (run is not None and run.state == Run.State.PAUSED)


def held(account: LedgerAccount) -> QuerySet[Transfer]:
    """The transfers somebody is at work on."""
    return Transfer.objects.filter(ledger_account=account, state__in=IN_HAND, lease_until__gt=timezone.now())


def is_full(account: LedgerAccount) -> bool:
    """Whether as many are in hand as help: while some are prepared or recorded here, the others' calls are in flight."""
    with connection.cursor() as cursor:
        values: list[Any] = [account.pk, slots.as_stored(timezone.now()), *IN_HAND]
        cursor.execute(COUNT_HELD, values)
        return int(cursor.fetchone()[0]) >= account.max_calls + IN_PREPARATION


def _has_its_turn(transfer: Transfer) -> bool:
    """Of one that goes alone, whether none is under way that it has to wait for."""
    if transfer.kind in SETTLING:
        return not _is_another_settling(transfer)
    account = transfer.ledger_account
    # Also with a lease that ran out: until that is found, its worker may be at it still.
    at_work = [State.CLAIMED, State.SENDING]
    if account.numbering == LedgerAccount.Numbering.KASHFLOW:
        # It may still be carried out there, and take the next number.
        at_work.append(State.AMBIGUOUS)
    begun = Transfer.objects.documents().filter(ledger_account=account, state__in=at_work)
    return not held(account).exists() and not begun.exists()


def _is_another_settling(transfer: Transfer) -> bool:
    """One at a time per invoice: what is paid of it before and after is what tells whether a note was set off.

    Payments are told apart by their codes, so they wait for no other payment.
    """
    is_payment = transfer.kind == Transfer.Kind.PAYMENT
    settled = transfer.invoice_id if is_payment else transfer.invoice.credits_id
    others = Q(kind=Transfer.Kind.APPLY, invoice__credits=settled)
    if not is_payment:
        others |= Q(kind=Transfer.Kind.PAYMENT, invoice=settled)
    at_work = Transfer.objects.filter(others, ledger_account=transfer.ledger_account_id, state__in=IN_HAND)
    return at_work.exclude(pk=transfer.pk).exists()


def _take(transfer: Transfer) -> bool:
    values: dict[str, Any] = {"epoch": transfer.epoch + 1, "lease_until": in_seconds(times().lease)}
    try:
        if transfer.state == State.READY:
            record(transfer, Event.CLAIM, what="Taken up.", **values)
            return True
    except Lost:
        return False
    same = {"id": transfer.pk, "epoch": transfer.epoch, "state": transfer.state}
    taken = rows.update(Transfer, same, values) == 1
    transfer.epoch, transfer.lease_until = values["epoch"], values["lease_until"]
    return taken


def expire_leases(account: LedgerAccount) -> int:
    """Frees what a dead worker held, and returns how many: what it may have sent is uncertain from now on."""
    gone = Transfer.objects.filter(
        ledger_account=account, state__in=[State.CLAIMED, State.SENDING], lease_until__lte=timezone.now()
    )
    return sum(_expire(transfer) for transfer in gone)


def wait_again_if_jumped(account: LedgerAccount) -> bool:
    """Whether the clock jumped since it was last asked; then what is uncertain waits again.

    In one transaction, so that nobody finds the jump noticed and the wait not yet begun.
    """
    with transaction.atomic():
        has_jumped = clock.has_jumped(times().margin)
        if has_jumped:
            wait_again(account)
    return has_jumped


def wait_again(account: LedgerAccount) -> int:
    """The settle wait of what is uncertain begins anew: a clock that jumped ended it too early. Returns how many.

    With a new epoch, so that whoever is looking just now records nothing by the old clock.
    """
    uncertain = Transfer.objects.filter(ledger_account=account, state=State.AMBIGUOUS)
    return uncertain.update(
        epoch=F("epoch") + 1,
        lease_until=None,
        not_before=in_seconds(times().settle),
        absent_seen=0,
        absent_first_at=None,
    )


def _expire(transfer: Transfer) -> bool:
    sent = transfer.state == State.SENDING
    what = (
        "The program stopped while this was being sent. Whether KashFlow has it is checked first."
        if sent
        else "The program stopped before anything was sent. It is taken up again."
    )
    cause: dict[str, Any] = {"last_cause": what, "cause_code": "stopped_while_sending" if sent else "stopped"}
    try:
        record(transfer, Event.LEASE_EXPIRED, what=what, epoch=transfer.epoch + 1, **cause)
    except Lost:
        return False
    return True
