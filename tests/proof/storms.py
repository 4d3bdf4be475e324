"""Bad days, each of which one broken policy does not survive. The invoices were asked for when they begin."""

from __future__ import annotations

from collections.abc import Callable

from invoicing.transfer.states import Event
from tests.proof.publisher import BETWEEN, SETTLE, Publisher

Storm = Callable[[Publisher], None]


def reply_lost(publisher: Publisher) -> None:
    """KashFlow carries the create out and the line breaks."""
    publisher.sandbox.fault("InsertInvoice", "drop_after")
    publisher.work()


def carried_out_late(publisher: Publisher) -> None:
    """KashFlow has the create and carries it out five minutes after we hung up."""
    publisher.hold_creates()
    publisher.work()
    publisher.pass_time(BETWEEN)
    publisher.work()
    publisher.pass_time(SETTLE / 2)


def reads_fail(publisher: Publisher) -> None:
    """The reply is lost, and KashFlow cannot be read when we look."""
    publisher.sandbox.fault("InsertInvoice", "drop_after")
    publisher.work()
    for operation in ("GetInvoice", "GetInvoicesForCustomer", "GetInvoicesByDateRange"):
        publisher.sandbox.fault(operation, "http_503", times=20)
    for seconds in (SETTLE, BETWEEN, BETWEEN):
        publisher.pass_time(seconds)
        publisher.work()


def frozen_before_the_intent(publisher: Publisher) -> None:
    """A worker stands still after its look, longer than its lease; another one does its work."""
    publisher.freeze("before", Event.INTENT)


def frozen_before_the_write(publisher: Publisher) -> None:
    """The same, after it has stored what it is about to send."""
    publisher.freeze("after", Event.INTENT)


STORMS: tuple[Storm, ...] = (
    reply_lost,
    carried_out_late,
    reads_fail,
    frozen_before_the_intent,
    frozen_before_the_write,
)
