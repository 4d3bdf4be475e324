"""Customers through the API."""

from __future__ import annotations

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller


def test_inserting_returns_the_id_and_keeps_every_element(caller: Caller) -> None:
    typed = "<Code>BROO01</Code><Name>Brook &amp; Sons &lt;Ltd&gt; ☂</Name><EC>1</EC><Discount>2.5</Discount>"
    assert caller.insert_customer(typed + "<CheckBox7>1</CheckBox7>").value("InsertCustomerResult") == "50006"
    read = caller.call("GetCustomerByID", "<CustomerID>50006</CustomerID>")
    assert read.value("Name") == "Brook & Sons <Ltd> ☂"
    assert (read.value("EC"), read.value("Discount"), read.value("CheckBox7")) == ("1", "2.5000", "1")
    assert read.value(
        "Created",
    ).endswith("T00:00:00")  # type: ignore[union-attr]


def test_a_customer_without_code_gets_one(caller: Caller) -> None:
    for expected in ("JIMS01", "JIMS02"):
        number = caller.insert_customer("<Name>Jim's Ices</Name>").value("InsertCustomerResult")
        assert caller.call("GetCustomerByID", f"<CustomerID>{number}</CustomerID>").value("Code") == expected


@pytest.mark.parametrize("code", ["HILL01", "hill01"])
def test_a_code_twice_is_refused_with_the_live_text(caller: Caller, sandbox: Sandbox, code: str) -> None:
    reply = caller.insert_customer(f"<Code>{code}</Code><Name>Other</Name>")
    assert reply.status_pair == ("NO", "Customer Code is not unique")
    assert reply.value("InsertCustomerResult") == "0"
    assert len(list(sandbox.ledger.customers())) == 5


@pytest.mark.parametrize("code", ["A@B", "A.B", "A B", "É01"])
def test_a_special_character_is_refused_with_the_live_text(
    caller: Caller, sandbox: Sandbox, code: str
) -> None:
    said = "The customer code specified is invalid, please re-enter without any special characters."
    assert caller.insert_customer(f"<Code>{code}</Code>").status_pair == ("NO", said)
    assert len(list(sandbox.ledger.customers())) == 5


@pytest.mark.parametrize(
    ("operation", "inputs", "said"),
    [
        (
            "GetCustomerByEmail",
            "<CustomerEmail>a@b.example</CustomerEmail>",
            "There is no customer with that email address",
        ),
        ("GetCustomerByEmail", "", "There is no customer with that email address"),
        ("GetCustomer", "<CustomerCode>NONE</CustomerCode>", "There is no customer with that code"),
        ("GetCustomerByID", "<CustomerID>1</CustomerID>", "There is no customer with that ID"),
    ],
)
def test_a_customer_that_is_not_there(caller: Caller, operation: str, inputs: str, said: str) -> None:
    reply = caller.call(operation, inputs)
    assert reply.status_pair == ("NO", said)
    assert reply.find(f"{operation}Result") is None


def test_by_email(caller: Caller) -> None:
    assert (
        caller.call("GetCustomerByEmail", "<CustomerEmail>HILL01@customers.example</CustomerEmail>").value(
            "Code"
        )
        == "HILL01"
    )


def test_updating_replaces_the_whole_customer(caller: Caller, customer_id: int) -> None:
    reply = caller.call(
        "UpdateCustomer", f"<custr><CustomerID>{customer_id}</CustomerID><Name>Hillside</Name></custr>"
    )
    assert reply.status_pair == ("OK", None)
    read = caller.call("GetCustomer", "<CustomerCode>HILL01</CustomerCode>")
    assert (read.value("Name"), read.value("Email"), read.value("Code")) == ("Hillside", None, "HILL01")


def test_updating_to_a_taken_code_changes_nothing(caller: Caller, customer_id: int) -> None:
    reply = caller.call(
        "UpdateCustomer", f"<custr><CustomerID>{customer_id}</CustomerID><Code>TEME01</Code></custr>"
    )
    assert reply.status_pair == ("NO", "Customer Code is not unique")
    assert (
        caller.call("GetCustomer", "<CustomerCode>HILL01</CustomerCode>").value("Name")
        == "Hillside Garden Centre"
    )


def test_the_list_holds_every_customer(caller: Caller) -> None:
    assert caller.call("GetCustomers").names("GetCustomersResult") == ["Customer"] * 5
