"""*Update Invoice Paid Status* of a document that somebody typed in KashFlow and a person linked to our invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from invoicing.models import Transfer
from invoicing.transfer import desk as verbs
from tests.invoicing.paid import TOTAL, money, updated
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk
from tests.invoicing.transfer.needing import edit, number_taken, other_number, shown

pytestmark = pytest.mark.django_db

# The total of `Desk.raise_invoices`, £266.82, of which VAT is £24.26 there and £44.47 here.
OTHER_SPLIT = [
    {"Quantity": "1", "Rate": "242.56", "VatRate": "10", "VatAmount": "24.26", "Description": "Advert"}
]


def linked(desk: Desk, transfer: Transfer) -> Transfer:
    """The document that was found, accepted as it is; its payer is known in KashFlow from now on."""
    verbs.adopt(by=desk.by, transfer=transfer, reason="The bookkeeper typed it.", **shown(transfer))
    desk.work()
    desk.in_kashflow(1, transfer.invoice.payer)
    transfer.refresh_from_db()
    assert transfer.state == "verified"
    return transfer


def test_another_customer_and_another_split_that_were_accepted_are_paid(desk: Desk) -> None:
    transfer = linked(desk, number_taken(desk, lines=OTHER_SPLIT))
    desk.sandbox.pay(desk.dbid(transfer.invoice), "266.82")
    assert updated(desk).summary == "1 paid"
    assert money(transfer.invoice) == ("paid", TOTAL, "")


def test_another_number_that_was_kept_is_paid(desk: Desk) -> None:
    transfer = other_number(desk)
    verbs.adopt(by=desk.by, transfer=transfer, reason="Both are kept.", **shown(transfer))
    desk.work()
    desk.sandbox.pay(desk.dbid(transfer.invoice), "266.82")
    assert updated(desk).summary == "1 paid"
    assert money(transfer.invoice) == ("paid", TOTAL, "")


@pytest.mark.parametrize(
    "column", ["CustomerID", "CustomerReference", "VATAmount", "NetAmount", "CurrencyCode"]
)
def test_what_is_changed_after_it_was_accepted_is_flagged(desk: Desk, column: str) -> None:
    """F-54: what was accepted is what the person saw, and nothing later."""
    transfer = linked(desk, number_taken(desk, lines=OTHER_SPLIT))
    desk.sandbox.pay(desk.dbid(transfer.invoice), "266.82")
    other = desk.sandbox.state()["customers"][1]["CustomerID"]
    values = {
        "CustomerID": other,
        "CustomerReference": "PO 7 ABCDEFGHJK",
        "VATAmount": "30.0000",
        "NetAmount": "236.8200",
        "CurrencyCode": "EUR",
    }
    edit(desk, desk.dbid(transfer.invoice), **{column: values[column]})
    assert updated(desk).summary == "1 needs a look"
    assert money(transfer.invoice) == ("unpaid", Decimal(0), "edited")
    # Only what differs from both is named: not what was accepted.
    assert transfer.invoice.payment_flag_text.count(" here, ") == 1


def test_what_is_changed_there_to_be_as_it_is_here_is_no_difference(desk: Desk) -> None:
    transfer = linked(desk, number_taken(desk, lines=OTHER_SPLIT))
    edit(
        desk,
        desk.dbid(transfer.invoice),
        CustomerReference=transfer.invoice.marker,
        NetAmount="222.3500",
        VATAmount="44.4700",
    )
    desk.sandbox.pay(desk.dbid(transfer.invoice), "266.82")
    assert updated(desk).summary == "1 paid"
    assert money(transfer.invoice) == ("paid", TOTAL, "")
