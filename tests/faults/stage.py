"""What the process tests do in a process of their own, on its own database: `prepare 50`, `cancel`, `told`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from invoicing import restoring, tasks  # noqa: E402
from invoicing.cancelling import cancel_invoice  # noqa: E402
from invoicing.models import Invoice, NumberCounter, TransferAttempt  # noqa: E402
from invoicing.transfer import services  # noqa: E402
from kashflow.account import resume_account  # noqa: E402
from kashflow.models import LedgerAccount  # noqa: E402
from magmanager.common.models import Run  # noqa: E402
from magmanager.common.wake import wake  # noqa: E402
from settings_app.models import User  # noqa: E402
from tests import factories, oracle  # noqa: E402
from tests.invoicing.transfer.conftest import FIRST_NUMBER, raised  # noqa: E402


def prepare(count: str, sales_code: str) -> None:
    """Tables, a connected account, `count` raised invoices, and the press of the button."""
    issue(count, sales_code)
    press()


def issue(count: str, sales_code: str) -> None:
    """The same without the press."""
    call_command("migrate", verbosity=0)
    factories.company()
    factories.kashflow_on()
    account = factories.ledger_account(sales_code_id=int(sales_code))
    factories.saved_login(account, factories.user("Admin"))
    by = factories.user("Accounts")
    payers = [factories.client_row() for _ in range(5)]
    for n in range(int(count)):
        raised(by, payers[n % 5], FIRST_NUMBER + n, "180.00", "42.35")
    NumberCounter.objects.update(next_number=FIRST_NUMBER + int(count))


def press() -> None:
    """*Transfer to KashFlow* for every invoice."""
    by = User.objects.get(groups__name="Accounts")
    services.request_transfers(by=by, invoice_ids=list(Invoice.objects.values_list("pk", flat=True)))
    wake(tasks.work, LedgerAccount.objects.get().pk)


def migrate(name: str = "") -> None:
    """All migrations, or those of Invoicing up to `name`, forwards or backwards."""
    call_command("migrate", *(["invoicing", name] if name else []), verbosity=0)


def migrate_and_die(name: str, place: str) -> None:
    """All migrations; it kills itself before the migration `name` begins, or before that one's transaction ends."""
    method = {"before": "apply_migration", "inside": "record_migration"}[place]
    called = getattr(MigrationExecutor, method)

    def struck(self: Any, *args: Any, **named: Any) -> Any:
        if any(getattr(one, "name", "") == name for one in args):
            os.kill(os.getpid(), signal.SIGKILL)
        return called(self, *args, **named)

    setattr(MigrationExecutor, method, struck)
    migrate()


def cancel() -> None:
    """Cancels every invoice: KashFlow is asked, and voiding is written for the workers."""
    by = User.objects.get(groups__name="Accounts")
    for invoice in Invoice.objects.filter(kind="invoice"):
        cancel_invoice(by=by, invoice=invoice, reason="Booked twice")
    wake(tasks.work, LedgerAccount.objects.get().pk)


def after_restore() -> None:
    """What an admin does once a restored backup stopped the transfers."""
    restoring.after_restore()
    admin = User.objects.get(groups__name="Admin")
    resume_account(by=admin, account=LedgerAccount.objects.get())


def told() -> None:
    """What the product says, as JSON."""
    found = {
        "rows": oracle.product_rows(),
        "runs": list(Run.objects.values_list("state", flat=True)),
        "proved": LedgerAccount.objects.get().numbers_proved,
        "outcomes": Counter(TransferAttempt.objects.values_list("outcome", flat=True)),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    commands = (prepare, issue, press, cancel, after_restore, told, migrate, migrate_and_die)
    {one.__name__: one for one in commands}[sys.argv[1]](*sys.argv[2:])
