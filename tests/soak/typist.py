"""The bookkeeper who types the number that is just being sent. Needs Django."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.core.management import call_command
from django.db import connections

from kashflow.connections import fingerprint
from kashflow.models import LedgerAccount
from tests import factories
from tests.faults.checks import settle
from tests.faults.house import wait_for
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import type_in
from tests.sandboxes import LiveSandbox

WAIT = 60


class Typist:
    """An accountant's desk and somebody in KashFlow at the same time."""

    def __init__(self, sandbox: LiveSandbox, numbers: str) -> None:
        self._numbers = numbers
        call_command("migrate", verbosity=0)
        factories.company()
        factories.kashflow_on()
        code = next(one["id"] for one in sandbox.state()["nominals"] if one["Code"] == 4000)
        account = factories.ledger_account(
            sales_code_id=code, numbering=numbers, fingerprint=fingerprint(sandbox.company())
        )
        self._desk = Desk(factories.saved_login(account, factories.user("Admin")), sandbox)
        self._payer = factories.client_row()

    def meet(self) -> tuple[str, int, int] | None:
        """Types into the next invoice's way: its state, its documents, what is left of the typed one; None where
        the account is paused and nothing more is sent."""
        desk = self._desk
        if LedgerAccount.objects.get().paused_reason:
            return None
        invoice = desk.raise_invoices(1, self._payer)[0]
        desk.press([invoice])
        desk.sandbox.hold("InsertInvoice", "received")
        made = desk.calls("InsertInvoice")
        working = _in_thread(desk.work)
        wait_for(lambda: desk.calls("InsertInvoice") > made, WAIT)
        typed = f"Typed against {invoice.number}"
        # KashFlow's own next number is what ours would get.
        type_in(desk, invoice.number if self._numbers == "ours" else 0, CustomerReference=typed)
        desk.sandbox.release()
        working.join()
        settle(desk)
        references = [one["CustomerReference"] for one in desk.sandbox.invoices()]
        mine = sum(reference.endswith(invoice.marker) for reference in references)
        return desk.transfer(invoice).state, mine, references.count(typed)


def _in_thread(work: Callable[[], object]) -> threading.Thread:
    """Runs `work` beside us, with a database connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
