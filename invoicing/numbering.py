"""Invoice numbers: gapless, taken from one row in the transaction that raises (transfer.md, Numbers)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from invoicing.models import MAX_NUMBER, NumberCounter
from magmanager.common.errors import DomainError


class NumbersUsedUp(DomainError):
    """KashFlow's invoice numbers end at 2,147,483,647."""

    code = "numbers_used_up"


def take_block(count: int) -> int:
    """The first of `count` consecutive numbers. Its row stays locked until the caller's transaction ends.

    A rollback gives the numbers back: nobody else could take one meanwhile. Raises NumbersUsedUp.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Numbers are taken in the transaction that uses them.")
    counter = NumberCounter.objects.filter(pk=1)
    if not counter.filter(next_number__lte=MAX_NUMBER - count).update(next_number=F("next_number") + count):
        raise NumbersUsedUp(
            f"There are no {count} invoice numbers left below {MAX_NUMBER:,}. "
            "Set a smaller next invoice number with the help of KashFlow's support."
        )
    return counter.values_list("next_number", flat=True).get() - count
