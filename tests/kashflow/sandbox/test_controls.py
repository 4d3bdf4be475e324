"""The controls under /sandbox/."""

from __future__ import annotations

import json

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, line

WEB = "<UserName>demo</UserName><Password>demo</Password>"
API = "<UserName>demo</UserName><Password>demo-api</Password>"


def said(caller: Caller, login: str = WEB) -> tuple[str | None, str | None]:
    return caller.call("GetCompanyDetails", login=login).status_pair


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"api_enabled": False}, "The API is not enabled for this account"),
        ({"api_enabled": False, "api_off_text": "Switched off"}, "Switched off"),
        ({"locked": True}, "Your account is locked"),
        ({"restrict_ip": True}, "The IP address of 127.0.0.1 is not in the access list"),
        (
            {"restrict_ip": True, "allowed_ips": ["10.0.0.9"]},
            "The IP address of 127.0.0.1 is not in the access list",
        ),
        ({"separate_password": True}, "Incorrect username or password"),
        ({"password": "other"}, "Incorrect username or password"),
        ({"username": "other"}, "Incorrect username or password"),
    ],
)
def test_a_setting_that_shuts_the_caller_out(caller: Caller, changes: dict[str, object], text: str) -> None:
    assert said(caller) == ("OK", None)
    caller.settings(**changes)
    assert said(caller) == ("NO", text)


def test_settings_that_let_in(caller: Caller) -> None:
    caller.settings(restrict_ip=True, allowed_ips=["127.0.0.1"], separate_password=True)
    assert said(caller, API) == ("OK", None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"colour": 1, "api_enabled": False, "size": 2}, "Unknown setting: colour, size"),
        ({"api_enabled": "no"}, "api_enabled must be true or false"),
        ({"numbering": "mine"}, "numbering must be one of honour, assign"),
        ({"latency_ms": -1}, "latency_ms must be between 0 and 600000"),
        ({"latency_ms": True}, "latency_ms must be a whole number"),
        ({"allowed_ips": "127.0.0.1"}, "allowed_ips must be a list of addresses"),
        ([1], "The body must be a JSON object"),
    ],
)
def test_settings_that_make_no_sense_change_nothing(caller: Caller, body: object, text: str) -> None:
    reply = caller.control("POST", "settings", body)
    assert (reply.status, reply.json) == (400, {"error": text})
    assert said(caller) == ("OK", None)


def test_what_is_not_there_or_not_json(caller: Caller) -> None:
    assert caller.control("GET", "nothing").status == 404
    assert caller.request("POST", "/sandbox/reset", b"{").status == 400
    assert caller.control("POST", "reset", {"to": "yesterday"}).status == 400


def test_another_sites_page_may_not_press(caller: Caller, sandbox: Sandbox) -> None:
    reply = caller.request("POST", "/sandbox/reset", b'{"to": "empty"}', {"Origin": "http://evil.example"})
    assert reply.status == 403
    assert len(list(sandbox.ledger.customers())) == 5


def test_the_state_is_the_whole_ledger_without_passwords(caller: Caller, customer_id: int) -> None:
    caller.settings(password="hunter2", username="demo")
    caller.sandbox.ledger.add_invoice([{"Quantity": 2, "Rate": 5}], CustomerID=customer_id, InvoiceNumber=7)
    caller.sandbox.ledger.add_payment(PayInvoice=7, PayAmount=3, PayDate="2026-11-05")
    caller.sandbox.ledger.add_note(InvoiceId=91000001, Notes="Called")
    caller.sandbox.ledger.add_bank_transaction(accid=7701, moneyin=3)
    state = caller.control("GET", "state").json
    assert [one["Notes"] for one in state["invoices"][0]["Notes"]] == ["Called"]
    assert [one["moneyin"] for one in state["bank_transactions"]] == ["3.0000"]
    assert sorted(state) == [
        "bank_accounts", "bank_transactions", "company", "currencies", "customer_sources", "customers", "invoices",
        "nominals", "payment_methods", "settings", "sub_products", "vat_rates",
    ]  # fmt: skip
    (invoice,) = state["invoices"]
    assert (invoice["InvoiceNumber"], invoice["NetAmount"], invoice["Customer"]) == (7, "10.0000", "HILL01")
    assert (invoice["Lines"][0]["Rate"], invoice["Payments"][0]["PayAmount"]) == ("5.0000", "3.0000")
    assert "hunter2" not in json.dumps(state)


def test_the_books_of_somebody_else(caller: Caller) -> None:
    before = caller.control("GET", "state").json["company"]
    reply = caller.control("POST", "company", {"CompanyName": "Other Ltd", "VatRegistrationNumber": "GB9"})
    assert reply.json == before | {"CompanyName": "Other Ltd", "VatRegistrationNumber": "GB9"}
    assert caller.call("GetCompanyDetails").value("CompanyName") == "Other Ltd"
    for wrong in ({"Colour": "red"}, {"PaymentTerms": "soon"}, {"CompanyName": "X", "Colour": "red"}):
        assert caller.control("POST", "company", wrong).status == 400
    assert caller.call("GetCompanyDetails").value("CompanyName") == "Other Ltd"


def test_reset_returns_to_a_known_state(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    caller.insert_invoice(customer_id, lines=line())
    caller.settings(locked=True)
    caller.fault("http_500")
    caller.control("POST", "gates", {"operation": "GetInvoice", "at": "received"})
    assert caller.control("POST", "reset", {"to": "empty"}).json == {"reset": "empty"}
    state = caller.control("GET", "state").json
    assert (state["customers"], state["invoices"], state["nominals"]) == ([], [], [])
    assert (caller.control("GET", "faults").json, caller.control("GET", "gates").json) == ([], [])
    assert caller.control("GET", "log").json == []
    assert said(caller) == ("OK", None)
    caller.control("POST", "reset", {"to": "demo"})
    assert caller.insert_invoice(customer_id).value("InsertInvoiceResult") == "1001"


def test_the_log_has_the_calls_and_no_password(caller: Caller, sandbox: Sandbox) -> None:
    caller.call("GetCustomer", "<CustomerCode>HILL01</CustomerCode>")
    caller.call(
        "GetInvoice",
        "<InvoiceNumber>8</InvoiceNumber>",
        login="<UserName>u</UserName><Password>hunter2</Password>",
    )
    caller.call("GetInvoice", "<InvoiceNumber>x</InvoiceNumber>")
    reply = caller.control("GET", "log")
    assert [(one["operation"], one["outcome"], one["username"]) for one in reply.json] == [
        ("GetCustomer", "OK", "demo"),
        ("GetInvoice", "NO", "u"),
        ("GetInvoice", "fault", ""),
    ]
    assert reply.json[0]["arguments"] == {"CustomerCode": "HILL01"}
    assert reply.json[1]["detail"] == "Incorrect username or password"
    assert "hunter2" not in reply.text
    assert len(caller.control("GET", "log?operation=GetInvoice").json) == 2
    assert [one["id"] for one in caller.control("GET", "log?after=2").json] == [3]
    assert b"hunter2" not in sandbox.ledger.path.read_bytes()
    caller.control("DELETE", "log")
    assert caller.control("GET", "log").json == []
