"""What a bookkeeper changes by hand, from the page and from a script."""

from __future__ import annotations

from typing import Any

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, line

NUMBER, DBID = 2040, 91000001


@pytest.fixture(autouse=True)
def document(caller: Caller, customer_id: int) -> None:
    """Two lines, 120.00 + 60.00 with VAT, of which 20.00 are paid, and another document beside it."""
    more = "<CustomerReference>PO 7 K3M9</CustomerReference>"
    lines = line() + line("50.00", "10.00", "Half page")
    caller.insert_invoice(customer_id, number=NUMBER, lines=lines, more=more)
    caller.insert_invoice(customer_id, number=2041, lines=line())
    caller.sandbox.ledger.add_payment(PayInvoice=NUMBER, PayAmount=20, PayDate="2026-11-05")


def edit(caller: Caller, change: object, **which: object) -> Any:
    return caller.control("POST", "edit", (which or {"InvoiceNumber": NUMBER}) | {"change": change})


def read(caller: Caller, *names: str) -> list[str | None]:
    """Elements of the document as a client sees them, found by its id."""
    reply = caller.call("GetInvoiceByID", f"<InvoiceID>{DBID}</InvoiceID>")
    return [reply.value(name) for name in names]


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"CustomerReference": ""}, {"CustomerReference": None, "NetAmount": "150.0000"}),
        ({"Customer": "teme01"}, {"Customer": "TEME01", "CustomerID": "50002"}),
        ({"InvoiceDate": "2026-11-09"}, {"InvoiceDate": "2026-11-09T00:00:00"}),
        ({"DueDate": "2026-12-24"}, {"DueDate": "2026-12-24T00:00:00"}),
        ({"Rate": "90"}, {"Rate": "90.0000", "VatAmount": "18.0000", "NetAmount": "140.0000", "VATAmount": "28.0000"}),
        ({"Rate": "90", "VatAmount": "17.99"}, {"NetAmount": "140.0000", "VATAmount": "27.9900"}),
        ({"Rate": "9.999", "Quantity": 2}, {"Rate": "10.0000", "NetAmount": "70.0000", "VATAmount": "14.0000"}),
        ({"Description": "Cover"}, {"Description": "Cover", "VATAmount": "30.0000"}),
        ({"VatRate": -1}, {"VatRate": "-1.0000", "VATAmount": "10.0000"}),
        ({"Rate": -100}, {"NetAmount": "-50.0000", "AmountPaid": "20.0000", "Paid": "0"}),
        ({"Paid": 1}, {"Paid": "1", "AmountPaid": "20.0000"}),
        ({"AmountPaid": "180"}, {"Paid": "0", "AmountPaid": "180.0000"}),
        ({"InvoiceNumber": 3000}, {"InvoiceNumber": "3000", "InvoiceDBID": "91000001"}),
    ],
)  # fmt: skip
def test_a_script_changes_single_elements(
    caller: Caller, change: dict[str, object], seen: dict[str, str | None]
) -> None:
    reply = edit(caller, change)
    assert (reply.status, reply.json["InvoiceDBID"]) == (200, DBID), reply.text
    assert dict(zip(seen, read(caller, *seen), strict=True)) == seen


def test_what_was_not_changed_stays(caller: Caller) -> None:
    before = caller.control("GET", "state").json["invoices"]
    assert edit(caller, {"CustomerReference": "Other"}, InvoiceDBID=DBID).status == 200
    after = caller.control("GET", "state").json["invoices"]
    before[0] |= {"CustomerReference": "Other", "ReadableString": after[0]["ReadableString"]}
    assert after == before


def test_payments_follow_a_new_number(caller: Caller) -> None:
    edit(caller, {"InvoiceNumber": 3000})
    reply = caller.call("GetInvoicePayment", "<InvoiceNumber>3000</InvoiceNumber>")
    assert (reply.value("PayInvoice"), reply.value("PayAmount")) == ("3000", "20.0000")
    gone = caller.call("GetInvoicePayment", f"<InvoiceNumber>{NUMBER}</InvoiceNumber>")
    assert gone.names("GetInvoicePaymentResult") == []
    assert caller.call("GetInvoice", f"<InvoiceNumber>{NUMBER}</InvoiceNumber>").status_pair[0] == "NO"


def test_what_the_document_says_of_payments_holds_until_the_next(caller: Caller, sandbox: Sandbox) -> None:
    edit(caller, {"Paid": 1, "AmountPaid": "3.00"})
    assert read(caller, "Paid", "AmountPaid") == ["1", "3.0000"]
    sandbox.ledger.add_payment(PayInvoice=NUMBER, PayAmount=1)
    assert read(caller, "Paid", "AmountPaid") == ["0", "21.0000"]
    sandbox.ledger.add_payment(PayInvoice=NUMBER, PayAmount=159)
    edit(caller, {"Paid": 0})
    assert read(caller, "Paid", "AmountPaid") == ["0", "180.0000"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"InvoiceNumber": 2041}, "Invoice Number is not unique"),
        ({"Customer": "NOBODY"}, "There is no customer with that code"),
        ({"PermaLink": "1"}, "PermaLink cannot be edited."),
        ({"Rate": "much"}, "Rate cannot be much"),
        ({"Rate": "1e400"}, "Rate cannot be 1e400"),
        ({"Rate": "NaN"}, "Rate cannot be NaN"),
        ({"Paid": 2}, "Paid cannot be 2"),
        ({"InvoiceNumber": 0}, "InvoiceNumber cannot be 0"),
        ({"InvoiceDate": "09/11/2026"}, "InvoiceDate cannot be 09/11/2026"),
        ({"CustomerReference": 7}, "CustomerReference must be text"),
        ([], "Say which and what"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(caller: Caller, change: object, said: str) -> None:
    before = caller.control("GET", "state").json
    reply = edit(caller, {"CustomerReference": "gone"} | change if isinstance(change, dict) else change)
    assert (reply.status, list(reply.json)) == (400, ["error"])
    assert reply.json["error"].startswith(said)
    assert caller.control("GET", "state").json == before


@pytest.mark.parametrize(
    "which", [{"InvoiceNumber": 9}, {"InvoiceDBID": NUMBER}, {"InvoiceNumber": [1]}, {"Number": 1}]
)
def test_a_document_that_is_not_there(caller: Caller, which: dict[str, object]) -> None:
    assert edit(caller, {"CustomerReference": ""}, **which).status == 400


TYPED = {
    "customer": "HILL01", "number": "2040", "day": "2026-11-02", "due": "0001-01-01", "reference": "PO 7 K3M9",
    "rate": "100.00", "vat": "20.00",
}  # fmt: skip


def test_a_person_edits_on_the_page(caller: Caller) -> None:
    assert f'action="/invoices/{DBID}/edit"' in caller.page()
    form = caller.page(f"/invoices/{DBID}/edit")
    for name, value in TYPED.items():
        assert f'name="{name}" type="{"date" if name in ("day", "due") else "text"}" value="{value}"' in form
    changed = TYPED | {"customer": "TEME01", "number": "3000", "reference": "", "rate": "90"}
    assert caller.submit(f"/invoices/{DBID}/edit", **changed).status == 303
    wanted = ["3000", "TEME01", None, "140.0000", "28.0000", "20.0000"]
    seen = read(
        caller, "InvoiceNumber", "Customer", "CustomerReference", "NetAmount", "VATAmount", "AmountPaid"
    )
    assert seen == wanted


def test_saving_what_was_shown_changes_nothing(caller: Caller) -> None:
    before = caller.control("GET", "state").json
    assert caller.submit(f"/invoices/{DBID}/edit", **TYPED).status == 303
    assert caller.control("GET", "state").json == before


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("customer", "NOBODY", "No customer has this code."),
        ("number", "2041", "Invoice Number is not unique. Enter another."),
        ("number", "", "InvoiceNumber cannot be 0. Enter another."),
        ("day", "soon", "Enter a date"),
        ("rate", "", "Enter an amount"),
    ],
)
def test_a_mistake_is_named_and_nothing_changes(caller: Caller, field: str, typed: str, said: str) -> None:
    before = caller.control("GET", "state").json
    reply = caller.submit(f"/invoices/{DBID}/edit", **TYPED | {"reference": "kept", field: typed})
    assert reply.status == 422
    assert f'<p class="mistake" id="{field}-mistake">{said}' in reply.text
    assert 'value="kept"' in reply.text
    assert caller.control("GET", "state").json == before


def test_a_document_without_lines_has_no_rate_to_edit(caller: Caller, customer_id: int) -> None:
    caller.insert_invoice(customer_id, number=2042)
    assert 'name="rate"' not in caller.page("/invoices/91000003/edit")
    typed = {name: value for name, value in TYPED.items() if name not in ("rate", "vat")}
    assert caller.submit("/invoices/91000003/edit", **typed | {"number": "2042"}).status == 303
    assert edit(caller, {"Rate": "1"}, InvoiceNumber=2042).status == 400
    assert caller.request("GET", "/invoices/1/edit").status == 404
