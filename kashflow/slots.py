"""Places for calls in flight: at most `max_calls` an account, whichever process or thread makes them.

A slot is taken before every call, so its statement is written out: Django took longer to compose it than the database
to carry it out.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from kashflow.gateway.errors import NotSent
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


class Condition(NamedTuple):
    """SQL that is true or false, and the values of its parameters by name."""

    sql: str
    values: dict[str, Any]


ALWAYS = Condition("1 = 1", {})


def make(account: LedgerAccount) -> None:
    """The slots of a new account. All eight are made; `max_calls` says how many of them are used."""
    CallSlot.objects.bulk_create([CallSlot(ledger_account=account, n=n) for n in range(1, MOST + 1)])


def take(
    account: LedgerAccount, *, only_while: Condition = ALWAYS, refuse: Callable[[], object] = lambda: None
) -> uuid.UUID:
    """Holds one slot and returns its token. Waits as long as a read may take, then raises NotSent.

    A slot is had only while `only_while` is true, asked in the same statement: a login that is refused while
    somebody waits for a slot starts no call. `refuse` is called whenever there was none, to raise the reason.
    """
    limit = times()
    ends = time.monotonic() + limit.read
    while (holder := _try(account, limit.lease, only_while)) is None:
        refuse()
        if time.monotonic() > ends:
            raise NotSent(detail="every call slot of the account was taken")
        time.sleep(WAIT_BETWEEN_TRIES)
    return holder


def give_back(holder: uuid.UUID) -> None:
    """Frees what `holder` holds; a slot that was taken over after its lease is left alone."""
    CallSlot.objects.filter(holder=holder).update(holder=None, lease_until=None)


def as_stored(value: uuid.UUID | datetime) -> object:
    """An id or a moment as the database keeps it: SQLite has text for both."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value if connection.features.has_native_uuid_field else value.hex


def _try(account: LedgerAccount, lease_seconds: float, only_while: Condition) -> uuid.UUID | None:
    holder, now = uuid.uuid4(), timezone.now()
    values: dict[str, Any] = {
        "holder": as_stored(holder),
        "now": as_stored(now),
        "until": as_stored(now + timedelta(seconds=lease_seconds)),
        "account": account.pk,
    }
    # Durable: Django refuses it inside another transaction, and none may be open while KashFlow is talked to.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(TAKE.format(only_while=only_while.sql), {**values, **only_while.values})
        return holder if cursor.rowcount == 1 else None
