"""Lanes and the sweep: who takes what, side by side, and how many calls it costs."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.customer_links import values_of
from clients.models import CustomerLink
from invoicing import tasks
from invoicing.models import Invoice, Transfer
from invoicing.transfer import claims, engine, lanes
from kashflow import slots
from kashflow.gateway.errors import Busy
from kashflow.models import ApiCall, CallSlot, Connection, LedgerAccount
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.transfer.conftest import Desk


def test_claim_is_taken_once(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    row = desk.transfer(invoice)
    first = claims.claim(desk.account.pk, row.pk)
    assert first is not None
    assert (first.state, first.epoch) == ("claimed", 1)
    assert claims.claim(desk.account.pk, row.pk) is None


def test_one_more_is_in_hand_than_calls_are_allowed(desk: Desk) -> None:
    LedgerAccount.objects.update(numbers_proved=True, max_calls=2)
    rows = [desk.transfer(invoice) for invoice in _pressed(desk, 4)]
    taken = [claims.claim(desk.account.pk, row.pk) is not None for row in rows]
    assert taken == [True, True, True, False]


def test_lane_that_finds_enough_in_hand_leaves_it_to_them(desk: Desk) -> None:
    LedgerAccount.objects.update(numbers_proved=True, max_calls=2)
    rows = [desk.transfer(invoice) for invoice in _pressed(desk, 4)]
    for row in rows[:3]:
        claims.claim(desk.account.pk, row.pk)
    assert desk.work() == 0
    assert desk.states() == ["claimed"] * 3 + ["ready"]
    assert desk.sandbox.log() == []


STOPS = {
    "its run was paused": lambda desk: Run.objects.update(state=Run.State.PAUSED),
    "the account was stopped": lambda desk: LedgerAccount.objects.update(paused_reason="Choose first."),
    "the login was refused": lambda desk: Connection.objects.update(refusal="wrong_login"),
    "it was postponed": lambda desk: Transfer.objects.update(not_before=timezone.now() + timedelta(hours=1)),
    "another lane has it": lambda desk: claims.claim(desk.account.pk, Transfer.objects.get().pk),
    "another lane is sending it": lambda desk: Transfer.objects.update(
        state="sending", epoch=1, lease_until=timezone.now() + timedelta(seconds=100)
    ),
    "another lane has read it back": lambda desk: desk.work(),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_what_changed_since_the_queue_was_read_is_not_taken(
    desk: Desk, stop: Callable[[Desk], object]
) -> None:
    LedgerAccount.objects.update(numbers_proved=True)
    _pressed(desk, 1)
    queue = claims.next_ids(desk.account)
    assert len(queue) == 1
    stop(desk)
    before = Transfer.objects.values().get()
    assert claims.claim_first(desk.account.pk, queue) is None
    assert Transfer.objects.values().get() == before


def test_lane_takes_what_is_left_of_a_queue_that_others_work_on(desk: Desk) -> None:
    LedgerAccount.objects.update(numbers_proved=True)
    _pressed(desk, 3)
    queue = claims.next_ids(desk.account)
    claims.claim(desk.account.pk, queue[0])
    taken = claims.claim_first(desk.account.pk, queue)
    assert taken is not None
    assert taken.pk == queue[1]


def test_errand_keeps_its_slot_from_look_to_read_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's slow call comes between a look and its create: of three calls each, only the first takes a slot."""
    desk.in_kashflow(payer=(payer := factories.client_row()))
    taken: list[uuid.UUID] = []
    take = slots.take

    def noting(*args: Any, **how: Any) -> uuid.UUID:
        taken.append(take(*args, **how))
        return taken[-1]

    monkeypatch.setattr(slots, "take", noting)
    ApiCall.objects.all().delete()
    desk.press(desk.raise_invoices(2, payer))
    desk.work()
    made = list(ApiCall.objects.order_by("id").values_list("operation", flat=True))
    assert made == ["GetInvoice", "InsertInvoice", "GetInvoice"] * 2
    assert len(taken) == 2
    assert CallSlot.objects.exclude(holder=None).count() == 0


def test_customer_is_created_where_the_errand_has_the_only_slot(desk: Desk) -> None:
    LedgerAccount.objects.update(numbers_proved=True, max_calls=1)
    desk.press(desk.raise_invoices(2))
    desk.work()
    assert desk.states() == ["verified"] * 2
    assert desk.calls("InsertCustomer") == 2
    assert CallSlot.objects.exclude(holder=None).count() == 0


def test_no_free_slot_is_no_reason_to_hold_the_others_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KashFlow is not away: whoever else has a slot is talking to it."""

    def none_free(*args: Any, **how: Any) -> uuid.UUID:
        raise Busy

    with monkeypatch.context() as busy:
        busy.setattr(slots, "take", none_free)
        first, second = _pressed(desk, 2)
        held = claims.claim(desk.account.pk, desk.transfer(first).pk)
        assert held is not None
        engine.carry(held)
    waits = [
        (desk.transfer(one).cause_code, desk.transfer(one).not_before is None) for one in (first, second)
    ]
    assert waits == [("busy", False), ("", True)]
    desk.work()
    assert desk.states() == ["ready", "verified"]


def test_one_at_a_time_until_numbers_are_proved(desk: Desk) -> None:
    rows = [desk.transfer(invoice) for invoice in _pressed(desk, 2)]
    assert claims.claim(desk.account.pk, rows[0].pk) is not None
    assert claims.claim(desk.account.pk, rows[1].pk) is None


def test_a_lane_asks_for_another_only_where_there_is_room(desk: Desk) -> None:
    LedgerAccount.objects.update(numbers_proved=True, max_calls=1)
    first = desk.transfer(_pressed(desk, 4)[0])
    claims.claim(desk.account.pk, first.pk)
    woken: list[int] = []
    lanes.carry_due(desk.account.pk, wake_another=lambda: woken.append(1))
    assert (woken, desk.states()) == ([], ["claimed"] + ["verified"] * 3)
    LedgerAccount.objects.update(max_calls=3)
    _pressed(desk, 3)
    lanes.carry_due(desk.account.pk, wake_another=lambda: woken.append(1))
    assert woken != []
    assert desk.states() == ["claimed"] + ["verified"] * 6


def test_a_lane_whose_time_is_over_hands_on(desk: Desk) -> None:
    _pressed(desk, 3)
    woken: list[int] = []
    assert lanes.carry_due(desk.account.pk, wake_another=lambda: woken.append(1), seconds=0) == 1
    assert woken == [1]


def test_sweep_finds_what_nobody_woke_and_twice_does_no_harm(desk: Desk) -> None:
    _pressed(desk, 2)
    assert lanes.sweep() == lanes.sweep() == desk.account.pk
    desk.work()
    assert lanes.sweep() is None
    assert desk.calls("InsertInvoice") == 2


def test_sweep_wakes_nobody_for_what_may_not_go_yet(desk: Desk) -> None:
    """What waits is free to be taken, and still it is not due: its account is stopped."""
    desk.press(desk.raise_invoices(1))
    LedgerAccount.objects.update(paused_reason="Stopped for this test")
    assert lanes.sweep() is None
    assert claims.next_ids(desk.account) == []
    LedgerAccount.objects.update(paused_reason="")
    assert lanes.sweep() == desk.account.pk


def test_tasks_carry_and_sweep(desk: Desk) -> None:
    _pressed(desk, 2)
    tasks.sweep()
    tasks.work(str(desk.account.pk))
    tasks.work(str(desk.account.pk))
    assert desk.states() == ["verified"] * 2
    assert len(desk.documents()) == 2


def test_many_unknown_payers_cost_one_list_and_one_create_each(desk: Desk) -> None:
    desk.press(desk.raise_invoices(21))
    desk.work()
    assert desk.states() == ["verified"] * 21
    made = Counter(ApiCall.objects.values_list("operation", flat=True))
    assert (made["GetCustomers"], made["GetCustomerByEmail"], made["InsertCustomer"]) == (1, 0, 21)


@pytest.mark.parametrize("way", ["file", "kashflow"])
def test_many_linked_payers_that_nobody_read_cost_one_list_and_nothing_more(desk: Desk, way: str) -> None:
    invoices = desk.raise_invoices(21)
    codes = {f"CUST{n:02}": invoice.payer for n, invoice in enumerate(invoices)}
    there = {
        code: desk.sandbox.server.ledger.add_customer(Code=code, Name=payer.name)
        for code, payer in codes.items()
    }
    for code, payer in codes.items():
        CustomerLink.objects.create(
            client=payer,
            ledger_account=desk.account,
            state="linked",
            code=code.lower(),
            customer_id=there[code] if way == "kashflow" else None,
            linked_at="2026-11-01T00:00:00Z",
            known=values_of(payer),
        )
    before = desk.sandbox.state()["customers"]
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified"] * 21
    made = Counter(ApiCall.objects.values_list("operation", flat=True))
    asked = ("GetCustomers", "GetCustomer", "GetCustomerByID", "UpdateCustomer", "InsertCustomer")
    assert [made[name] for name in asked] == [1, 0, 0, 0, 0]
    assert dict(CustomerLink.objects.values_list("client__name", "customer_id")) == {
        payer.name: there[code] for code, payer in codes.items()
    }
    assert desk.sandbox.state()["customers"] == before


def test_queries_of_an_invoice_do_not_grow_with_the_batch(desk: Desk) -> None:
    payer = factories.client_row()
    desk.press(desk.raise_invoices(1, payer))
    desk.work()
    counts = []
    for size in (5, 10):
        desk.press(desk.raise_invoices(size, payer))
        with _counted() as queries:
            desk.work()
        counts.append(len(queries) / size)
    assert counts[1] <= counts[0]


def _pressed(desk: Desk, count: int) -> list[Invoice]:
    invoices = desk.raise_invoices(count, factories.client_row())
    desk.press(invoices)
    return invoices


def _counted() -> CaptureQueriesContext:
    return CaptureQueriesContext(database)
