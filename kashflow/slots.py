"""Places for calls in flight: at most `max_calls` an account, whichever process or thread makes them.

A slot is taken before every call, so its statement is written out: Django took longer to compose it than the database
to carry it out.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from kashflow.gateway.errors import Busy
from kashflow.limits import times
from kashflow.models import CallSlot, LedgerAccount

MOST = 8
WAIT_BETWEEN_TRIES = 0.02
# "Free" stands in the outer statement too: PostgreSQL asks that again of a row somebody else just took.
TAKE = """
    UPDATE kashflow_callslot SET holder = %(holder)s, lease_until = %(until)s
    WHERE (holder IS NULL OR lease_until < %(now)s) AND {only_while} AND id = (
        SELECT slot.id FROM kashflow_callslot AS slot
        JOIN kashflow_ledgeraccount AS account ON account.id = slot.ledger_account_id
        WHERE account.id = %(account)s AND slot.n <= account.max_calls
            AND (slot.holder IS NULL OR slot.lease_until < %(now)s)
        ORDER BY slot.n LIMIT 1
    )
"""
RENEW = "UPDATE kashflow_callslot SET lease_until = %(until)s WHERE holder = %(holder)s AND {only_while}"
GIVE_BACK = "UPDATE kashflow_callslot SET holder = NULL, lease_until = NULL WHERE holder = %(holder)s"
# Told whenever a thread of this process gave a slot back; other processes are asked by trying.
_freed = threading.Condition()


class Condition(NamedTuple):
    """SQL that is true or false, and the values of its parameters by name."""

    sql: str
    values: dict[str, Any]


ALWAYS = Condition("1 = 1", {})


def make(account: LedgerAccount) -> None:
    """The slots of a new account. All eight are made; `max_calls` says how many of them are used."""
    CallSlot.objects.bulk_create([CallSlot(ledger_account=account, n=n) for n in range(1, MOST + 1)])


def take(
    account: LedgerAccount,
    *,
    only_while: Condition = ALWAYS,
    refuse: Callable[[], object] = lambda: None,
    seconds: float | None = None,
) -> uuid.UUID:
    """Holds one slot and returns its token. Waits `seconds`, or as long as a read may take, then raises Busy.

    A slot is had only while `only_while` is true, asked in the same statement: a login that is refused while
    somebody waits for a slot starts no call. `refuse` is called whenever there was none, to raise the reason.
    """
    limit = times()
    ends = time.monotonic() + (limit.read if seconds is None else seconds)
    while (holder := _try(account, limit.lease, only_while)) is None:
        refuse()
        if time.monotonic() > ends:
            raise Busy(detail="every call slot of the account was taken")
        with _freed:
            _freed.wait(WAIT_BETWEEN_TRIES)
    return holder


def renew(holder: uuid.UUID, *, only_while: Condition = ALWAYS) -> bool:
    """Keeps a held slot for one call more; False where it was lost after its lease, or `only_while` is not true."""
    until = timezone.now() + timedelta(seconds=times().lease)
    values = {"holder": as_stored(holder), "until": as_stored(until), **only_while.values}
    return _changed_one(RENEW.format(only_while=only_while.sql), values)


def give_back(holder: uuid.UUID) -> None:
    """Frees what `holder` holds; a slot that was taken over after its lease is left alone."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"holder": as_stored(holder)}
        cursor.execute(GIVE_BACK, values)
    transaction.on_commit(_tell_waiting)


def _tell_waiting() -> None:
    with _freed:
        _freed.notify()


def holds(condition: Condition) -> bool:
    """Whether `condition` is true now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 WHERE {condition.sql}", condition.values)
        return cursor.fetchone() is not None


def as_stored(value: uuid.UUID | datetime) -> object:
    """An id or a moment as the database keeps it: SQLite has text for both."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value if connection.features.has_native_uuid_field else value.hex


def _try(account: LedgerAccount, lease_seconds: float, only_while: Condition) -> uuid.UUID | None:
    holder, now = uuid.uuid4(), timezone.now()
    values = {
        "holder": as_stored(holder),
        "now": as_stored(now),
        "until": as_stored(now + timedelta(seconds=lease_seconds)),
        "account": account.pk,
    }
    return (
        holder if _changed_one(TAKE.format(only_while=only_while.sql), values | only_while.values) else None
    )


def _changed_one(statement: str, values: dict[str, Any]) -> bool:
    _refuse_inside_a_transaction()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount == 1


def _refuse_inside_a_transaction() -> None:
    """None may be open while KashFlow is talked to. As `atomic(durable=True)` without a transaction of its own."""
    blocks: list[Any] = connection.atomic_blocks
    if blocks and not blocks[-1]._from_testcase:
        raise RuntimeError(
            "KashFlow must not be called inside a transaction: a slot is taken for good or not at all."
        )
