"""Places for calls in flight: at most `max_calls` an account, whichever process or thread makes them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, Q, Subquery
from django.utils import timezone

from kashflow.gateway.errors import NotSent
from kashflow.limits import times
from kashflow.models import CallSlot, LedgerAccount

MOST = 8
WAIT_BETWEEN_TRIES = 0.02


def make(account: LedgerAccount) -> None:
    """The slots of a new account. All eight are made; `max_calls` says how many of them are used."""
    CallSlot.objects.bulk_create([CallSlot(ledger_account=account, n=n) for n in range(1, MOST + 1)])


def take(
    account: LedgerAccount, *, only_while: Exists | None = None, refuse: Callable[[], object] = lambda: None
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


def _try(account: LedgerAccount, lease_seconds: float, only_while: Exists | None) -> uuid.UUID | None:
    holder = uuid.uuid4()
    lease_until = timezone.now() + timedelta(seconds=lease_seconds)
    allowed = LedgerAccount.objects.filter(pk=account.pk).values("max_calls")
    usable = CallSlot.objects.filter(_free(), ledger_account=account, n__lte=Subquery(allowed))
    # "Free" stands in the outer statement too: PostgreSQL asks that again of a row somebody else just took.
    wanted = CallSlot.objects.filter(_free(), pk__in=usable.order_by("n").values("pk")[:1])
    if only_while is not None:
        wanted = wanted.filter(only_while)
    # Durable: Django refuses it inside another transaction, and none may be open while KashFlow is talked to.
    with transaction.atomic(durable=True):
        taken = wanted.update(holder=holder, lease_until=lease_until)
    return holder if taken == 1 else None


def _free() -> Q:
    return Q(holder=None) | Q(lease_until__lt=timezone.now())
