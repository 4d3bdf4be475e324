"""The ledger as a loader uses it: no HTTP, many rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kashflow.sandbox.errors import Refused
from kashflow.sandbox.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite3")


def test_a_new_file_is_empty_but_has_a_company(ledger: Ledger) -> None:
    assert ledger.is_new
    assert ledger.company()["CompanyName"] == "KashFlow sandbox"
    assert not Ledger(ledger.path).is_new


def test_ids_of_different_kinds_never_meet(ledger: Ledger) -> None:
    nominal = ledger.add_nominal(Code=4000, Name="Advertising", sales_type=True)
    customer = ledger.add_customer(Name="Brook")
    number, dbid = ledger.add_invoice(
        [{"Rate": 1, "Quantity": 1}], CustomerID=customer, InvoiceDate=date(2026, 11, 2)
    )
    product = ledger.add_sub_product(ParentID=nominal, Code="FP")
    bank_account = ledger.add_bank_account(AccountName="A")
    method = ledger.add_payment_method(MethodName="BACS")
    payment = ledger.add_payment(PayInvoice=number, PayAmount=Decimal("1"))
    line = ledger.invoice(number)["Lines"][0]["LineID"]  # type: ignore[index]
    ids = [nominal, customer, number, dbid, product, bank_account, method, payment, line]
    assert len(set(ids)) == len(ids)
    assert min(abs(a - b) for a in ids for b in ids if a != b) > 100


def test_a_wrong_name_is_a_mistake_of_the_caller(ledger: Ledger) -> None:
    with pytest.raises(TypeError, match="Customer has no element Nmae"):
        ledger.add_customer(Nmae="Brook")


def test_a_transaction_is_all_or_nothing(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="Customer Code is not unique"), ledger.transaction():
        ledger.add_customer(Code="A1")
        ledger.add_customer(Code="a1")
    assert list(ledger.customers()) == []


def test_a_taken_number_is_refused_unless_told_otherwise(ledger: Ledger) -> None:
    customer = ledger.add_customer(Name="Brook")
    ledger.add_invoice(CustomerID=customer, InvoiceNumber=5)
    with pytest.raises(Refused):
        ledger.add_invoice(CustomerID=customer, InvoiceNumber=5)
    assert len(list(ledger.invoices())) == 1


def test_overwriting_keeps_the_payments(ledger: Ledger) -> None:
    customer = ledger.add_customer(Name="Brook")
    number, dbid = ledger.add_invoice([{"Quantity": 1, "Rate": 100}], CustomerID=customer)
    ledger.add_payment(PayInvoice=number, PayAmount=50)
    half = [{"Quantity": 1, "Rate": 50}]
    again = ledger.add_invoice(half, CustomerID=customer, InvoiceNumber=number, duplicate="overwrite")
    assert again == (number, dbid)
    invoice = ledger.invoice(number)
    assert (invoice["NetAmount"], invoice["AmountPaid"], invoice["Paid"]) == ("50.0000", "50.0000", 1)


def test_the_demo_is_what_was_saved(ledger: Ledger) -> None:
    customer = ledger.add_customer(Name="Brook", Code="BR1")
    ledger.add_invoice([{"Quantity": 1, "Rate": 100}], CustomerID=customer, InvoiceNumber=9)
    before = ledger.contents()
    ledger.save_as_demo()
    ledger.reset("empty")
    assert list(ledger.customers()) == []
    ledger.change_settings(locked=True)
    ledger.reset("demo")
    assert ledger.contents() == before
    ledger.add_customer(Name="Next")
    ledger.save_as_demo()
    ledger.reset("demo")
    assert len(list(ledger.customers())) == 2


def test_a_negative_invoice_is_settled_by_a_negative_payment(ledger: Ledger) -> None:
    number, _ = ledger.add_invoice(
        [{"Quantity": 1, "Rate": -100, "VatAmount": -20}], CustomerID=ledger.add_customer(Name="B")
    )
    assert ledger.invoice(number)["Paid"] == 0
    ledger.add_payment(PayInvoice=number, PayAmount=-120)
    assert ledger.invoice(number)["Paid"] == 1


def test_a_file_of_the_first_version_gets_what_came_later(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    old = Ledger(path)
    old.reset("demo")
    old.save_as_demo()
    old.close()
    for file in (path, tmp_path / "old.sqlite3.demo"):
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.executescript(
                'DROP TABLE currency; DROP TABLE dataset; ALTER TABLE customer DROP COLUMN "TradeBorderType";'
                "DELETE FROM sqlite_sequence WHERE name IN ('currency', 'dataset')"
            )
    new = Ledger(path)
    assert [one["CurrencyCode"] for one in new.currencies()] == ["GBP", "EUR", "USD"]
    assert new.datasets("vat")[0]["ID"] == 601
    new.reset("demo")
    assert [one["TradeBorderType"] for one in new.customers()] == [""] * 5
    assert len(new.currencies()) == 3
    new.close()
