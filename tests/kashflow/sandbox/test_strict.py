"""The strict switch: what the service forgives becomes a fault, so that our client stays canonical."""

from __future__ import annotations

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, line

CANONICAL = (
    "<Inv><InvoiceDBID>0</InvoiceDBID><InvoiceNumber>0</InvoiceNumber><InvoiceDate>2026-11-02T00:00:00</InvoiceDate>"
    "<CustomerID>50001</CustomerID><Lines>" + line() + "</Lines><NetAmount>0</NetAmount></Inv>"
)


@pytest.fixture(autouse=True)
def strict(caller: Caller) -> None:
    caller.settings(strict=True)


def test_the_canonical_message_passes(caller: Caller) -> None:
    assert caller.call("InsertInvoice", CANONICAL).status_pair == ("OK", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<NetAmount>0</NetAmount>", "<NetAmount>0</NetAmount><DueDate>2026-11-02T00:00:00</DueDate>"),
        ("<NetAmount>0</NetAmount>", "<NetAmount>0</NetAmount><NetAmount>0</NetAmount>"),
        ("<NetAmount>0</NetAmount>", "<Netamount>0</Netamount>"),
        ("<VatRate>20</VatRate>", ""),
        ("2026-11-02T00:00:00", "2026-11-02"),
        ("2026-11-02T00:00:00", "2026-11-02T00:00:00Z"),
        (' xsi:type="InvoiceLine"', ""),
        ("<anyType", "<InvoiceLine/><anyType"),
    ],
)
def test_a_deviation_is_a_fault(caller: Caller, sandbox: Sandbox, old: str, new: str) -> None:
    message = CANONICAL.replace(old, new)
    if new == "":
        message = message.replace(
            "<VatAmount>20.00</VatAmount>", "<VatAmount>20.00</VatAmount><Rate>1</Rate>"
        )
    assert caller.call("InsertInvoice", message).status == 500
    assert list(sandbox.ledger.invoices()) == []
    caller.settings(strict=False)


def test_the_login_comes_first(caller: Caller) -> None:
    login = "<Password>demo</Password><UserName>demo</UserName>"
    assert caller.call("GetCustomers", login=login).status == 500


def test_a_code_with_special_characters_is_a_fault(caller: Caller) -> None:
    assert caller.insert_customer("<Code>A.B</Code>").status == 500


def test_a_code_number_in_place_of_its_id_is_refused(caller: Caller, sandbox: Sandbox) -> None:
    reply = caller.call("InsertInvoice", CANONICAL.replace("880011", "4000"))
    assert reply.status_pair == ("NO", "There is no sales type with that ID")
    assert list(sandbox.ledger.invoices()) == []
