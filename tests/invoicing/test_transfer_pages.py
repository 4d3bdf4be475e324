"""Transfer to KashFlow on screen, against a live sandbox: the press, the run, pause, resume, the desk."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from invoicing.models import Transfer
from kashflow.models import Connection
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk

pytestmark = pytest.mark.django_db
TRANSFER, DESK = "/invoicing/transfer/", "/invoicing/transfers/"
As = Callable[..., Browser]


def press(browser: Browser, invoices: list) -> Run:
    answer = browser.post(TRANSFER, {"invoice": [invoice.pk for invoice in invoices]})
    run = Run.objects.first()
    assert answer.headers["Location"] == f"/invoicing/runs/{run.pk}/"
    return run


def address(run: Run, act: str = "") -> str:
    return f"/invoicing/runs/{run.pk}/{act}"


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused_everywhere(desk: Desk, as_role: As, role: str) -> None:
    invoices = desk.raise_invoices(1)
    run, browser = press(as_role("Accounts"), invoices), as_role(role)
    for answer in (
        browser.post(TRANSFER, {"invoice": invoices[0].pk}),
        browser.get(address(run)),
        browser.post(address(run, "pause/")),
        browser.post(address(run, "resume/")),
        browser.get(DESK),
    ):
        assert answer.status_code == 403
    assert Run.objects.count() == 1


@pytest.mark.parametrize("where", [TRANSFER, DESK, f"/invoicing/runs/{uuid.uuid4()}/"])
def test_stranger_is_sent_to_login(db: None, stranger: Browser, where: str) -> None:
    assert stranger.post(where).headers["Location"] == f"/login/?next={where}"


def test_a_run_is_live_until_it_is_settled(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(3)
    run = press(browser, invoices)
    before = browser.get(address(run))
    assert "0 of 3 in KashFlow" in before.text
    assert f'hx-get="{address(run)}"' in before.text
    assert "every 1s" in before.text
    assert "you can leave this page" in before.text
    assert before.text.count("Waiting") == 3

    desk.work()

    after = browser.get(address(run), headers={"HX-Request": "true"})
    assert "3 of 3 in KashFlow" in after.text
    assert "hx-get" not in after.text
    assert "= £800.46 here, £800.46 in KashFlow" in after.text
    assert "<html" not in after.text
    assert len(desk.documents()) == 3


def test_what_needs_somebody_stands_first_with_its_reason(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(3)
    run = press(browser, invoices)
    Transfer.objects.filter(invoice=invoices[1]).update(
        state="review", last_cause="A likely customer waits for a person.", cause_code="customer_unresolved"
    )
    desk.work()
    page = browser.get(address(run))
    assert [row.key for row in page.context["rows"]] == ["needs_you", "in_kashflow", "in_kashflow"]
    assert "2 of 3 in KashFlow, 1 needs you" in page.text
    assert "A likely customer waits for a person." in page.text
    assert f'href="/clients/{invoices[1].payer_id}/details/"' in page.text
    assert f"Look at {invoices[1].number}" in page.text


def test_a_second_press_opens_the_same_run(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(2)
    run = press(browser, invoices)
    assert press(browser, invoices) == run
    desk.work()
    assert press(browser, invoices) == run
    desk.work()
    assert (Run.objects.count(), len(desk.documents())) == (1, 2)


def test_a_refused_press_says_why_and_leaves_the_ticks(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(3)
    Connection.objects.all().delete()
    answer = browser.post(TRANSFER, {"invoice": [invoices[0].pk, invoices[2].pk]}, follow=True)
    assert answer.redirect_chain == [("/invoicing/invoiced/", 302)]
    assert 'href="/my-details/"' in answer.text
    assert answer.context["preset"] == {
        str(one.pk): int(one.total * 100) for one in (invoices[0], invoices[2])
    }
    assert (Run.objects.count(), desk.states()) == (0, [])
    assert browser.get("/invoicing/invoiced/").context["preset"] is None


def test_pause_and_resume(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(2)
    run = press(browser, invoices)
    paused = browser.post(address(run, "pause/"), follow=True)
    assert "This run is paused" in paused.text
    assert "Resume" in paused.text
    assert "hx-get" not in paused.text.split('id="run"')[1].split(">")[0]
    desk.work()
    assert desk.documents() == []
    resumed = browser.post(address(run, "resume/"), follow=True)
    assert "This run is paused" not in resumed.text
    desk.work()
    assert len(desk.documents()) == 2


def test_pausing_what_is_over_is_said(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(1)
    run = press(browser, invoices)
    desk.work()
    assert "not under way any more" in browser.post(address(run, "pause/"), follow=True).text


def test_a_wrong_password_pauses_the_run_and_says_where_to_mend_it(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(2)
    desk.connection.seal("not the password")
    desk.connection.save()
    run = press(browser, invoices)
    desk.work()
    page = browser.get(address(run))
    assert "This run is paused" in page.text
    assert 'href="/my-details/">My Details</a>' in page.text
    assert desk.documents() == []
    desk.connection.seal("demo")
    desk.connection.save()
    Connection.objects.update(refusal="", refusal_detail="", refused_at=None)
    browser.post(address(run, "resume/"))
    desk.work()
    assert "2 of 2 in KashFlow" in browser.get(address(run)).text


def test_without_a_login_the_list_says_what_to_do(db: None, as_role: As) -> None:
    factories.company()
    factories.kashflow_on()
    factories.ledger_account()
    answer = as_role("Accounts").post(TRANSFER, {"invoice": "1"}, follow=True)
    assert answer.redirect_chain == [("/invoicing/invoiced/", 302)]
    assert "No KashFlow login is saved" in answer.text
    assert not Run.objects.exists()


def test_nothing_chosen_is_said(desk: Desk, as_role: As) -> None:
    answer = as_role("Accounts").post(TRANSFER, {"invoice": ["x", "", "9" * 30]}, follow=True)
    assert "None of these invoices can be transferred" in answer.text
    assert not Run.objects.exists()


def test_a_run_that_is_not_there_is_not_found(as_role: As) -> None:
    browser = as_role("Accounts")
    other = Run.objects.create(kind="sync_sales_codes", title="Something else")
    for run_id in (uuid.uuid4(), other.pk):
        assert browser.get(f"/invoicing/runs/{run_id}/").status_code == 404


def test_history_is_told_in_the_opened_row_and_on_the_invoice(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(1)
    press(browser, invoices)
    desk.work()
    number = invoices[0].number
    for headers in ({}, {"HX-Request": "true"}):
        page = browser.get(f"/invoicing/invoices/{number}/", headers=headers)
        whats = [attempt.what for attempt in page.context["history"]]
        assert len(whats) >= 2
        assert whats[0] in page.text
    listed = browser.get("/invoicing/invoiced/").context["rows"][0]
    assert listed.transfer_key == "in_kashflow"


def test_what_was_not_ordinary_is_told(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(2)
    run = press(browser, invoices)
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.work()
    desk.skip(3600)
    desk.sweep_and_work()
    rows = browser.get(address(run)).context["rows"]
    assert [row.key for row in rows] == ["in_kashflow", "in_kashflow"]
    codes = [row.invoice.payer.customer_links.get().code for row in rows]
    assert sorted(row.story for row in rows) == sorted(
        [
            f"Found after a lost reply, not sent twice. New customer {codes[0]} created first",
            f"New customer {codes[1]} created first",
        ]
    )


def test_without_an_accounts_package_the_desk_says_so(as_role: As) -> None:
    page = as_role("Accounts").get(DESK)
    assert "There is no accounts package" in page.text
    assert "KashFlow" not in page.text
