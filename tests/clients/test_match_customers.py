"""Matching KashFlow's customer codes with our clients: upload or read, decide, Apply, Undo."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client as Browser
from django.utils import timezone

from clients import matches, tasks
from clients.customer_codes.reading import FoundCustomer
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from kashflow import connections
from kashflow.models import Connection, LedgerAccount
from magmanager.common.errors import Gone, NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry, User
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/settings/kashflow/customer-codes/"
Login = Callable[..., Any]


@pytest.fixture
def house(db: None) -> dict[str, Client]:
    """KashFlow is on, nobody has saved a login yet; a few clients, two of one name."""
    factories.kashflow_on()
    names = ("Golden Valley Oak Frames", "Aylestone Motors Ltd", "Wye Valley Cleaning", "Penyard Roofing")
    found = {name: factories.client_row(name=name, email="", postcode="") for name in names}
    found["twin"] = factories.client_row(name="Wye Valley Cleaning Ltd", email="", postcode="")
    return found


ROWS = [
    ("GOLD01", "Golden Valley Oak Frames Ltd"),
    ("AYLE01", "Aylestone Motor"),
    ("WYEV01", "Wye Valley Cleaning"),
    ("MUND02", "Munderfield Marquees"),
]


def file(rows: list[tuple[str, str]] = ROWS, encoding: str = "utf-8", name: str = "customers.csv") -> Any:
    text = io.StringIO()
    csv.writer(text).writerows([("Customer Code", "Customer Name"), *rows])
    return SimpleUploadedFile(name, text.getvalue().encode(encoding), "text/csv")


def upload(browser: Any, **given: Any) -> CodeMatch:
    answer = browser.post(f"{PAGE}upload/", {"file": file(**given)})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return CodeMatch.objects.get(state="open")


def row(code: str) -> CodeMatchRow:
    return CodeMatchRow.objects.get(code=code, match__state__in=["open", "applied", "undone"])


def say(browser: Any, choices: dict[str, str], **more: str) -> Any:
    rows = {row(code).pk: choice for code, choice in choices.items()}
    return browser.post(
        f"{PAGE}decide/",
        {"shown": list(rows), **{f"row-{pk}": choice for pk, choice in rows.items()}, **more},
    )


def links() -> dict[str, str]:
    """What is linked: client by code."""
    found = CustomerLink.objects.filter(state="linked").select_related("client")
    return {str(link.code): link.client.name for link in found}


# --- Who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_the_wrong_role_is_refused(house: dict[str, Client], as_role: Login, role: str) -> None:
    browser = as_role(role)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(f"{PAGE}upload/", {"file": file()}).status_code == 403
    with pytest.raises(NotAllowed):
        matches.upload_customers(by=browser.person, data=b"Code,Name\nA,B\n", name="x.csv")
    assert not CodeMatch.objects.exists() and not CustomerLink.objects.exists()


def test_a_stranger_is_sent_to_login(house: dict[str, Client], stranger: Browser) -> None:
    assert stranger.post(f"{PAGE}upload/", {"file": file()})["Location"].startswith("/login/")
    assert not CodeMatch.objects.exists()


# --- Uploading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_file_is_laid_beside_the_clients_and_changes_nothing(
    house: dict[str, Client], as_role: Login, encoding: str
) -> None:
    browser = as_role("Accounts")
    factories.client_row(name="Café du Wye")
    upload(browser, rows=[*ROWS, ("CAFE01", "Café du Wye")], encoding=encoding)
    kinds = dict(CodeMatchRow.objects.values_list("code", "kind"))
    assert kinds == {
        "GOLD01": "exact",
        "AYLE01": "likely",
        "WYEV01": "ambiguous",
        "MUND02": "unmatched",
        "CAFE01": "exact",
    }
    assert [one.code for one in CodeMatchRow.objects.exclude(decision="none")] == ["GOLD01", "CAFE01"]
    assert links() == {}
    page = browser.get(PAGE).content.decode()
    assert "Apply 2 links" in page and "3 still to decide" in page


REFUSED = [
    (SimpleUploadedFile("list.xlsx", b"PK\x03\x04" + b"\0" * 50), "save it as CSV"),
    (SimpleUploadedFile("logo.png", b"\x89PNG\r\n" + b"\0" * 50), "This is a picture"),
    (SimpleUploadedFile("big.csv", b"Code,Name\n" + b"A1,One\n" * 900_000), "over 5 MB"),
    (SimpleUploadedFile("none.csv", b""), "This file is empty"),
    (SimpleUploadedFile("other.csv", b"Date,Amount\n1,2\n"), "no column of customer codes"),
    (None, "Choose the file"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_a_wrong_file_is_refused_beside_its_field(
    house: dict[str, Client], as_role: Login, given: Any, told: str
) -> None:
    browser = as_role("Admin")
    upload(browser)
    if given:
        given.seek(0)
    page = browser.post(f"{PAGE}upload/", {"file": given} if given else {})
    assert page.status_code == 200 and told in str(page.context["form"].errors["file"])
    assert CodeMatch.objects.get().state == "open"


def test_bad_lines_are_shown_and_the_good_ones_wait(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    upload(browser, rows=[*ROWS, ("GOLD01", "Gold again"), ("", "Nobody")])
    page = browser.get(PAGE).content.decode()
    assert "2 lines left out" in page and "The code GOLD01 stands on line 2 already." in page


def test_another_file_takes_the_place_of_the_first(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    first = upload(browser)
    second = upload(browser, rows=[("NEW01", "Penyard Roofing")])
    first.refresh_from_db()
    assert (first.state, second.state) == ("replaced", "open")
    with pytest.raises(Gone):
        matches.apply(by=browser.person, match=first)
    with pytest.raises(IntegrityError):
        CodeMatch.objects.filter(pk=first.pk).update(state="open")


# --- Deciding -----------------------------------------------------------------------------------------------


def test_decisions_are_kept_and_one_client_is_one_customer(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Accounts")
    upload(browser)
    gold = house["Golden Valley Oak Frames"]
    say(browser, {"AYLE01": f"link:{house['Aylestone Motors Ltd'].pk}", "WYEV01": f"link:{house['twin'].pk}"})
    say(browser, {"MUND02": f"link:{gold.pk}"}, group="unmatched")
    page = browser.get(PAGE).content.decode()
    assert "is chosen for GOLD01 Golden Valley Oak Frames Ltd already" in page
    assert dict(CodeMatchRow.objects.values_list("code", "decision")) == {
        "GOLD01": "link",
        "AYLE01": "link",
        "WYEV01": "link",
        "MUND02": "none",
    }
    assert row("WYEV01").client == house["twin"]
    say(browser, {"AYLE01": ""})
    assert row("AYLE01").decision == "none"
    with pytest.raises(IntegrityError):
        CodeMatchRow.objects.filter(code="MUND02").update(decision="link", client=gold)


def test_groups_are_decided_in_bulk_without_touching_what_is_decided(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser)
    browser.post(f"{PAGE}decide/", {"all": "exact:none"})
    assert row("GOLD01").decision == "none"
    browser.post(f"{PAGE}decide/", {"all": "exact:link"})
    browser.post(f"{PAGE}decide/", {"all": "likely:link"})
    browser.post(f"{PAGE}decide/", {"all": "ambiguous:link"})
    browser.post(f"{PAGE}decide/", {"all": "unmatched:ignore"})
    likely = row("AYLE01")
    assert dict(CodeMatchRow.objects.values_list("code", "decision")) == {
        "GOLD01": "link",
        "AYLE01": "link" if likely.score >= 85 else "none",
        # Nobody is chosen for an ambiguous one but by a person.
        "WYEV01": "none",
        "MUND02": "ignore",
    }


@pytest.mark.parametrize("choice", ["burn", "link:0x1", "link:999999"])
def test_nonsense_is_refused(house: dict[str, Client], as_role: Login, choice: str) -> None:
    browser = as_role("Admin")
    upload(browser)
    assert say(browser, {"AYLE01": choice}).status_code in (400, 404)
    assert row("AYLE01").decision == "none"


def test_a_client_is_found_by_search(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    upload(browser)
    page = browser.get(f"{PAGE}{row('MUND02').pk}/find/", {"q": "penyard"})
    assert [client.name for client in page.context["clients"]] == ["Penyard Roofing"]
    say(browser, {"MUND02": f"link:{house['Penyard Roofing'].pk}"}, group="unmatched")
    assert "chosen by hand" in browser.get(f"{PAGE}?group=unmatched").content.decode()


# --- Applying and undoing -----------------------------------------------------------------------------------


def apply(browser: Any) -> CodeMatch:
    match = CodeMatch.objects.get(state="open")
    assert browser.post(f"{PAGE}apply/", {"match": match.pk}).status_code == 302
    match.refresh_from_db()
    return match


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
    assert (link.how, link.by, link.customer_id, link.known) == ("csv", browser.person, None, {})
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


# --- From KashFlow ------------------------------------------------------------------------------------------


def carried(browser: Any) -> Run:
    browser.post(f"{PAGE}read/")
    run = Run.objects.get(kind="match_customers")
    tasks.match_customers(str(run.pk))
    run.refresh_from_db()
    return run


def test_customers_read_from_kashflow_give_the_same_page(
    connected: Connection, sandbox: LiveSandbox, as_role: Login
) -> None:
    client = factories.client_row(name="Hillside Garden Centre", email="", postcode="")
    browser = as_role("Accounts")
    run = carried(browser)
    assert (run.state, run.summary, run.connection_id) == (
        "finished",
        "5 customers read from KashFlow.",
        connected.pk,
    )
    assert [call["operation"] for call in sandbox.log()] == ["GetCustomers"]
    assert "Read from KashFlow, by" in browser.get(PAGE).content.decode()
    apply(browser)
    link = CustomerLink.objects.get(client=client)
    assert (link.code, link.customer_id, link.how) == ("HILL01", 50001, "api")


def test_without_a_saved_login_the_tick_is_asked_for(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    page = browser.post(f"{PAGE}read/", follow=True).content.decode()
    assert "Tick Save Login in My Details" in page
    assert not Run.objects.exists()


def test_a_refused_login_is_told_and_keeps_the_open_list(
    connected: Connection, sandbox: LiveSandbox, as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser)
    sandbox.settings(password="changed")
    run = carried(browser)
    assert (run.state, run.cause) == ("failed", "wrong_login") and "password is wrong" in run.summary
    assert CodeMatch.objects.get().state == "open"
    carried_again = tasks.match_customers(str(run.pk))
    assert carried_again is None and len(sandbox.log()) == 1


def test_the_first_saved_login_opens_the_account_the_codes_came_under(
    house: dict[str, Client], sandbox: LiveSandbox, as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser)
    apply(browser)
    saved = connections.save_login(by=browser.person, username="demo", password="demo")
    account = LedgerAccount.objects.get()
    assert (saved.ledger_account, account.name) == (account, "Westvale Magazines Ltd")
    assert account.fingerprint and account.slots.count() == 8
    assert CustomerLink.objects.get().ledger_account == account


# --- Size ---------------------------------------------------------------------------------------------------


def test_the_page_costs_the_same_with_many_rows(
    db: None, as_role: Login, django_assert_max_num_queries: Any
) -> None:
    factories.kashflow_on()
    browser = as_role("Admin")
    Client.objects.bulk_create([Client(name=f"Client {n} of Ludlow {n % 7}") for n in range(300)])
    few, many = ([(f"C{n}", f"Client {n} of Ludlow {n % 7}") for n in range(size)] for size in (10, 1500))
    for rows in (few, many):
        upload(browser, rows=rows)
        browser.get(PAGE)
        with django_assert_max_num_queries(22):
            browser.get(PAGE)
        with django_assert_max_num_queries(22):
            page = browser.get(f"{PAGE}?group=exact")
    assert len(next(group for group in page.context["groups"] if group.is_open).rows) == 50


def test_an_unknown_list_is_not_applied(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    assert browser.post(f"{PAGE}apply/", {"match": uuid.uuid4()}).status_code == 404
    assert browser.post(f"{PAGE}apply/", {"match": "1 OR 1=1"}).status_code == 400


def test_a_person_without_the_right_any_more_gets_nothing_read(
    connected: Connection, sandbox: LiveSandbox, as_role: Login
) -> None:
    browser = as_role("Accounts")
    browser.post(f"{PAGE}read/")
    User.objects.get(pk=browser.person.pk).groups.clear()
    run = Run.objects.get(kind="match_customers")
    tasks.match_customers(str(run.pk))
    run.refresh_from_db()
    assert (run.state, sandbox.log()) == ("failed", [])
