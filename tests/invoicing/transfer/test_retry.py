"""*Retry*, one or all: what waits after a failure is due at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer import desk as verbs
from invoicing.transfer import services
from magmanager.common.errors import NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.transfer.conftest import Desk


def waiting(desk: Desk, count: int = 1) -> list[Transfer]:
    """Transfers that wait because KashFlow could not be read."""
    invoices = desk.raise_invoices(count)
    desk.sandbox.fault("GetInvoice", "http_500", times=count)
    desk.press(invoices)
    desk.work()
    found = [desk.transfer(invoice) for invoice in invoices]
    assert all(one.state == "ready" and one.not_before for one in found)
    return found


def test_stranger_is_sent_to_login(desk: Desk, stranger: Browser) -> None:
    transfer = waiting(desk)[0]
    for where in (f"/invoicing/transfers/{transfer.pk}/retry/", "/invoicing/transfers/retry/"):
        assert stranger.post(where).headers["Location"].startswith("/login/")
    desk.work()
    assert desk.states() == ["ready"]


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_hurries_nothing(desk: Desk, as_role: Callable[..., Browser], role: str) -> None:
    transfer, by = waiting(desk)[0], factories.user(role)
    with pytest.raises(NotAllowed):
        verbs.retry(by=by, transfer=transfer)
    with pytest.raises(NotAllowed):
        verbs.retry_all(by=by)
    browser = as_role(role)
    for where in (f"/invoicing/transfers/{transfer.pk}/retry/", "/invoicing/transfers/retry/"):
        assert browser.post(where).status_code == 403
    desk.work()
    assert desk.states() == ["ready"]


def test_one_is_due_at_once(desk: Desk) -> None:
    first, _second = waiting(desk, 2)
    run = verbs.retry(by=desk.by, transfer=first)
    desk.work()
    assert desk.states() == ["verified", "ready"]
    attempt = TransferAttempt.objects.get(outcome="retry")
    assert (attempt.transfer, attempt.by, attempt.what) == (first, desk.by, "Tried again at once.")
    entry = AuditEntry.objects.get(event="transfers.retry")
    assert (entry.object_id, entry.after) == (str(run.pk), {"transfers": 1})


def test_all_are_due_at_once(desk: Desk) -> None:
    waiting(desk, 3)
    run = verbs.retry_all(by=desk.by)
    assert (run.title, run.run_transfers.count()) == ("Retry of 3 transfers", 3)
    desk.work()
    assert desk.states() == ["verified"] * 3
    assert desk.calls("InsertInvoice") == 3


def test_what_somebody_else_paused_goes_on_when_it_is_retried(desk: Desk) -> None:
    """The newest press counts, not the run that was paused."""
    transfer = waiting(desk)[0]
    run = Run.objects.get()
    services.pause_run(by=desk.by, run=run)
    verbs.retry(by=desk.by, transfer=transfer)
    desk.work()
    assert desk.states() == ["verified"]


def test_nothing_that_waits_is_said(desk: Desk) -> None:
    with pytest.raises(verbs.NothingToDo):
        verbs.retry_all(by=desk.by)
    assert not Run.objects.exists()
