"""The builder of documents: who gets one, pennies, codes, and what keeps a client from being invoiced."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.documents import build
from invoicing.marker import ALPHABET, marker
from invoicing.picking import Code, House, Payer, Row
from invoicing.vat import EXEMPT, VatOfLine

DAY = dt.date(2026, 11, 23)
HOUSE = House(
    vat_percent=Decimal(20), is_vat_exempt=False, payment_terms_days=30, uses_kashflow=True,
    uses_account_codes=False, ledger_account_id=1, sales_code_id=77,
)  # fmt: skip
PAYER = Payer(
    id=1, name="Golden Valley Oak", address=("1 High Street", "Hereford"), vat_number="",
    is_vat_exempt=False, is_agency=False, is_po_required=False, delivery="email",
    period="per_issue", terms_days=None, has_email=True,
)  # fmt: skip
ROW = Row(
    instalment_id=1, booking_id=1, client_id=1, client_name="Golden Valley Oak", payer=PAYER, issue_id=1,
    issue_name="January 2027", publication_id=1, publication_name="Wye Valley Living", publication_code="WVL",
    what="Full page", position="", advertising_as="", sequence=1, of=1, price=Decimal("695.00"),
    list_price=Decimal("695.00"), discount_percent=Decimal(0), po_number="", is_vat_exempt=False,
    is_billable=True, account_code=None, product_code=None,
)  # fmt: skip


def codes_of(document) -> list[str]:
    return [problem.code for problem in document.problems]


def one(row: Row, house: House = HOUSE):
    return build([row], house, DAY)[0]


amounts = st.decimals(min_value=0, max_value=99999, places=2)


@given(st.lists(amounts, min_size=1, max_size=30), st.decimals(min_value=0, max_value=30, places=2))
def test_totals_are_the_sum_of_lines_rounded_each(prices: list[Decimal], percent: Decimal) -> None:
    rows = [replace(ROW, instalment_id=n, price=price) for n, price in enumerate(prices)]
    document = build(rows, replace(HOUSE, vat_percent=percent), DAY)[0]
    pence = [int(price * 100) for price in prices]
    # Half up in whole numbers: VAT in hundred-thousandths of a penny, plus a half, cut.
    vat_pence = [(each * int(percent * 100) + 5000) // 10000 for each in pence]
    assert document.amount * 100 == sum(pence)
    assert document.vat_amount * 100 == sum(vat_pence)
    assert document.total_pence == sum(pence) + sum(vat_pence)
    assert document.total == document.amount + document.vat_amount


@pytest.mark.parametrize(
    ("amount", "percent", "vat"),
    [
        ("0.02", "20", "0.00"),
        ("0.03", "20", "0.01"),
        ("125.33", "20", "25.07"),
        ("0.10", "5", "0.01"),
        ("99.99", "17.5", "17.50"),
    ],
)
def test_vat_of_a_line_goes_half_up(amount: str, percent: str, vat: str) -> None:
    assert VatOfLine(Decimal(percent)).amount(Decimal(amount)) == Decimal(vat)


def test_exempt_is_not_zero_rated() -> None:
    assert (EXEMPT.amount(Decimal(100)), EXEMPT.for_kashflow) == (Decimal("0.00"), Decimal(-1))
    assert (VatOfLine(Decimal(0)).for_kashflow, VatOfLine(Decimal(20)).for_kashflow) == (
        Decimal(0),
        Decimal(20),
    )


@pytest.mark.parametrize(
    ("row", "house"),
    [
        (replace(ROW, is_vat_exempt=True), HOUSE),
        (replace(ROW, payer=replace(PAYER, is_vat_exempt=True)), HOUSE),
        (ROW, replace(HOUSE, is_vat_exempt=True, vat_percent=Decimal(0))),
    ],
)
def test_an_exempt_item_client_or_publisher_charges_no_vat(row: Row, house: House) -> None:
    line = one(row, house).lines[0]
    assert (line.vat.is_exempt, line.vat.percent, line.vat_amount) == (True, Decimal(0), Decimal("0.00"))


def test_due_date_follows_the_clients_terms_then_the_companys() -> None:
    assert one(ROW).due_on == dt.date(2026, 12, 23)
    assert one(replace(ROW, payer=replace(PAYER, terms_days=0))).due_on == DAY


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], ""),
        (["A1", "A1"], "A1"),
        (["A1", "", "B2"], "A1, B2"),
        (["A" * 40, "B" * 40, "C"], "A" * 40 + " +2"),
    ],
)
def test_po_numbers_fit_the_document(numbers: list[str], expected: str) -> None:
    rows = [replace(ROW, po_number=number) for number in numbers or [""]]
    assert build(rows, HOUSE, DAY)[0].po_number == expected


def test_a_description_says_part_and_client_and_is_never_too_long() -> None:
    row = replace(
        ROW, position="Inside front cover", client_id=2, client_name="Ludlow Linen", sequence=2, of=3
    )
    assert one(row).lines[0].description == (
        "Full page, Inside front cover, Wye Valley Living, January 2027, for Ludlow Linen, instalment 2 of 3"
    )
    assert len(one(replace(row, client_name="x" * 400)).lines[0].description) == 250


# --- Problems -----------------------------------------------------------------------------------------------


def test_email_delivery_needs_an_address() -> None:
    payer = replace(PAYER, has_email=False)
    assert codes_of(one(replace(ROW, payer=payer))) == ["no_email"]
    assert codes_of(one(replace(ROW, payer=replace(payer, delivery="post")))) == []


def test_a_required_po_number_must_be_on_every_booking() -> None:
    payer = replace(PAYER, is_po_required=True)
    rows = [replace(ROW, payer=payer, po_number=number) for number in ("A1", "")]
    document = build(rows, HOUSE, DAY)[0]
    assert [problem.sentence for problem in document.problems] == [
        "This client requires a PO number and 1 of its 2 bookings have none."
    ]
    assert codes_of(build(rows[:1], HOUSE, DAY)[0]) == []


def test_no_vat_rate_holds_everything() -> None:
    assert codes_of(one(ROW, replace(HOUSE, vat_percent=None))) == ["no_vat_rate"]


ACCOUNT = Code(id=5, name="4000 Advertising", is_gone=False, ledger_account_id=1)
PRODUCT = Code(id=6, name="FP Full page", is_gone=False, ledger_account_id=1, account_code_id=5)
WITH_CODES = replace(HOUSE, uses_account_codes=True)


def test_without_account_codes_the_sales_code_is_used() -> None:
    line = one(replace(ROW, account_code=ACCOUNT, product_code=PRODUCT)).lines[0]
    assert (line.account_code_id, line.product_code_id) == (77, None)


def test_with_account_codes_both_codes_are_carried() -> None:
    document = one(replace(ROW, account_code=ACCOUNT, product_code=PRODUCT), WITH_CODES)
    assert (document.lines[0].account_code_id, document.lines[0].product_code_id) == (5, 6)
    assert codes_of(document) == []
    assert codes_of(one(replace(ROW, account_code=ACCOUNT), WITH_CODES)) == []


@pytest.mark.parametrize(
    ("account", "product", "problem"),
    [
        (None, None, "no_account_code"),
        (replace(ACCOUNT, is_gone=True), PRODUCT, "account_code_gone"),
        (replace(ACCOUNT, ledger_account_id=2), None, "account_code_gone"),
        (ACCOUNT, replace(PRODUCT, is_gone=True), "product_code_gone"),
        (ACCOUNT, replace(PRODUCT, account_code_id=9), "product_code_elsewhere"),
    ],
)
def test_codes_that_cannot_be_sent_are_problems(
    account: Code | None, product: Code | None, problem: str
) -> None:
    rows = [replace(ROW, account_code=account, product_code=product)] * 2
    assert codes_of(build(rows, WITH_CODES, DAY)[0]) == [problem]


# --- The marker ---------------------------------------------------------------------------------------------


def test_a_marker_is_ten_readable_characters_and_never_changes() -> None:
    uid = UUID("12345678-1234-4234-9234-123456789abc")
    assert marker(uid) == marker(UUID(str(uid))) == "0J6HB7H6NW"
    assert set("".join(marker(uuid4()) for _ in range(200))) <= set(ALPHABET)
    assert len({marker(uuid4()) for _ in range(2000)}) == 2000
