"""What cannot be waited for or typed in a browser test, done in a process of the running product's own.

It reads one command after another, a JSON list in a line, and answers with what it has to say as JSON: starting Django
for each of them would take longer than all that they do.
`invoice NAME EMAIL` raises one for that client, `code-gone NUMBER` marks a code of it as no longer in KashFlow,
`later SECONDS` lets time pass for the transfers.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from clients.models import Client  # noqa: E402
from invoicing import tasks  # noqa: E402
from invoicing.models import Invoice  # noqa: E402
from invoicing.transfer import lanes  # noqa: E402
from kashflow.models import AccountCode  # noqa: E402
from magmanager.common.wake import wake  # noqa: E402
from publications.models import Issue  # noqa: E402
from settings_app.models import User  # noqa: E402
from tests import factories  # noqa: E402
from tests.browser.product import EMAIL  # noqa: E402
from tests.invoicing.batches import raised  # noqa: E402
from tests.invoicing.transfer.moments import skip  # noqa: E402


def invoice(name: str, email: str) -> int:
    """A quarter page at £180.00 and 20 % VAT; returns its number."""
    client = Client.objects.filter(name=name).first() or factories.client_row(name=name, email=email)
    issue = Issue.objects.filter(on_sale_on__gte=timezone.localdate(), is_complete=False).order_by(
        "on_sale_on"
    )[0]
    by = User.objects.get(email=EMAIL["Accounts"])
    # The first sweep of a machine lets everything uncertain wait anew; here it is over before any is.
    lanes.sweep()
    line = factories.booking(client, issue, by=by)
    made = raised(by, [line], invoice_date=timezone.localdate()).invoices.get()
    return made.number


def code_gone(number: str) -> None:
    """As a sync would, had somebody taken the code away in KashFlow."""
    line = Invoice.objects.get(number=int(number)).lines.select_related("account_code")[0]
    AccountCode.objects.filter(pk=line.account_code_id).update(gone_at=timezone.now())


def later(seconds: str) -> None:
    """Every moment the transfers keep moves into the past, and a lane looks what is due now."""
    skip(float(seconds))
    if account_id := lanes.sweep():
        wake(tasks.work, account_id)


COMMANDS = {"invoice": invoice, "code-gone": code_gone, "later": later}

if __name__ == "__main__":
    for asked in sys.stdin:
        command, *words = json.loads(asked)
        said = COMMANDS[command](*words)
        connections.close_all()
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()
