"""What KashFlow's answer means for one invoice, as a table (F-53 to F-57)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from invoicing.paid_status.verdict import Missing, Ours, is_news, judge, needs_payments, state_of
from kashflow.gateway.records import Invoice, Payment

DAY = dt.date(2026, 11, 20)
TOTAL = Decimal("120.00")


def ours(**fields: Any) -> Ours:
    values: dict[str, Any] = {
        "invoice_id": 1,
        "number": 10431,
        "kashflow_number": 10431,
        "dbid": 91,
        "payer_id": 7,
        "invoice_date": DAY,
        "customer_id": 50,
        "reference": "PO 7 ABCDEFGHJK",
        "amount": Decimal("100.00"),
        "vat_amount": Decimal("20.00"),
        "total": TOTAL,
        "paid_amount": Decimal(0),
        "paid_state": "unpaid",
        "kashflow_paid_amount": Decimal(0),
        "flag": "",
        "flag_text": "",
    }
    return Ours(**{**values, **fields})


def theirs(sum_of_payments: str = "0", **fields: Any) -> Invoice:
    values: dict[str, Any] = {
        "dbid": 91,
        "number": 10431,
        "invoice_date": DAY,
        "customer_id": 50,
        "reference": "PO 7 ABCDEFGHJK",
        "net_amount": Decimal("100.0000"),
        "vat_amount": Decimal("20.0000"),
        "amount_paid": Decimal(sum_of_payments),
        "paid": Decimal(sum_of_payments) >= TOTAL,
    }
    return Invoice(**{**values, **fields})


def payments(*amounts: str, on: dt.date = DAY) -> list[Payment]:
    return [
        Payment(payment_id=n, invoice_number=10431, pay_date=on, amount=Decimal(amount))
        for n, amount in enumerate(amounts, 1)
    ]


@pytest.mark.parametrize(
    ("due", "paid", "state"),
    [
        ("120", "0", "unpaid"),
        ("120", "-20", "unpaid"),
        ("120", "0.01", "part"),
        ("120", "119.99", "part"),
        ("120", "120", "paid"),
        ("120", "120.01", "over"),
        ("0", "0", "paid"),
        ("-120", "0", "unpaid"),
        ("-120", "-50", "part"),
        ("-120", "-120", "paid"),
        ("-120", "-121", "over"),
    ],
)
def test_state_goes_by_the_sum(due: str, paid: str, state: str) -> None:
    """F-56: none 0, less than the total part, equal paid, more overpaid; of a credit note the other way round."""
    assert state_of(Decimal(due), Decimal(paid)) == state


@pytest.mark.parametrize(
    "amounts",
    [
        ("30.00",),
        ("120.00",),
        ("150.00",),
        ("30.00", "90.00"),
        ("120.00", "-20.00"),
        ("-20.00",),
        ("0.5000",),
    ],
)
def test_payments_that_add_up_are_believed(amounts: tuple[str, ...]) -> None:
    """F-56: part, exact, over, several, negative."""
    paid = sum(map(Decimal, amounts))
    verdict = judge(ours(), theirs(str(paid)), payments(*amounts))
    assert (verdict.amount, verdict.flag, verdict.text) == (paid, "", "")
    assert is_news(ours(), verdict)


def test_removed_payment_makes_it_unpaid_again() -> None:
    """F-56: removed."""
    paid = ours(paid_amount=TOTAL, kashflow_paid_amount=TOTAL, paid_state="paid")
    verdict = judge(paid, theirs("0"), [])
    assert (verdict.amount, verdict.flag) == (Decimal("0.00"), "")
    assert is_news(paid, verdict)


def test_back_dated_payment_counts() -> None:
    """F-56: back-dated."""
    verdict = judge(ours(), theirs("120"), payments("120", on=dt.date(2025, 1, 2)))
    assert (verdict.amount, verdict.flag) == (TOTAL, "")


def test_same_as_before_is_no_news_and_asks_for_no_payments() -> None:
    part = ours(paid_amount=Decimal(30), kashflow_paid_amount=Decimal(30), paid_state="part")
    assert not needs_payments(part, theirs("30"))
    assert not is_news(part, judge(part, theirs("30")))


def test_payment_here_that_is_not_there_yet_stays_counted() -> None:
    waiting = ours(paid_amount=Decimal(50), kashflow_paid_amount=Decimal(20), paid_state="part")
    assert not is_news(waiting, judge(waiting, theirs("20")))


@pytest.mark.parametrize(
    ("mark", "amount", "words"), [(True, "30", "marks it"), (False, "120", "does not mark it")]
)
def test_paid_mark_that_disagrees_is_flagged_and_the_sum_counts(mark: bool, amount: str, words: str) -> None:
    """F-57: Paid=1 but the payments come to less, and reverse."""
    verdict = judge(ours(), theirs(amount, paid=mark), payments(amount))
    assert (verdict.amount, verdict.flag) == (Decimal(amount), "paid_disagrees")
    assert words in verdict.text


@pytest.mark.parametrize("amounts", [(), ("50.00",), ("120.00", "0.01")])
def test_payments_that_do_not_add_up_change_nothing(amounts: tuple[str, ...]) -> None:
    part = ours(paid_amount=Decimal(30), kashflow_paid_amount=Decimal(30), paid_state="part")
    verdict = judge(part, theirs("120"), payments(*amounts))
    assert (verdict.amount, verdict.flag, verdict.adds_up) == (Decimal(30), "does_not_add_up", False)
    assert "KashFlow says £120.00 is paid" in verdict.text
    assert needs_payments(ours(flag="does_not_add_up"), theirs("0"))


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        ({"net_amount": Decimal(90)}, "Amount before VAT: 100.00 here, 90.00 in KashFlow"),
        ({"vat_amount": Decimal(0)}, "VAT: 20.00 here, 0.00 in KashFlow"),
        ({"customer_id": 51}, "Customer: 50 here, 51 in KashFlow"),
        ({"reference": ""}, "Marker: ABCDEFGHJK here, nothing in KashFlow"),
        ({"number": 10999}, "Number: 10431 here, 10999 in KashFlow"),
        ({"currency_code": "EUR"}, "Currency: GBP here, EUR in KashFlow"),
    ],
)
def test_edited_document_is_flagged_and_never_marked_paid(edited: dict[str, Any], said: str) -> None:
    """F-54, and of F-56 the other currency."""
    verdict = judge(ours(), theirs("120", **edited), payments("120"))
    assert (verdict.amount, verdict.flag) == (Decimal(0), "edited")
    assert said in verdict.text


def test_other_date_of_the_invoice_says_nothing_about_money() -> None:
    assert judge(ours(), theirs("0", invoice_date=dt.date(2026, 12, 1))).flag == ""


@pytest.mark.parametrize(
    ("found", "flag"),
    [
        ({}, ""),
        (
            {
                "reference": "typed by hand",
                "customer_id": 51,
                "net_amount": Decimal(110),
                "vat_amount": Decimal(10),
            },
            "",
        ),
        ({"customer_id": 51}, ""),
        ({"reference": "typed by another hand"}, ""),
        ({"customer_id": 52}, "edited"),
        ({"net_amount": Decimal(105)}, "edited"),
        ({"vat_amount": Decimal(15)}, "edited"),
        ({"vat_amount": Decimal(10)}, "edited"),
        ({"net_amount": Decimal(110)}, "edited"),
        ({"reference": "PO 7 KJHGFEDCBA"}, "edited"),
    ],
)
def test_linked_document_is_ours_as_it_was_accepted_and_as_it_is_here(
    found: dict[str, Any], flag: str
) -> None:
    accepted = Invoice(
        number=10431,
        customer_id=51,
        reference="typed by hand",
        net_amount=Decimal(110),
        vat_amount=Decimal(10),
    )
    assert judge(ours(accepted=accepted), theirs("0", **found)).flag == flag


def test_unlinked_customer_is_not_compared() -> None:
    assert judge(ours(customer_id=0), theirs("0", customer_id=51)).flag == ""


def test_gone_document_keeps_what_was_believed() -> None:
    """F-53."""
    part = ours(paid_amount=Decimal(30), kashflow_paid_amount=Decimal(30), paid_state="part")
    verdict = judge(part, Missing())
    assert (verdict.amount, verdict.flag) == (Decimal(30), "gone")
    assert "It is not created again" in verdict.text


def test_number_used_again_is_not_taken_for_ours() -> None:
    """F-55."""
    other = theirs("120", dbid=92, customer_name="Somebody Else Ltd", reference="")
    verdict = judge(ours(), Missing(other))
    assert (verdict.amount, verdict.flag) == (Decimal(0), "reused")
    assert "Somebody Else Ltd" in verdict.text


def test_mended_document_loses_its_flag() -> None:
    flagged = ours(flag="edited", flag_text="It was changed.")
    verdict = judge(flagged, theirs("0"))
    assert verdict.flag == ""
    assert is_news(flagged, verdict)


def test_same_flag_again_is_no_news() -> None:
    first = judge(ours(), Missing())
    assert not is_news(ours(flag="gone", flag_text=first.text), judge(ours(flag="gone"), Missing()))
