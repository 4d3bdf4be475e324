"""Carrying one claimed transfer: which errand it is, and which step of it is next (transfer.md, step by step).

No transaction is open while KashFlow is talked to. Every outcome is one `record`, and whoever has lost the row stops.
"""

from __future__ import annotations

import logging

from invoicing.models import Transfer
from invoicing.transfer import applying, creating, deleting, paying
from invoicing.transfer.outcomes import switched_off
from invoicing.transfer.record import Lost
from invoicing.transfer.states import State
from invoicing.transfer.work import Steps, Work
from kashflow.gateway.errors import ConnectionOff

log = logging.getLogger(__name__)

# By kind of errand: what is done with a claimed one, with one that was written, and with an uncertain one.
STEPS: dict[str, Steps] = {
    str(Transfer.Kind.CREATE): creating.STEPS,
    str(Transfer.Kind.APPLY): applying.STEPS,
    str(Transfer.Kind.DELETE): deleting.STEPS,
    str(Transfer.Kind.PAYMENT): paying.STEPS,
}


def carry(transfer: Transfer) -> None:
    """Carries one claimed transfer as far as it goes now. Raises nothing that belongs to the protocol."""
    try:
        work = Work.on(transfer)
    except ConnectionOff as error:
        switched_off(transfer, error)
        return
    try:
        # More are in hand than may call at once. Between a look and its write no other's slow call may come.
        with work.gateway.in_one_go():
            STEPS[transfer.kind][State(transfer.state)](work)
    except Lost:
        log.info("Transfer %s is somebody else's by now.", transfer.pk)
        work.gateway.close()
    except BaseException:
        # A slot may be held for a call that is not made any more.
        work.gateway.close()
        raise
