"""The Transfer desk, decided in the browser: each act from its form, refusals beside their cause."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from invoicing.models import NumberCounter, Transfer, TransferAttempt
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.test_desk_page import DESK, As, address
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk
from tests.invoicing.transfer.needing import (
    number_taken,
    off_by_a_penny,
    probable,
    rounds,
    shown,
)
from tests.people import log_in

pytestmark = pytest.mark.django_db


def test_link_from_the_page(desk: Desk, as_role: As) -> None:
    transfer, browser = probable(desk), as_role("Accounts")
    page = browser.get(address(transfer))
    typed = {
        "document": page.context["kept"]["dbid"],
        "seen": page.context["seen"],
        "reason": "Typed by hand",
    }
    answer = browser.post(address(transfer, "adopt/"), typed, follow=True)
    assert answer.redirect_chain == [(address(transfer), 302)]
    assert f"{transfer.invoice.number} is linked" in answer.text
    assert answer.context["is_moving"]
    desk.work()
    assert "In KashFlow" in browser.get(address(transfer)).text


def test_a_link_asks_for_the_password_of_who_logged_in_long_ago(desk: Desk) -> None:
    transfer, browser = probable(desk), Browser()
    log_in(browser, factories.user("Accounts"), seconds_ago=601)
    page = browser.get(address(transfer))
    assert page.text.count('name="own_password"') == 1
    typed = {
        "document": page.context["kept"]["dbid"],
        "seen": page.context["seen"],
        "reason": "Typed by hand",
    }
    for password, told in (("", "Type your MagManager password"), ("wrong", "not your MagManager password")):
        page = browser.post(address(transfer, "adopt/"), {**typed, "own_password": password})
        assert (page.status_code, page.text.count(told)) == (200, 1)
        assert 'value="Typed by hand"' in page.text and 'value="wrong"' not in page.text
        transfer.refresh_from_db()
        assert (transfer.state, transfer.kashflow_dbid) == ("review", None)
    assert not TransferAttempt.objects.filter(outcome="adopted").exists()
    browser.post(address(transfer, "adopt/"), {**typed, "own_password": factories.PASSWORD})
    transfer.refresh_from_db()
    assert transfer.state == "sent"


def test_other_decisions_ask_for_no_password(desk: Desk) -> None:
    transfer, browser = number_taken(desk), Browser()
    log_in(browser, factories.user("Accounts"), seconds_ago=601)
    browser.post(address(transfer, "do-not-send/"), {"reason": "Paid in cash"})
    transfer.refresh_from_db()
    assert transfer.state == "do_not_send"


def test_cancel_and_raise_again_opens_the_new_one(desk: Desk, as_role: As) -> None:
    transfer, browser = number_taken(desk), as_role("Accounts")
    # The numbers of `raise_invoices` were not taken from the counter.
    NumberCounter.objects.update(next_number=desk.next_number)
    answer = browser.post(address(transfer, "raise-again/"), {"reason": "Number taken"}, follow=True)
    new = Transfer.objects.exclude(pk=transfer.pk).get()
    assert answer.redirect_chain == [(address(new), 302)]
    assert f"raised again as {new.invoice.number}" in answer.text
    desk.work()
    assert desk.states() == ["cancelled", "verified"]


@pytest.mark.parametrize("act", ["adopt/", "do-not-send/", "raise-again/"])
def test_without_a_reason_it_is_asked_beside_the_field(desk: Desk, as_role: As, act: str) -> None:
    transfer = probable(desk)
    page = as_role("Accounts").post(address(transfer, act), {"reason": " "})
    assert (page.status_code, page.text.count("Say why: it stays in the history")) == (200, 1)
    transfer.refresh_from_db()
    assert transfer.state == "review"


def test_without_a_reason_a_summary_says_so_at_the_top(desk: Desk, as_role: As) -> None:
    page = as_role("Accounts").post(address(probable(desk), "do-not-send/"), {"reason": ""})
    assert page.text.count("One field needs a look.") == 1


def test_refusal_is_said_and_keeps_what_was_typed(desk: Desk, as_role: As) -> None:
    transfer = off_by_a_penny(desk)
    kept = shown(transfer)
    typed = {"document": kept["dbid"], "seen": kept["seen"], "reason": "It is only a penny"}
    page = as_role("Accounts").post(address(transfer, "adopt/"), typed)
    assert page.status_code == 409
    assert "The totals differ: £266.82 here" in page.text
    transfer.refresh_from_db()
    assert transfer.state == "review"


def test_an_act_that_came_too_late_is_told(desk: Desk, as_role: As) -> None:
    transfer, browser = number_taken(desk), as_role("Accounts")
    browser.post(address(transfer, "do-not-send/"), {"reason": "Paid in cash"})
    page = browser.post(address(transfer, "recheck/"))
    assert page.status_code == 409
    assert "is “Do not send” by now" in page.text


def test_what_else_is_posted_changes_nothing(desk: Desk, as_role: As) -> None:
    transfer = number_taken(desk)
    sent = {"reason": "As agreed", "state": "verified", "epoch": "99", "kashflow_number": "1", "number": "1"}
    as_role("Accounts").post(address(transfer, "do-not-send/"), sent)
    now = Transfer.objects.get()
    assert (now.state, now.epoch, now.kashflow_number) == ("do_not_send", transfer.epoch, None)


@pytest.mark.parametrize("document", ["x", "-1", "9" * 30])
def test_nonsense_for_a_document_links_nothing(desk: Desk, as_role: As, document: str) -> None:
    transfer = probable(desk)
    page = as_role("Accounts").post(
        address(transfer, "adopt/"), {"document": document, "seen": "0" * 40, "reason": "As agreed"}
    )
    assert page.status_code == 200
    transfer.refresh_from_db()
    assert transfer.state == "review"


def test_all_of_one_cause_are_rechecked_from_the_list(desk: Desk, as_role: As) -> None:
    taken, browser = [number_taken(desk) for _ in range(2)], as_role("Accounts")
    page = browser.get(DESK)
    assert [(one["short"], one["count"]) for one in page.context["by_cause"]] == [("Number taken", 2)]
    answer = browser.post(f"{DESK}recheck/", {"cause": "number_taken"})
    run = Run.objects.first()
    assert answer.headers["Location"] == f"/invoicing/runs/{run.pk}/"
    live = browser.get(f"/invoicing/runs/{run.pk}/")
    assert "every 1s" in live.text
    rounds(desk)
    assert {Transfer.objects.get(pk=one.pk).state for one in taken} == {"conflict"}


def test_all_that_wait_are_retried_from_the_list(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(2)
    desk.sandbox.fault("GetInvoice", "http_500", times=2)
    desk.press(invoices)
    desk.work()
    assert "Retry all" in browser.get(f"{DESK}?show=waiting").text
    browser.post(f"{DESK}retry/")
    desk.work()
    assert desk.states() == ["verified"] * 2
    assert "Retry all" not in browser.get(f"{DESK}?show=waiting").text


def test_nothing_to_retry_is_said(desk: Desk, as_role: As) -> None:
    answer = as_role("Accounts").post(f"{DESK}retry/", follow=True)
    assert "Somebody else was quicker" in answer.text
