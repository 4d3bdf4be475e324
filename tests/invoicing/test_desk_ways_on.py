"""What the Transfer desk says and offers where something else has to be done first: a login, a payment, a decision made."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.html import strip_tags

from invoicing import decisions, sides
from invoicing.models import PaymentObservation, Transfer
from invoicing.transfer import desk as verbs
from kashflow.models import Connection, PaymentMethod
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.test_desk_page import DESK, As, address, many, offered
from tests.invoicing.transfer.conftest import Desk, raised
from tests.invoicing.transfer.conftest import desk as desk
from tests.invoicing.transfer.needing import number_taken

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true", "HX-Target": "results"}


def said(page: Any) -> str:
    return " ".join(strip_tags(page.text).split())


# --- A login that is refused ---------------------------------------------------------------------------------------


def refused(desk: Desk) -> Transfer:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    Connection.objects.update(refusal="wrong_login")
    Transfer.objects.update(not_before="2099-01-01T00:00:00Z", cause_code="wrong_login", last_cause="No.")
    return desk.transfer(invoice)


def test_what_waits_for_a_login_says_so_instead_of_a_time(desk: Desk, as_role: As) -> None:
    page = as_role("Accounts").get(address(refused(desk)))
    owner = desk.connection.user.name
    assert f"It goes on by itself once the KashFlow login of {owner} works" in said(page)
    assert "tries again" not in page.text.lower()


def test_whoever_owns_the_refused_login_is_led_to_it(desk: Desk, client: Any) -> None:
    transfer = refused(desk)
    client.force_login(desk.connection.user)
    page = client.get(address(transfer))
    assert "once your KashFlow login works" in page.text
    assert 'id="transfer-login" href="/my-details/"' in page.text


def test_retry_that_would_be_refused_is_not_offered(desk: Desk, as_role: As) -> None:
    assert "retry" not in offered(as_role("Accounts").get(address(refused(desk))))


def test_retry_under_a_login_that_works_is_suggested(desk: Desk) -> None:
    transfer, by = refused(desk), factories.user("Accounts")
    factories.saved_login(desk.account, by)
    best = next(choice for choice in decisions.choices(transfer, by, None) if choice.is_suggested)
    assert (best.act, best.consequence) == (
        "retry",
        "It is tried at once, under your login instead of the refused one.",
    )


@pytest.mark.parametrize(
    ("act", "posted", "rows"),
    [
        ("retry/", {}, "show=waiting"),
        ("recheck/", {"cause": "gone"}, "show=needs_you&cause=gone"),
    ],
)
def test_press_for_many_that_is_refused_leaves_their_rows_in_sight(
    desk: Desk, as_role: As, act: str, posted: dict[str, str], rows: str
) -> None:
    assert as_role("Accounts").post(f"{DESK}{act}", posted).headers["Location"] == f"{DESK}?{rows}"


# --- A payment that KashFlow has already ---------------------------------------------------------------------------


def typed_there(connected: Connection, **fields: Any) -> Transfer:
    invoice = raised(factories.user("Accounts"), factories.client_row(), 20_431, "180.00")
    values = {"state": "review", "cause_code": "found_probable", "last_cause": "It is there.", **fields}
    return factories.transfer(invoice, kind="payment", payment=factories.payment(invoice), **values)


def test_payment_that_is_there_already_is_removed_first(connected: Connection) -> None:
    row = typed_there(connected)
    first = decisions.choices(row, factories.user("Accounts"), None)[0]
    assert (first.label, first.is_suggested, first.url) == (
        "Remove payment",
        True,
        f"/invoicing/payments/{row.payment_id}/remove/",
    )


def test_removing_is_not_offered_where_kashflow_has_it_as_ours(connected: Connection) -> None:
    row = typed_there(connected, kashflow_payment_id=7)
    acts = {choice.act for choice in decisions.choices(row, factories.user("Accounts"), None)}
    assert "remove_payment" not in acts


def test_both_payments_stand_side_by_side(connected: Connection, as_role: As) -> None:
    row = typed_there(connected)
    page = as_role("Accounts").get(address(row))
    shown = [(one.name, one.ours.text or one.ours.amount) for one in page.context["sides"].rows]
    assert shown == [("Date", "24 Nov 2026"), ("Method", row.payment.method.name), ("Amount", "£10.00")]  # type: ignore[union-attr]
    assert "Not read yet" in page.text


def test_method_of_kashflows_payment_is_said_once_it_was_read(connected: Connection) -> None:
    row = typed_there(connected)
    account = row.ledger_account
    PaymentMethod.objects.create(ledger_account=account, kashflow_id=4, name="Cheque")
    theirs = {"id": 9, "date": "2026-11-24", "amount": "10.00", "note": "", "method": 4, "account": 1}
    PaymentObservation.objects.create(
        invoice=row.invoice, ledger_account=account, at=row.requested_at, payments=[theirs]
    )
    found = sides.of_payments(row)
    assert found is not None
    assert found.rows[1].theirs.text == "Cheque"


# --- Many lines ----------------------------------------------------------------------------------------------------


def lines(count: int) -> list[dict[str, str]]:
    line = {"Quantity": "1", "Rate": "9.00", "VatRate": "20", "VatAmount": "1.80"}
    return [{**line, "Description": f"Stall {n}"} for n in range(count)]


def test_lines_that_only_one_side_has_are_one_row(desk: Desk, as_role: As) -> None:
    page = as_role("Accounts").get(address(number_taken(desk, lines=lines(20))))
    rows = page.context["sides"].rows
    assert [row.name for row in rows if row.name.startswith("Line")] == ["Line 1", "Line 2", "Lines 3–20"]
    last = next(row for row in rows if row.name == "Lines 3–20")
    assert (last.ours.text, last.theirs.text, len(last.theirs.items)) == ("none", "18 lines", 18)


def test_lines_after_the_first_five_are_folded() -> None:
    cell = sides.Cell("x")
    names = ["Number", *(f"Line {n}" for n in range(1, 9)), "Total"]
    both = sides.Sides([sides.Row(name, cell, cell, differs=False) for name in names])
    assert [(len(rows), folded) for rows, folded in both.parts] == [(6, 0), (3, 3), (1, 0)]


# --- Searching and paging ------------------------------------------------------------------------------------------


def test_search_without_a_result_takes_the_opened_one_away(desk: Desk, as_role: As) -> None:
    transfer = number_taken(desk)
    part = as_role("Accounts").get(address(transfer), {"q": "nobody"}, headers=PART)
    assert '<div class="card" id="transfer" hx-swap-oob="true">' in part.text
    assert "choice-card" not in part.text
    assert part.headers["HX-Push-Url"].startswith(f"{DESK}?")


def test_search_opens_what_it_found_in_whatever_state(desk: Desk, as_role: As) -> None:
    number_taken(desk)
    waiting = desk.raise_invoices(1)[0]
    desk.press([waiting])
    asked = {"q": str(waiting.number), "show": "needs_you"}
    part = as_role("Accounts").get(DESK, asked, headers=PART)
    assert part.context["transfer"].invoice_id == waiting.pk


def test_another_page_of_the_list_opens_its_own_first(desk: Desk, as_role: As) -> None:
    many(desk, 27)
    page = as_role("Accounts").get(address(Transfer.objects.first()))  # type: ignore[arg-type]
    assert page.context["next_url"].startswith(f"{DESK}?")


def test_each_state_has_one_link(desk: Desk, as_role: As) -> None:
    assert as_role("Accounts").get(DESK).text.count(f'href="{DESK}?show=waiting"') == 1


@pytest.mark.parametrize(("is_opened", "times"), [(False, 1), (True, 0)])
def test_search_has_the_focus_where_nothing_was_opened(
    desk: Desk, as_role: As, is_opened: bool, times: int
) -> None:
    transfer = number_taken(desk)
    page = as_role("Accounts").get(address(transfer) if is_opened else DESK)
    assert page.text.count(" autofocus") == times


# --- Words ---------------------------------------------------------------------------------------------------------


def test_what_is_not_sent_says_who_decided_and_why(desk: Desk, as_role: As) -> None:
    transfer, by = number_taken(desk), factories.user("Accounts", name="Petra Press")
    verbs.do_not_send(by=by, transfer=transfer, reason="Paid in cash")
    page = as_role("Accounts").get(address(transfer))
    assert page.context["meaning_of_state"].startswith("Petra Press, today ")
    assert page.context["meaning_of_state"].endswith(": Not to be sent. Paid in cash.")
    assert page.context["cause"].text == ""


def test_person_who_is_named_in_the_history_is_not_named_twice(desk: Desk, as_role: As) -> None:
    transfer, by = number_taken(desk), factories.user("Accounts", name="Petra Press")
    verbs.recheck(by=by, transfer=transfer)
    page = as_role("Accounts").get(address(transfer))
    assert said(page).count("Petra Press asked to look again.today") == 1


def test_run_of_one_invoice_is_named_by_its_number(desk: Desk, as_role: As) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    assert as_role("Accounts").get(DESK).context["runs"][0].name == f"Invoice {invoice.number}"


def test_run_of_a_recheck_is_headed_as_one(desk: Desk, as_role: As) -> None:
    transfer = number_taken(desk)
    run = verbs.recheck(by=desk.by, transfer=transfer)
    page = as_role("Accounts").get(f"/invoicing/runs/{run.pk}/")
    assert page.context["title"] == f"Recheck of invoice {transfer.invoice.number}"


def test_paused_run_is_told_in_one_sentence(desk: Desk, as_role: As) -> None:
    desk.press(desk.raise_invoices(1))
    Run.objects.update(state="paused", summary="The login is refused. Type it again. Then resume.")
    assert as_role("Accounts").get(DESK).context["runs"][0].told == "The login is refused"
