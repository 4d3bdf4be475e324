"""What counts as absent: never a document of ours that was changed there, nor one that was typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client, CustomerLink
from invoicing.models import Invoice, Transfer
from invoicing.transfer import looks
from invoicing.transfer.work import Work
from kashflow.gateway import records
from kashflow.models import LedgerAccount
from tests import factories
from tests.invoicing.transfer.conftest import Desk, raised
from tests.invoicing.transfer.test_carry import BETWEEN, SETTLE, type_in, until_settled

LINES = [
    {"Quantity": "1", "Rate": rate, "VatRate": "20", "VatAmount": vat, "Description": "Advert"}
    for rate, vat in (("180.00", "36.00"), ("42.35", "8.47"))
]


@pytest.fixture
def they_number(desk: Desk) -> Desk:
    LedgerAccount.objects.update(numbering="kashflow")
    return desk


def known_payer(desk: Desk) -> tuple[Client, int]:
    """A client that has an invoice in KashFlow already, and its CustomerID."""
    payer = factories.client_row()
    desk.press(desk.raise_invoices(1, payer))
    desk.work()
    return payer, CustomerLink.objects.get(client=payer).customer_id


@pytest.mark.parametrize("reference", ["", "4500012345", "By the bookkeeper"])
def test_typed_by_hand_is_not_doubled_whatever_its_reference_looks_like(
    they_number: Desk, reference: str
) -> None:
    payer, customer_id = known_payer(they_number)
    type_in(they_number, 88_001, customer_id=customer_id, lines=LINES, CustomerReference=reference)
    invoice = they_number.raise_invoices(1, payer)[0]
    they_number.press([invoice])
    they_number.work()
    transfer = they_number.transfer(invoice)
    assert (transfer.state, transfer.cause_code) == ("review", "found_probable")
    assert they_number.calls("InsertInvoice") == 1


def test_two_equal_invoices_of_ours_are_both_sent(they_number: Desk) -> None:
    payer, _ = known_payer(they_number)
    they_number.press(they_number.raise_invoices(2, payer))
    they_number.work()
    assert they_number.states() == ["verified"] * 3
    assert len(they_number.documents()) == 3


def test_customer_that_was_only_a_code_is_known_before_anything_counts_as_absent(they_number: Desk) -> None:
    there = they_number.sandbox.server.ledger.add_customer(Code="KAYAK1", Name="Kernow Kayaks")
    type_in(they_number, 88_001, customer_id=there, lines=LINES)
    payer = factories.client_row(name="Kernow Kayaks")
    CustomerLink.objects.create(
        client=payer,
        ledger_account=they_number.account,
        state="linked",
        code="KAYAK1",
        linked_at="2026-11-01T00:00:00Z",
        how="csv",
    )
    invoice = they_number.raise_invoices(1, payer)[0]
    they_number.press([invoice])
    they_number.work()
    assert they_number.transfer(invoice).cause_code == "found_probable"
    assert they_number.calls("InsertInvoice") == 0


def test_renumbered_and_without_its_reference_it_is_still_ours(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "total_off_by_a_penny")
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["review"]
    _edit(desk, invoice.number, InvoiceNumber=99_001, CustomerReference="")
    _until_sure(desk, invoice)
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.cause_code) == ("review", "found_changed")
    assert [one["field"] for one in transfer.found["differences"]][:2] == ["Number", "Marker"]
    assert desk.calls("InsertInvoice") == 1


def test_another_number_and_a_wiped_reference_make_no_second_document(desk: Desk) -> None:
    desk.sandbox.settings(numbering="assign")
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    desk.work()
    theirs = desk.transfer(invoice).kashflow_number
    assert theirs not in (None, invoice.number)
    _edit(desk, theirs, CustomerReference="")
    LedgerAccount.objects.update(paused_reason="")
    _until_sure(desk, invoice)
    assert desk.states() == ["review"]
    assert desk.calls("InsertInvoice") == 1


def test_restored_backup_doubles_nothing_where_kashflow_gave_another_number(desk: Desk) -> None:
    """The row and the account are as they were before the press, and the document is under a number of theirs."""
    desk.sandbox.settings(numbering="assign")
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    before = Transfer.objects.values("state", "epoch", "kashflow_number", "lease_until", "found").get()
    desk.work()
    assert desk.states() == ["review"]
    Transfer.objects.update(**before)
    LedgerAccount.objects.update(paused_reason="")
    desk.press([invoice])
    desk.work()
    assert (desk.states(), desk.transfer(invoice).cause_code) == (["review"], "found_changed")
    assert desk.calls("InsertInvoice") == 1
    assert "does not keep our numbers" in desk.account.paused_reason


def test_deleted_and_its_number_given_to_somebody_else_is_not_taken_for_ours(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    # Of an account that is not proved yet the number is read before and after the list, then read back.
    desk.sandbox.fault("GetInvoice", "drop_before", after=2)
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["sent"]
    ledger = desk.sandbox.server.ledger
    ledger.delete_invoice(ledger.invoice(invoice.number)["InvoiceDBID"])
    type_in(desk, invoice.number)
    desk.skip(60)
    desk.sweep_and_work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.cause_code, transfer.kashflow_dbid) == ("review", "differs", None)


@pytest.mark.parametrize("list_fails", [True, False])
def test_empty_record_is_absent_only_where_the_list_agrees(desk: Desk, list_fails: bool) -> None:
    desk.sandbox.settings(not_found="empty")
    if list_fails:
        desk.sandbox.fault("GetInvoicesByDateRange", "http_503")
    desk.press(desk.raise_invoices(1))
    desk.work()
    assert desk.states() == ["ready" if list_fails else "verified"]
    assert desk.calls("InsertInvoice") == (0 if list_fails else 1)


def test_document_of_a_customer_not_linked_here_is_adopted(desk: Desk) -> None:
    """As after restoring a backup: KashFlow has customer and document, we know neither."""
    payer = factories.client_row()
    there = desk.sandbox.server.ledger.add_customer(Code="THERE1", Name=payer.name, Email=payer.email)
    invoice = desk.raise_invoices(1, payer)[0]
    code = desk.account.sales_code.kashflow_id
    lines = [
        {**line, "ChargeType": code, "Description": f"Quarter page, Marches Life, no. {n}"}
        for n, line in enumerate(LINES, 1)
    ]
    type_in(desk, invoice.number, customer_id=there, lines=lines, CustomerReference=invoice.marker)
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["verified"]
    assert (desk.calls("InsertCustomer"), desk.calls("InsertInvoice")) == (0, 0)


@pytest.mark.parametrize("state", ["ready", "ambiguous"])
def test_cancelled_meanwhile_is_not_sent(desk: Desk, state: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press([invoice])
    if state == "ambiguous":
        desk.work()
    made = desk.calls("InsertInvoice")
    Invoice.objects.update(
        state="cancelled", cancelled_at="2026-11-21T09:00:00Z", cancelled_reason="Wrong client"
    )
    until_settled(desk)
    assert desk.states() == ["cancelled"]
    assert desk.calls("InsertInvoice") == made


@pytest.mark.parametrize(
    "text",
    [
        "Zażółć & <Löwe> ]]>",
        "a\nb\r\nc",
        "tab\tand  spaces",
        "مجلة 🚣 e\u0301",
        "'quoted' \"twice\"",
        "x" * 250,
    ],
)
def test_description_and_po_come_back_equal(desk: Desk, text: str) -> None:
    invoice = desk.raise_invoices(1, po_number=text[:60], description=text)[0]
    desk.press([invoice])
    desk.work()
    assert (desk.states(), desk.transfer(invoice).last_cause) == (["verified"], "")


def test_negative_and_exempt_amounts_come_back_equal(desk: Desk) -> None:
    payer = factories.client_row()
    sold = raised(desk.by, payer, desk.next_number, "0.05", "180.15")
    credit = raised(
        desk.by, payer, sold.number + 1, "-0.05", "-180.15",
        kind="credit_note", credits=sold, credit_reason="Printed upside down",
    )  # fmt: skip
    desk.press([sold, credit])
    desk.work()
    transfer = desk.transfer(credit)
    assert (transfer.state, transfer.last_cause) == ("verified", "")
    assert transfer.verified_total == round(credit.total * 100) < 0


def _edit(desk: Desk, number: int, **elements: Any) -> None:
    """The bookkeeper changes a document's own fields."""
    ledger = desk.sandbox.server.ledger
    dbid = ledger.invoice(number)["InvoiceDBID"]
    with ledger.transaction() as db:
        for name, value in elements.items():
            db.execute(f'UPDATE invoice SET "{name}" = ? WHERE "InvoiceDBID" = ?', (value, dbid))  # noqa: S608


def _until_sure(desk: Desk, invoice: Invoice) -> None:
    """A person presses again, and both looks are made."""
    desk.press([invoice])
    desk.work()
    for seconds in (BETWEEN, SETTLE):
        desk.skip(seconds)
        desk.sweep_and_work()
    assert Transfer.objects.count() == 1


def test_number_typed_while_the_list_was_read_is_not_overwritten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list takes its time: what counts is the number, read again after it."""
    (invoice,) = desk.raise_invoices(1)
    read = looks._by_marker

    def slowly(work: Work) -> list[records.Invoice]:
        found = read(work)
        type_in(desk, invoice.number, CustomerReference="By the bookkeeper")
        return found

    monkeypatch.setattr(looks, "_by_marker", slowly)
    desk.press([invoice])
    desk.work()
    assert (desk.states(), desk.calls("InsertInvoice")) == (["conflict"], 0)
    assert [one["CustomerReference"] for one in desk.sandbox.invoices()] == ["By the bookkeeper"]
