"""Matching KashFlow's customer codes with our clients: upload or read, and decide."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client as Browser
from django.utils import timezone

from clients import matches, tasks
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from kashflow import connections
from kashflow.models import Connection, LedgerAccount
from magmanager.common.errors import Gone, NotAllowed
from magmanager.common.models import Run
from settings_app.models import User
from tests import factories
from tests.clients.matching import PAGE, ROWS, apply, file, links, row, say, upload
from tests.sandboxes import LiveSandbox

Login = Callable[..., Any]


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


def test_a_file_without_one_good_line_leaves_the_open_list_alone(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    first = upload(browser)
    page = browser.post(f"{PAGE}upload/", {"file": file(rows=[("A-1", "Dash"), ("", "Nobody")])})
    told = page.context["form"].errors["file"][0]
    assert told.startswith("None of the 2 lines can be used. Line 2 says: A-1, Dash.")
    assert CodeMatch.objects.get() == first and first.rows.count() == len(ROWS)


def test_more_bad_lines_than_are_kept_are_counted(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    match = upload(browser, rows=[("GOLD01", "Gold"), *(("", f"Nobody {n}") for n in range(720))])
    assert len(match.bad_lines) == 501
    assert match.bad_lines[-1] == {"line": 503, "text": "…", "why": "From here on 220 more cannot be used."}
    assert "Over 500 lines left out" in browser.get(PAGE).content.decode()


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


def test_a_client_that_is_linked_is_not_chosen_for_another_customer(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser)
    roofing = house["Penyard Roofing"]
    linked = {"ledger_account": connections.ledger_account(), "state": "linked", "linked_at": timezone.now()}
    CustomerLink.objects.create(client=roofing, code="PENY01", **linked)
    found = browser.get(f"{PAGE}{row('MUND02').pk}/find/", {"q": "penyard"}).content.decode()
    assert "linked to PENY01" in found and f"link:{roofing.pk}" not in found
    say(browser, {"MUND02": f"link:{roofing.pk}"})
    told = browser.get(PAGE).content.decode()
    assert (
        "Penyard Roofing is linked to PENY01 already. Choose another client, or ignore this customer." in told
    )
    assert row("MUND02").decision == "none"


def test_ticking_all_leaves_out_who_was_linked_meanwhile(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    linked = {"ledger_account": connections.ledger_account(), "state": "linked", "linked_at": timezone.now()}
    CustomerLink.objects.create(client=house["Penyard Roofing"], code="PENY01", **linked)
    upload(browser, rows=[("peny01", "Penyard Roofing"), ("GOLD01", "Golden Valley Oak Frames")])
    browser.post(f"{PAGE}decide/", {"all": "exact:none"})
    CustomerLink.objects.create(client=house["Golden Valley Oak Frames"], code="OTHER1", **linked)
    browser.post(f"{PAGE}decide/", {"all": "exact:link"})
    assert (row("peny01").decision, row("GOLD01").decision) == ("link", "none")


def test_a_search_begins_with_the_word_that_tells(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    upload(browser, rows=[("CROW01", "The Crown Inn & Co")])
    assert browser.get(f"{PAGE}{row('CROW01').pk}/find/").context["asked"] == "Crown"


def test_a_search_says_that_there_are_more(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    upload(browser)
    Client.objects.bulk_create([Client(name=f"Kington Stores {n}") for n in range(13)])
    page = browser.get(f"{PAGE}{row('MUND02').pk}/find/", {"q": "kington"})
    assert len(page.context["clients"]) == 12 and "The first 12 are shown." in page.content.decode()


def test_a_decision_comes_back_to_the_page_of_the_group_it_was_made_on(
    house: dict[str, Client], as_role: Login
) -> None:
    browser = as_role("Admin")
    upload(browser, rows=[(f"C{n:03}", f"Nobody {n} Known{n}") for n in range(120)])
    second = next(
        one for one in browser.get(f"{PAGE}?group=unmatched").context["groups"] if one.is_open
    ).next_url
    page = browser.get(second)
    shown = next(one for one in page.context["groups"] if one.is_open)
    assert next(one.code for one in shown.rows) == "C050"
    answer = say(browser, {"C060": "ignore"}, **shown.place)
    assert answer["Location"] == second
    assert row("C060").decision == "ignore"
    assert say(browser, {"C061": "ignore"}, group="//evil.example", after="x")["Location"] == PAGE


def test_of_a_long_group_those_to_look_at_stand_first(house: dict[str, Client], as_role: Login) -> None:
    browser = as_role("Admin")
    upload(browser, rows=[(f"C{n:03}", f"Nobody {n} Known{n}") for n in range(7)])
    say(browser, {"C000": "ignore", "C002": "create"})

    def shown() -> list[str]:
        groups = browser.get(PAGE).context["groups"]
        return [one.code for one in next(one for one in groups if one.kind == "unmatched").rows]

    assert shown() == ["C001", "C003", "C004", "C005", "C006"]
    upload(browser, rows=[(f"C{n:03}", f"Nobody {n} Known{n}") for n in range(4)])
    say(browser, {"C000": "ignore"})
    assert shown() == ["C000", "C001", "C002", "C003"]


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
    assert "Read from KashFlow, 5 customers" in browser.get(PAGE).content.decode()
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
