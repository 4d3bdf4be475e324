"""raise_batch pressed by several at once: threads, each with a connection of its own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection

from bookings.models import Instalment
from bookings.services import AlreadyInvoiced
from invoicing.models import Batch, Invoice, NumberCounter
from invoicing.services import raise_batch
from magmanager.common.errors import DomainError
from tests import factories
from tests.invoicing.batches import DAY, bookings, ids_of


def _press_together(acts: list[Callable[[], Any]]) -> list[Any]:
    """Runs `acts` at the same moment, each on a connection of its own; what each returned or raised."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(n: int) -> None:
        try:
            start.wait(timeout=20)
            results[n] = acts[n]()
        except DomainError as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_a_double_press_raises_one_batch(committed: None) -> None:
    lines, accountant, key = bookings(3), factories.user("Accounts"), uuid.uuid4()
    ids = ids_of(lines)
    total = Decimal("216.00") * 3

    def press() -> Batch:
        return raise_batch(by=accountant, key=key, instalment_ids=ids, invoice_date=DAY, expected_total=total)

    results = _press_together([press] * 4)

    assert [result.pk for result in results] == [Batch.objects.get().pk] * 4
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [1, 2, 3]
    assert NumberCounter.objects.get().next_number == 4


def test_two_people_raise_what_overlaps_once(committed: None) -> None:
    lines, people = bookings(4), [factories.user("Accounts"), factories.user("Admin")]
    ids = ids_of(lines)
    halves = [ids[:3], ids[1:]]

    def press(n: int) -> Batch:
        return raise_batch(
            by=people[n],
            key=uuid.uuid4(),
            instalment_ids=halves[n],
            invoice_date=DAY,
            expected_total=Decimal("648.00"),
        )

    results = _press_together([lambda: press(0), lambda: press(1)])

    assert {type(result) for result in results} == {Batch, AlreadyInvoiced}
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [1, 2, 3]
    assert Instalment.objects.filter(is_open=True).count() == 1


def test_batches_side_by_side_leave_no_gap(committed: None) -> None:
    accountant = factories.user("Accounts")
    parts = [ids_of(bookings(3)) for _ in range(4)]

    def press(ids: list[int]) -> Batch:
        return raise_batch(
            by=accountant,
            key=uuid.uuid4(),
            instalment_ids=ids,
            invoice_date=DAY,
            expected_total=Decimal("648.00"),
        )

    results = _press_together([lambda ids=ids: press(ids) for ids in parts])

    assert all(isinstance(result, Batch) for result in results)
    assert sorted(Invoice.objects.values_list("number", flat=True)) == list(range(1, 13))
