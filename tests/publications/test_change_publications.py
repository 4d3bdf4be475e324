"""Settings › Publications: titles, their issues, rate cards with codes; miscellaneous items with both codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from kashflow.models import AccountCode, LedgerAccount, ProductCode
from publications import services
from publications.models import AdvertSize, Issue, MiscellaneousItem, Publication, RateCardEntry
from settings_app.models import AuditEntry
from tests import factories

LIST = "/settings/publications/"
Login = Callable[..., Any]


@pytest.fixture
def books(db: None) -> dict[str, Any]:
    """Two account codes with inventory codes, one of them gone; a title booked under the first."""
    factories.kashflow_on(use_account_codes=True)
    account = factories.ledger_account()
    codes = {
        number: AccountCode.objects.create(
            ledger_account=account, kashflow_id=number, code=number, name=f"Title {number}", is_turnover=True
        )
        for number in (4001, 4002)
    }
    AccountCode.objects.create(ledger_account=account, kashflow_id=5000, code=5000, name="Printing")
    products = {}
    for n, (parent, code) in enumerate(((4001, "FULL"), (4001, "HALF"), (4002, "FULL"), (4001, "GONE"))):
        products[parent, code] = ProductCode.objects.create(
            ledger_account=account,
            kashflow_id=30 + n,
            name=code.title(),
            code=code,
            account_code=codes[parent],
        )
    title = factories.publication(name="Wye Valley Living", account_code=codes[4001])
    return {"account": account, "codes": codes, "products": products, "title": title}


def entry(title: Publication, size: str) -> RateCardEntry:
    return title.rate_card.get(advert_size__name=size)


def rates(title: Publication, **changes: dict[str, Any]) -> dict[str, str]:
    """The rate card as the page would send it back, with `changes` by the first word of the size."""
    sent: dict[str, str] = {}
    for one in title.rate_card.select_related("advert_size"):
        values = {"is_enabled": "on", "price": one.price, "product_code": one.product_code_id or ""}
        values |= changes.get(one.advert_size.name.split()[0].lower(), {})
        sent |= {f"size-{one.pk}-{name}": str(value) for name, value in values.items() if value != "off"}
    return sent


@pytest.mark.parametrize("role", ["Sales", "Accounts", "Production"])
def test_the_wrong_role_is_refused(books: dict[str, Any], as_role: Login, role: str) -> None:
    browser, title = as_role(role), books["title"]
    for address in (LIST, f"{LIST}add/", f"{LIST}{title.pk}/defaults/", "/settings/miscellaneous-items/"):
        assert browser.get(address).status_code == 403
    assert browser.post(f"{LIST}{title.pk}/defaults/", {"account_code": ""}).status_code == 403
    title.refresh_from_db()
    assert title.account_code == books["codes"][4001]


def test_a_stranger_is_sent_to_login(db: None, stranger: Browser) -> None:
    assert stranger.get(LIST)["Location"] == f"/login/?next={LIST}"


# --- Titles and issues --------------------------------------------------------------------------------------


def test_a_title_is_added_with_every_size_switched_off_until_it_has_a_price(db: None, as_role: Login) -> None:
    browser = as_role("Admin")
    assert "No publications yet" in browser.get(LIST).content.decode()
    typed = {
        "name": "Wye Valley Living",
        "interval": "monthly",
        "page_count": "32",
        "sales_target_amount": "11,500.00",
        "is_active": "on",
    }
    answer = browser.post(f"{LIST}add/", typed)
    title = Publication.objects.get()
    assert answer["Location"] == f"{LIST}{title.pk}/defaults/"
    assert (title.code, title.sales_target_amount) == ("WVL", Decimal("11500.00"))
    assert title.rate_card.count() == AdvertSize.objects.filter(is_enabled=True).count()
    assert not title.rate_card.filter(is_enabled=True).exists()
    assert AuditEntry.objects.get().event == "publication.added"
    page = browser.post(f"{LIST}add/", typed).content.decode()
    assert "already exists" in page
    assert Publication.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"name": ""}, "required"), ({"page_count": "2"}, "4"), ({"code": "wvl!"}, "capital letters")],
)
def test_bad_input_is_told_and_kept(db: None, as_role: Login, changes: dict[str, str], told: str) -> None:
    typed = {"name": "Wye", "interval": "monthly", "page_count": "32", "sales_target_amount": "1"} | changes
    page = as_role("Admin").post(f"{LIST}add/", typed).content.decode()
    assert told in page
    assert not Publication.objects.exists()


def test_details_are_changed(books: dict[str, Any], as_role: Login) -> None:
    title = books["title"]
    typed = {
        "name": "Wye Life",
        "code": "WYL",
        "interval": "quarterly",
        "page_count": "48",
        "sales_target_amount": "1",
    }
    as_role("Admin").post(f"{LIST}{title.pk}/", typed)
    title.refresh_from_db()
    assert (title.name, title.code, title.interval, title.page_count, title.is_active) == (
        "Wye Life",
        "WYL",
        "quarterly",
        48,
        False,
    )


def test_an_issue_is_current_until_the_next_one(books: dict[str, Any], as_role: Login) -> None:
    browser, title = as_role("Admin"), books["title"]
    address = f"{LIST}{title.pk}/issues/"
    for day, name in (("2027-03-19", "April 2027"), ("2027-02-19", "March 2027")):
        typed = {"description": name, "on_sale_on": day, "page_count": "32", "sales_target_amount": "0"}
        assert browser.post(address, typed).status_code == 302
    found = dict(Issue.objects.values_list("description", "off_sale_on"))
    assert {name: str(day) for name, day in found.items()} == {
        "April 2027": "2027-04-18",
        "March 2027": "2027-03-19",
    }
    page = browser.post(
        address,
        {"description": "Twice", "on_sale_on": "2027-03-19", "page_count": "32", "sales_target_amount": "0"},
    )
    assert "has an issue on sale on that day already" in page.content.decode()
    assert Issue.objects.count() == 2


# --- Rate card and codes ------------------------------------------------------------------------------------


def test_prices_and_inventory_codes_are_saved(books: dict[str, Any], as_role: Login) -> None:
    browser, title, product = as_role("Admin"), books["title"], books["products"][4001, "FULL"]
    address = f"{LIST}{title.pk}/defaults/"
    page = browser.get(address).content.decode()
    assert "4002 Title 4002" in page and "5000 Printing" not in page
    browser.post(
        address,
        rates(title, full={"price": "695.00", "product_code": product.pk}, eighth={"is_enabled": "off"}),
    )
    full = entry(title, "Full page")
    assert (full.price, full.product_code, full.is_enabled) == (Decimal("695.00"), product, True)
    assert not entry(title, "Eighth page").is_enabled
    audit = AuditEntry.objects.get(event="publication.rates_changed")
    assert audit.after == {
        "Full page": "on, 695.00, FULL Full",
        "Eighth page": "off, 90.00, no inventory code",
    }


def test_an_inventory_code_of_another_account_code_is_refused(books: dict[str, Any], as_role: Login) -> None:
    browser, title, other = as_role("Admin"), books["title"], books["products"][4002, "FULL"]
    page = browser.post(
        f"{LIST}{title.pk}/defaults/", rates(title, full={"product_code": other.pk, "price": "7"})
    )
    assert "Select a valid choice" in page.content.decode() and 'value="7"' in page.content.decode()
    with pytest.raises(services.CodeElsewhere):
        services.change_rates(
            by=browser.person,
            publication=title,
            rates=[services.Rate(entry(title, "Full page").pk, True, Decimal(7), other.pk)],
            with_codes=True,
        )
    assert entry(title, "Full page").product_code is None
    assert entry(title, "Full page").price != 7


def test_an_enabled_size_needs_a_price(books: dict[str, Any], as_role: Login) -> None:
    title = books["title"]
    page = (
        as_role("Admin")
        .post(f"{LIST}{title.pk}/defaults/", rates(title, half={"price": "0"}))
        .content.decode()
    )
    assert "Enter a price, or switch the size off." in page
    assert entry(title, "Half page").price == 360


def test_what_changing_the_account_code_costs_is_said_before(books: dict[str, Any], as_role: Login) -> None:
    browser, title, products = as_role("Admin"), books["title"], books["products"]
    for size, code in (("Full page", "FULL"), ("Half page", "HALF")):
        title.rate_card.filter(advert_size__name=size).update(product_code=products[4001, code])
    other = books["codes"][4002]
    page = browser.post(f"{LIST}{title.pk}/defaults/", {"account_code": other.pk}).content.decode()
    assert "Change the account code to 4002 Title 4002?" in page and "2 sizes lose" in page
    assert "FULL Full" in page and "HALF Half" in page
    title.refresh_from_db()
    assert title.account_code == books["codes"][4001] and entry(title, "Half page").product_code
    assert "loses FULL Full" in page and "and gets FULL Full" in page and "and has none then" in page
    assert "Invoices that are raised keep theirs." in page
    shown = re.findall(r'name="loses" value="(\d+)"', page)
    # What was not shown is not accepted: somebody gave another size a code meanwhile.
    title.rate_card.filter(advert_size__name="Quarter page").update(product_code=products[4001, "HALF"])
    again = browser.post(f"{LIST}{title.pk}/defaults/", {"account_code": other.pk, "loses": shown})
    title.refresh_from_db()
    assert "3 sizes lose" in again.content.decode() and title.account_code == books["codes"][4001]
    shown = re.findall(r'name="loses" value="(\d+)"', again.content.decode())
    browser.post(f"{LIST}{title.pk}/defaults/", {"account_code": other.pk, "loses": shown})
    title.refresh_from_db()
    assert title.account_code == other
    # The one of the same code under the new account code is taken, the other goes.
    assert entry(title, "Full page").product_code == products[4002, "FULL"]
    assert entry(title, "Half page").product_code is None
    audit = AuditEntry.objects.get(event="publication.account_code_changed")
    assert audit.after["Half page"] == "" and audit.before["Half page"] == "HALF Half"


def test_an_account_code_that_is_no_income_is_refused(books: dict[str, Any], as_role: Login) -> None:
    title, cost = books["title"], AccountCode.objects.get(code=5000)
    page = as_role("Admin").post(f"{LIST}{title.pk}/defaults/", {"account_code": cost.pk}).content.decode()
    assert "Select a valid choice" in page
    title.refresh_from_db()
    assert title.account_code == books["codes"][4001]


@pytest.mark.parametrize("wrong", ["cost of sales", "gone", "of another account"])
def test_the_service_refuses_a_code_that_cannot_stand_on_a_line(books: dict[str, Any], wrong: str) -> None:
    admin, title, code = factories.user("Admin"), books["title"], books["codes"][4002]
    if wrong == "cost of sales":
        code = AccountCode.objects.get(code=5000)
    elif wrong == "gone":
        AccountCode.objects.filter(pk=code.pk).update(gone_at="2026-11-01T00:00Z")
    else:
        other = LedgerAccount.objects.create(fingerprint="other", name="Other", is_current=False)
        AccountCode.objects.filter(pk=code.pk).update(ledger_account=other)
    with pytest.raises(services.CodeElsewhere, match="no sales type or turnover nominal"):
        services.change_account_code(by=admin, publication=title, account_code=code)
    with pytest.raises(services.CodeElsewhere):
        values = {"name": "Insert", "account_code": code}
        services.save_item(by=admin, item=MiscellaneousItem(), values=values)
    title.refresh_from_db()
    assert title.account_code == books["codes"][4001]
    assert not MiscellaneousItem.objects.exists() and not AuditEntry.objects.exists()


def test_a_code_gone_from_kashflow_is_kept_and_marked(books: dict[str, Any], as_role: Login) -> None:
    browser, title, gone = as_role("Admin"), books["title"], books["products"][4001, "GONE"]
    title.rate_card.filter(advert_size__name="Full page").update(product_code=gone)
    ProductCode.objects.filter(pk=gone.pk).update(gone_at="2026-11-01T00:00Z")
    page = browser.get(f"{LIST}{title.pk}/defaults/").content.decode()
    assert "No longer in KashFlow. Choose another." in page
    assert 'aria-invalid="true"' in page
    browser.post(f"{LIST}{title.pk}/defaults/", rates(title, half={"price": "361"}))
    assert entry(title, "Full page").product_code == gone
    assert entry(title, "Half page").price == 361


def test_with_account_codes_off_the_columns_are_hidden_and_the_codes_kept(
    books: dict[str, Any], as_role: Login
) -> None:
    browser, title = as_role("Admin"), books["title"]
    product = books["products"][4001, "FULL"]
    title.rate_card.filter(advert_size__name="Full page").update(product_code=product)
    factories.kashflow_on(use_account_codes=False)
    page = browser.get(f"{LIST}{title.pk}/defaults/").content.decode()
    assert "Account code" not in page and "Inventory code" not in page
    browser.post(f"{LIST}{title.pk}/defaults/", rates(title, full={"price": "700"}))
    browser.post(f"{LIST}{title.pk}/defaults/", {"account_code": ""})
    title.refresh_from_db()
    assert (entry(title, "Full page").product_code, title.account_code) == (product, books["codes"][4001])


def test_the_defaults_cost_the_same_with_many_sizes(
    books: dict[str, Any], as_role: Login, django_assert_max_num_queries: Any
) -> None:
    browser, title = as_role("Admin"), books["title"]
    for n in range(40):
        size = AdvertSize.objects.create(name=f"Strip {n}", parts=10)
        RateCardEntry.objects.create(publication=title, advert_size=size, price=10)
    browser.get(f"{LIST}{title.pk}/defaults/")
    with django_assert_max_num_queries(16):
        browser.get(f"{LIST}{title.pk}/defaults/")


# --- Miscellaneous items ------------------------------------------------------------------------------------


def test_an_item_has_both_codes_and_they_must_fit(books: dict[str, Any], as_role: Login) -> None:
    browser, products, codes = as_role("Admin"), books["products"], books["codes"]
    typed = {"name": "Loose insert", "price": "95.00", "is_enabled": "on", "account_code": codes[4001].pk}
    page = browser.post(
        "/settings/miscellaneous-items/add/", {**typed, "product_code": products[4002, "FULL"].pk}
    )
    assert (
        "FULL Full belongs to 4002 Title 4002." in page.content.decode()
        and 'value="Loose insert"' in page.content.decode()
    )
    assert not MiscellaneousItem.objects.exists()
    browser.post("/settings/miscellaneous-items/add/", {**typed, "product_code": products[4001, "FULL"].pk})
    item = MiscellaneousItem.objects.get()
    assert (item.account_code, item.product_code, item.price) == (
        codes[4001],
        products[4001, "FULL"],
        Decimal("95.00"),
    )
    ProductCode.objects.filter(code="HALF").update(gone_at="2026-11-01T00:00Z")
    with pytest.raises(services.CodeElsewhere, match="no longer in KashFlow"):
        values = {**typed, "account_code": codes[4001], "product_code": ProductCode.objects.get(code="HALF")}
        services.save_item(by=browser.person, item=item, values=values)
    page = browser.get(f"/settings/miscellaneous-items/{item.pk}/").content.decode()
    assert "FULL Full · 4001 Title 4001" in page and "HALF Half" not in page
    browser.post(f"/settings/miscellaneous-items/{item.pk}/", {**typed, "name": "Insert", "product_code": ""})
    item.refresh_from_db()
    assert (item.name, item.product_code) == ("Insert", None)
    assert LedgerAccount.objects.count() == 1
