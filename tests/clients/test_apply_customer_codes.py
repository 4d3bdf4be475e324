"""*Apply* and *Undo*: every link of a list at once, and back to how each was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from clients import matches
from clients.customer_codes.reading import FoundCustomer
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from kashflow import connections
from kashflow.models import LedgerAccount
from magmanager.common.errors import Gone
from settings_app.models import AuditEntry
from tests import factories
from tests.clients.matching import PAGE, ROWS, apply, links, row, say, upload

Login = Callable[..., Any]


def test_apply_links_makes_clients_and_undo_takes_it_all_back(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Accounts")
    upload(browser)
    say(
        browser,
        {"AYLE01": f"link:{house['Aylestone Motors Ltd'].pk}", "WYEV01": "ignore", "MUND02": "create"},
    )
    match = apply(browser)
    assert match.state == "applied"
    assert links() == {
        "GOLD01": "Golden Valley Oak Frames",
        "AYLE01": "Aylestone Motors Ltd",
        "MUND02": "Munderfield Marquees",
    }
    link = CustomerLink.objects.get(code="GOLD01")
    assert (link.how, link.by, link.customer_id, link.read_at) == ("csv", browser.person, None, None)
    assert link.known["name"] == "Golden Valley Oak Frames"
    assert link.ledger_account == LedgerAccount.objects.get()
    assert AuditEntry.objects.filter(event="customer.linked").count() == 3
    assert "Undo" in browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    assert not CustomerLink.objects.exists()
    assert not Client.objects.filter(name="Munderfield Marquees").exists()
    assert AuditEntry.objects.filter(event="customer_codes.undone").count() == 1
    with pytest.raises(Gone):
        matches.undo(by=browser.person, match=match)


def test_a_second_press_of_apply_does_nothing(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    match = upload(browser)
    apply(browser)
    with pytest.raises(Gone):
        matches.apply(by=browser.person, match=match)
    assert AuditEntry.objects.filter(event="customer.linked").count() == 1


def test_what_changed_meanwhile_is_left_out_with_its_reason_and_the_rest_goes(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser, rows=[*ROWS, ("PENY01", "Penyard Roofing")])
    account = connections.ledger_account()
    linked = {"ledger_account": account, "state": "linked", "linked_at": timezone.now()}
    CustomerLink.objects.create(client=house["Golden Valley Oak Frames"], code="OTHER1", **linked)
    match = apply(browser)
    assert links() == {"OTHER1": "Golden Valley Oak Frames", "PENY01": "Penyard Roofing"}
    assert row("GOLD01").left_out == "The client was linked to OTHER1 meanwhile."
    assert "The client was linked to OTHER1 meanwhile." in browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    assert links() == {"OTHER1": "Golden Valley Oak Frames"}


def test_undo_puts_a_waiting_link_back_and_leaves_a_used_one(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    account = connections.ledger_account()
    gold = house["Golden Valley Oak Frames"]
    candidates = [
        {
            "code": "GOLD09",
            "customer_id": 9,
            "name": "Gold",
            "postcode": "",
            "email": "",
            "why": "same e-mail",
        }
    ]
    CustomerLink.objects.create(
        client=gold, ledger_account=account, state="match", candidates=candidates, cause="Say which."
    )
    upload(browser, rows=[*ROWS, ("PENY01", "Penyard Roofing")])
    match = apply(browser)
    CustomerLink.objects.filter(code="PENY01").update(used_at=timezone.now())
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    back = CustomerLink.objects.get(client=gold)
    assert (back.state, back.code, back.candidates, back.cause) == ("match", None, candidates, "Say which.")
    assert links() == {"PENY01": "Penyard Roofing"}
    assert row("PENY01").left_out == "Used or changed since, so it stays linked."


def test_a_code_that_is_linked_already_is_exact_and_stays_as_it_is(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    account = connections.ledger_account()
    moment = timezone.now()
    CustomerLink.objects.create(
        client=house["Penyard Roofing"],
        ledger_account=account,
        state="linked",
        code="PENY01",
        linked_at=moment,
        customer_id=7,
    )
    upload(browser, rows=[("peny01", "Renamed in KashFlow")])
    match = apply(browser)
    link = CustomerLink.objects.get()
    assert (link.code, link.linked_at, link.customer_id) == ("PENY01", moment, 7)
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    assert links() == {"PENY01": "Penyard Roofing"}


def test_a_client_whose_agency_pays_is_no_customer(house: dict[str, Client], as_role: Login) -> None:
    agency = factories.client_row(name="Blue Kettle", is_agency=True)
    Client.objects.filter(name="Penyard Roofing").update(agency=agency)
    browser = as_role("Admin")
    upload(browser, rows=[("PENY01", "Penyard Roofing"), ("BLUE01", "Blue Kettle Ltd")])
    apply(browser)
    assert links() == {"BLUE01": "Blue Kettle"}


def test_a_client_is_not_made_for_a_code_that_is_taken_meanwhile(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser)
    say(browser, {"MUND02": "create"})
    linked = {"ledger_account": connections.ledger_account(), "state": "linked", "linked_at": timezone.now()}
    CustomerLink.objects.create(client=house["Penyard Roofing"], code="mund02", **linked)
    apply(browser)
    assert not Client.objects.filter(name="Munderfield Marquees").exists()
    assert row("MUND02").left_out == "MUND02 is linked to another client."


def test_a_customer_whose_code_changed_in_kashflow_is_left_out_not_linked_twice(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    linked = {"ledger_account": connections.ledger_account(), "state": "linked", "linked_at": timezone.now()}
    CustomerLink.objects.create(client=house["Penyard Roofing"], code="OLD01", customer_id=7, **linked)
    customers = [FoundCustomer(0, "NEW01", "Golden Valley Oak Frames", customer_id=7)]
    matches.store(by=browser.person, customers=customers, source="kashflow")
    apply(browser)
    assert links() == {"OLD01": "Penyard Roofing"}
    assert row("NEW01").left_out == "NEW01 is linked to another client."


def test_ticking_all_leaves_a_client_that_two_customers_hold_to_a_person(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser, rows=[("AYLE01", "Aylestone Motor"), ("AYLE02", "Somebody Else Entirely")])
    motors = house["Aylestone Motors Ltd"]
    CodeMatchRow.objects.filter(code="AYLE02").update(kind="likely", client=motors, score=90)
    CodeMatchRow.objects.filter(code="AYLE01").update(client=motors, score=90)
    assert browser.post(f"{PAGE}decide/", {"all": "likely:link"}).status_code == 302
    assert set(CodeMatchRow.objects.values_list("decision", flat=True)) == {"none"}


def test_one_refused_choice_costs_the_others_on_the_page_nothing(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser)
    gold, motors = house["Golden Valley Oak Frames"], house["Aylestone Motors Ltd"]
    say(browser, {"MUND02": f"link:{gold.pk}", "AYLE01": f"link:{motors.pk}"})
    assert (row("MUND02").decision, row("AYLE01").decision) == ("none", "link")


def test_what_is_not_decided_waits_on_after_apply_and_the_rest_can_be_undone(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Accounts")
    upload(browser, rows=[*ROWS, ("", "Nobody")])
    read_at = CodeMatch.objects.get().at
    match = apply(browser)
    assert links() == {"GOLD01": "Golden Valley Oak Frames"}
    rest = CodeMatch.objects.get(state="open")
    assert set(rest.rows.values_list("code", flat=True)) == {"AYLE01", "WYEV01", "MUND02"}
    assert (rest.file_name, rest.at, rest.bad_lines) == ("customers.csv", read_at, match.bad_lines)
    page = browser.get(PAGE).content.decode()
    assert "was applied by" in page and "3 still to decide" in page
    say(
        browser,
        {"AYLE01": f"link:{house['Aylestone Motors Ltd'].pk}", "WYEV01": "ignore", "MUND02": "ignore"},
    )
    apply(browser)
    assert set(links()) == {"GOLD01", "AYLE01"}
    assert not CodeMatch.objects.filter(state="open").exists()
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    assert set(links()) == {"AYLE01"}


def test_the_audit_log_tells_of_the_link_in_this_ledger_account(
    house: dict[str, Client], as_role: Login
) -> None:
    gold = house["Golden Valley Oak Frames"]
    browser = as_role("Admin")
    upload(browser)
    elsewhere = LedgerAccount.objects.create(fingerprint="elsewhere", name="Sold Magazines", is_current=False)
    linked = {"ledger_account": elsewhere, "state": "linked", "linked_at": timezone.now()}
    CustomerLink.objects.create(client=gold, code="SOLD01", **linked)
    apply(browser)
    entry, here = AuditEntry.objects.get(event="customer.linked"), CustomerLink.objects.get(code="GOLD01")
    assert (entry.object_id, entry.object_label) == (str(here.pk), "GOLD01")
    assert (entry.before, entry.after) == ({"kashflow_id": ""}, {"kashflow_id": "GOLD01", "how": "csv"})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("office@mund.example; ruth@mund.example", "office@mund.example"),
        ("none@, ruth@mund.example", "ruth@mund.example"),
        ("n/a", ""),
        ("ask @ reception", ""),
    ],
)
def test_a_new_client_gets_an_e_mail_address_its_own_page_takes(
    house: dict[str, Client], as_role: Login, theirs: str, ours: str
) -> None:
    browser = as_role("Admin")
    customers = [FoundCustomer(2, "MUND02", "Munderfield Marquees", email=theirs)]
    matches.store(by=browser.person, customers=customers, source="file", file_name="c.csv")
    say(browser, {"MUND02": "create"})
    apply(browser)
    made = Client.objects.get(name="Munderfield Marquees")
    made.full_clean()
    assert made.email == ours


def test_undo_brings_the_customers_back_to_be_decided_again(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Accounts")
    upload(browser)
    say(browser, {"MUND02": "create"})
    match = apply(browser)
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    again = CodeMatch.objects.get(state="open")
    assert dict(again.rows.values_list("code", "decision")) == {
        "GOLD01": "link",
        "AYLE01": "none",
        "WYEV01": "none",
        "MUND02": "create",
    }
    page = browser.get(PAGE).content.decode()
    assert "was undone by" in page and "Apply 2 links" in page and links() == {}
    apply(browser)
    assert links() == {"GOLD01": "Golden Valley Oak Frames", "MUND02": "Munderfield Marquees"}
    assert Client.objects.filter(name="Munderfield Marquees").count() == 1


def test_a_client_that_was_made_and_booked_is_not_made_again_after_undo(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser, rows=[("MUND02", "Munderfield Marquees")])
    say(browser, {"MUND02": "create"})
    match = apply(browser)
    Client.objects.filter(name="Munderfield Marquees").update(first_booked_at=timezone.now())
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    assert links() == {}
    apply(browser)
    assert links() == {"MUND02": "Munderfield Marquees"}
    assert Client.objects.filter(name="Munderfield Marquees").count() == 1


def test_undo_leaves_another_file_that_came_since_alone(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    upload(browser)
    match = apply(browser)
    other = upload(browser, rows=[("PENY01", "Penyard Roofing")])
    browser.post(f"{PAGE}undo/", {"match": match.pk})
    assert links() == {}
    assert CodeMatch.objects.get(state="open") == other
    assert [one.code for one in other.rows.all()] == ["PENY01"]
