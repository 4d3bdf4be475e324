"""The rows of the fault matrix catch the broken policies too: by `tests/oracle.py`, as they judge the product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from invoicing.models import Invoice, Transfer
from invoicing.transfer import creating
from invoicing.transfer.states import Event
from kashflow.door import Door
from kashflow.gateway.transport import Limits
from kashflow.models import Connection
from tests import oracle
from tests.faults.checks import assert_exactly_once, settle, struck
from tests.faults.house import UNFORGIVING, wait_for
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import BETWEEN, LEASE, SETTLE
from tests.proof import policies
from tests.proof.policies import Policy
from tests.sandboxes import LiveSandbox

Row = Callable[[Desk, pytest.MonkeyPatch], object]
READS = ("GetInvoice", "GetInvoicesForCustomer", "GetInvoicesByDateRange")
GIVE_UP = 0.25


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    """The accountant, and an account that keeps both documents of one number."""
    sandbox.settings(**UNFORGIVING)
    return Desk(connected, sandbox)


def f05_reply_lost(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    struck(desk, {"kind": "drop_after"})


def f06_carried_out_late(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    """After we gave up, in the middle of the settle wait."""
    limits = Door.limits.fget
    assert limits is not None

    def impatient(door: Door) -> Limits:
        return replace(limits(door), create=GIVE_UP)

    desk.in_kashflow()
    patch.setattr(Door, "limits", property(impatient))
    desk.sandbox.hold("InsertInvoice", "received")
    desk.press(desk.raise_invoices(1))
    desk.work()
    for seconds in (BETWEEN, BETWEEN, SETTLE / 2):
        desk.skip(seconds)
        desk.sweep_and_work()
    desk.sandbox.release()
    wait_for(lambda: all(call["outcome"] for call in desk.sandbox.log("InsertInvoice")), 10)


def f11_reads_fail(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    struck(desk, {"kind": "drop_after"})
    for operation in READS:
        desk.sandbox.fault(operation, "http_503", times=50)
    settle(desk)
    desk.sandbox.no_faults()


def f42_frozen_before_the_intent(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    """For longer than its lease: another worker sends it meanwhile."""
    record = creating.record

    def stands_still(transfer: Transfer, event: Event, **values: Any) -> None:
        if event is Event.INTENT:
            patch.setattr(creating, "record", record)
            desk.skip(LEASE)
            desk.sweep_and_work()
        record(transfer, event, **values)

    desk.in_kashflow()
    desk.press(desk.raise_invoices(1))
    patch.setattr(creating, "record", stands_still)
    desk.work()


FEARED: dict[Policy, Row] = {
    policies.plain_retry: f05_reply_lost,
    policies.look_without_settle: f06_carried_out_late,
    policies.read_error_is_absent: f11_reads_fail,
    policies.no_token_no_deadline: f42_frozen_before_the_intent,
}


@pytest.mark.timeout(60, func_only=True)
@pytest.mark.parametrize("row", FEARED.values(), ids=lambda row: row.__name__)
def test_product_passes_the_row(desk: Desk, monkeypatch: pytest.MonkeyPatch, row: Row) -> None:
    row(desk, monkeypatch)
    settle(desk)
    assert_exactly_once(desk)
    assert len(desk.documents()) == 2


@pytest.mark.timeout(60, func_only=True)
@pytest.mark.parametrize("policy", FEARED, ids=lambda policy: policy.__name__)
def test_broken_policy_is_caught_by_the_row(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, policy: Policy
) -> None:
    policy(monkeypatch)
    FEARED[policy](desk, monkeypatch)
    settle(desk)
    doubled = Invoice.objects.latest("number")
    found = oracle.find(oracle.product_rows(), desk.sandbox.invoices())
    (said,) = found.duplicates
    assert said.startswith(f"{doubled.marker} is there ")
    with pytest.raises(AssertionError):
        assert_exactly_once(desk)
