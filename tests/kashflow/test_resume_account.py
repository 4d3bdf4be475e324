"""*Let transfers go on*: an admin ends what stopped an account."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client as Browser
from django.urls import reverse

from kashflow.models import Connection, LedgerAccount
from settings_app.models import AuditEntry

ADDRESS = reverse("kashflow:account_resume")
REASON = "KashFlow does not keep our numbers."


def stopped(connection: Connection, reason: str = REASON) -> None:
    LedgerAccount.objects.filter(pk=connection.ledger_account_id).update(paused_reason=reason)


def reason() -> str:
    return LedgerAccount.objects.get(is_current=True).paused_reason


def test_a_stranger_is_asked_to_log_in(connected: Connection, stranger: Browser) -> None:
    stopped(connected)
    assert stranger.post(ADDRESS).status_code == 302
    assert reason() == REASON


def test_the_accountant_reads_why_and_may_not_end_it(
    connected: Connection, as_role: Callable[..., Browser]
) -> None:
    stopped(connected)
    browser = as_role("Accounts")
    page = browser.get(reverse("kashflow:settings")).content.decode()
    assert REASON in page
    assert "Let transfers go on" not in page
    assert browser.post(ADDRESS).status_code == 403
    assert reason() == REASON


def test_an_admin_lets_them_go_on(connected: Connection, as_role: Callable[..., Browser]) -> None:
    stopped(connected)
    browser = as_role("Admin")
    assert "Let transfers go on" in browser.get(reverse("kashflow:settings")).content.decode()
    page = browser.post(ADDRESS, follow=True).content.decode()
    assert "Transfers go on within a minute." in page
    assert (reason(), REASON in page) == ("", False)
    entry = AuditEntry.objects.get(event="kashflow_account.resumed")
    assert (entry.by, entry.before) == (browser.person, {"paused_reason": REASON})


def test_a_second_press_is_told_and_changes_nothing(
    connected: Connection, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Admin").post(ADDRESS, follow=True).content.decode()
    assert "somebody let them go on already" in page
    assert not AuditEntry.objects.filter(event="kashflow_account.resumed").exists()
