"""Each known text, fault and HTTP status against the error it means (transfer.md, What an answer means)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine

from kashflow.gateway import errors
from kashflow.gateway.records import Customer, Invoice
from tests.kashflow.gateway.conftest import refused, soap

INVOICE = Invoice(invoice_date=date(2026, 11, 2), customer_id=50123)
CALLS = {
    "GetCompanyDetails": lambda g: g.get_company_details(),
    "GetCustomer": lambda g: g.get_customer("BROO01"),
    "GetCustomerByID": lambda g: g.get_customer_by_id(50123),
    "GetCustomerByEmail": lambda g: g.get_customer_by_email("hay@brook.example"),
    "GetCustomers": lambda g: list(g.get_customers()),
    "GetInvoice": lambda g: g.get_invoice(1042),
    "GetInvoiceByID": lambda g: g.get_invoice_by_id(91000456),
    "GetInvoicesForCustomer": lambda g: list(g.get_invoices_for_customer(50123)),
    "GetInvoicePayment": lambda g: list(g.get_invoice_payments(1042)),
    "InsertCustomer": lambda g: g.insert_customer(Customer(code="BROO01", name="Brook")),
    "UpdateCustomer": lambda g: g.update_customer(Customer(customer_id=50123, name="Brook")),
    "InsertInvoice": lambda g: g.insert_invoice(INVOICE),
}
BAD_CODE = "The customer code specified is invalid, please re-enter without any special characters."


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Incorrect username or password", errors.WrongLogin),
        ("The IP address of 203.0.113.9 is not in the access list", errors.IpNotListed),
        ("The API is disabled", errors.ApiDisabled),
        ("API access is not enabled for this account.", errors.ApiDisabled),
        ("The account has been locked", errors.AccountLocked),
        ("", errors.Unknown),
        ("Execution Timeout Expired", errors.SaidNo),
        ("Invoice saved but the API is disabled", errors.SaidNo),
        ("Please note: Incorrect username or password was changed", errors.SaidNo),
    ],
)
def test_texts_of_every_operation(gateway, wire, reply, operation, text, kind):
    reply(refused(operation, text))
    with pytest.raises(errors.GatewayError) as caught:
        CALLS[operation](gateway)
    assert type(caught.value) is kind
    assert caught.value.operation == operation
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("operation", "text", "kind"),
    [
        ("GetCustomer", "There is no customer with that code", errors.NotFound),
        ("GetCustomerByID", "NO CUSTOMER", errors.NotFound),
        ("GetCustomerByEmail", "There is no customer with that email address", errors.NotFound),
        ("UpdateCustomer", "There is no customer with that id", errors.NotFound),
        ("GetInvoice", "There is no invoice with that number", errors.NotFound),
        ("GetInvoiceByID", "no invoice", errors.NotFound),
        ("GetCustomer", "no invoice", errors.SaidNo),
        ("GetInvoice", "no customer", errors.SaidNo),
        ("InsertInvoice", "no invoice", errors.SaidNo),
        ("GetInvoicesForCustomer", "no invoice", errors.SaidNo),
        ("GetCustomers", "no customer", errors.SaidNo),
        ("InsertCustomer", "Customer Code is not unique", errors.CodeNotUnique),
        ("InsertCustomer", BAD_CODE, errors.CodeInvalid),
        ("InsertInvoice", "Customer Code is not unique", errors.SaidNo),
        ("GetInvoice", BAD_CODE, errors.SaidNo),
    ],
)
def test_texts_of_one_operation(gateway, reply, operation, text, kind):
    reply(refused(operation, text))
    with pytest.raises(errors.GatewayError) as caught:
        CALLS[operation](gateway)
    assert type(caught.value) is kind


def test_the_address_kashflow_saw_is_named(gateway, reply):
    reply(refused("GetCompanyDetails", "The IP address of 203.0.113.9 is not in the access list"))
    with pytest.raises(errors.IpNotListed) as caught:
        gateway.get_company_details()
    assert caught.value.ip == "203.0.113.9"
    assert "203.0.113.9" in caught.value.sentence


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, errors.Unknown),
        (307, errors.Unknown),
        (400, errors.Unknown),
        (401, errors.AccessForbidden),
        (403, errors.AccessForbidden),
        (404, errors.Unknown),
        (408, errors.Unknown),
        (429, errors.RateLimited),
        (500, errors.Unknown),
        (502, errors.Unknown),
        (503, errors.Unknown),
        (504, errors.Unknown),
        (204, errors.Unknown),
    ],
)
def test_http_statuses(gateway, wire, reply, exchanges, status, kind):
    reply("<html><body>no</body></html>", status=status, Location="https://elsewhere.example/")
    with pytest.raises(errors.GatewayError) as caught:
        gateway.insert_invoice(INVOICE)
    assert type(caught.value) is kind
    assert len(wire.calls) == 1
    assert exchanges[0].http_status == status


def test_a_good_body_under_another_status_is_unknown(gateway, reply):
    reply(
        soap(
            '<InsertInvoiceResponse xmlns="KashFlow"><InsertInvoiceResult>9</InsertInvoiceResult>'
            "<Status>OK</Status></InsertInvoiceResponse>"
        ),
        status=500,
    )
    with pytest.raises(errors.Unknown):
        gateway.insert_invoice(INVOICE)


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("2", 2.0),
        ("864000", 864000.0),
        ("Mon, 02 Nov 2026 12:01:00 GMT", 60.0),
        ("Mon, 02 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_how_long_to_wait(gateway, reply, wish, seconds):
    reply("", status=429, **{"Retry-After": wish})
    with (
        time_machine.travel(datetime(2026, 11, 2, 12, tzinfo=UTC), tick=False),
        pytest.raises(errors.RateLimited) as caught,
    ):
        gateway.get_company_details()
    assert caught.value.retry_after == seconds


def fault(code: str, text: str) -> str:
    return soap(
        f"<soap:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail /></soap:Fault>"
    )


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("soap:Client", errors.EnvelopeRefused),
        ("Client", errors.EnvelopeRefused),
        ("soap:Client.Bad", errors.EnvelopeRefused),
        ("soap:Server", errors.Unknown),
        ("ClientSide", errors.Unknown),
        ("", errors.Unknown),
    ],
)
def test_faults(gateway, reply, status, code, kind):
    reply(fault(code, "The string '02/11/2026' is not a valid AllXsd value."), status=status)
    with pytest.raises(errors.GatewayError) as caught:
        gateway.insert_invoice(INVOICE)
    assert type(caught.value) is kind
    assert "AllXsd" in caught.value.detail


def family(kind: type[errors.GatewayError]) -> list[type[errors.GatewayError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in family(child))]


def test_every_error_has_its_own_code_and_a_sentence_that_says_what_to_do():
    # Errors that apps above derive from these are theirs to test.
    kinds = [kind for kind in family(errors.GatewayError) if kind.__module__ == errors.__name__]
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        sentence = kind("InsertInvoice", "detail").sentence
        assert sentence.endswith(".")
        assert len(sentence) > 60 or kind is errors.Refused


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (errors.NotFound, errors.Refused),
        (errors.TlsFailed, errors.NotSent),
        (errors.CodeNotUnique, errors.Refused),
        (errors.CodeInvalid, errors.Refused),
        (errors.WrongLogin, errors.ConnectionOff),
        (errors.ApiDisabled, errors.ConnectionOff),
        (errors.IpNotListed, errors.ConnectionOff),
        (errors.AccountLocked, errors.ConnectionOff),
        (errors.AccessForbidden, errors.ConnectionOff),
    ],
)
def test_the_family(kind, parent):
    assert kind.__mro__[1] is parent
    assert not issubclass(errors.Unknown, errors.Refused)
