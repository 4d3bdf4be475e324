"""What the service takes and how it answers: versions, prefixes, order, faults in ASMX's words."""

from __future__ import annotations

import pytest

from tests.kashflow.sandbox.client import LOGIN, SOAP_12, Caller

GET = f'<GetCustomer xmlns="KashFlow">{LOGIN}<CustomerCode>HILL01</CustomerCode></GetCustomer>'


def test_a_wrong_password_is_refused_with_the_live_text(caller: Caller) -> None:
    reply = caller.call("GetCustomers", login="<UserName>demo</UserName><Password>wrong</Password>")
    assert reply.status == 200
    assert reply.status_pair == ("NO", "Incorrect username or password")
    assert reply.names("GetCustomersResponse") == ["Status", "StatusDetail"]


def test_no_login_at_all_is_refused(caller: Caller) -> None:
    assert caller.call("InsertInvoice", login="").text.endswith(
        "<InsertInvoiceResult>0</InsertInvoiceResult><Status>NO</Status>"
        "<StatusDetail>Incorrect username or password</StatusDetail></InsertInvoiceResponse>"
        "</soap:Body></soap:Envelope>"
    )


def test_the_reply_looks_like_the_services(caller: Caller) -> None:
    reply = caller.post("GetCustomer", GET)
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"' in reply.text
    assert (
        '<soap:Body><GetCustomerResponse xmlns="KashFlow"><GetCustomerResult><CustomerID>50001</CustomerID>'
        in reply.text
    )
    assert "<Address1 />" in reply.text
    assert "<Discount>0.0000</Discount><ShowDiscount>false</ShowDiscount>" in reply.text
    assert reply.text.endswith(
        "<Status>OK</Status><StatusDetail /></GetCustomerResponse></soap:Body></soap:Envelope>"
    )


@pytest.mark.parametrize("action", ['"KashFlow/GetCustomer"', "KashFlow/GetCustomer"])
def test_soapaction_may_be_quoted_or_not(caller: Caller, action: str) -> None:
    assert caller.post("GetCustomer", GET, SOAPAction=action).value("Code") == "HILL01"


@pytest.mark.parametrize(
    "action", ["", '"KashFlow/GetEverything"', '"KashFlow/GetCustomers"', '"GetCustomer"']
)
def test_a_wrong_soapaction_is_a_fault(caller: Caller, action: str) -> None:
    reply = caller.post("GetCustomer", GET, SOAPAction=action)
    assert reply.status == 500
    assert (
        reply.fault
        == f"Server did not recognize the value of HTTP Header SOAPAction: {action.strip(chr(34))}."
    )


def test_soap_12_is_told_by_the_envelope(caller: Caller) -> None:
    by_type = {
        "Content-Type": 'application/soap+xml; charset=utf-8; action="KashFlow/GetCustomer"',
        "SOAPAction": "",
    }
    for headers in (by_type, {"Content-Type": "text/xml"}):
        reply = caller.post("GetCustomer", GET, soap=SOAP_12, **headers)
        assert reply.value("Code") == "HILL01"
        assert reply.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
        assert f'xmlns:soap="{SOAP_12}"' in reply.text


def test_prefixes_order_annotations_and_strangers_do_not_matter(caller: Caller) -> None:
    reply = caller.post(
        "GetCustomer",
        '<k:GetCustomer xmlns:k="KashFlow" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><k:Unknown>1</k:Unknown>'
        '<k:CustomerCode xsi:type="xsd:string">hill01</k:CustomerCode><k:Password>demo</k:Password><!-- c -->'
        "<k:UserName>demo</k:UserName></k:GetCustomer>",
    )
    assert reply.value("CustomerID") == "50001"


def test_elements_of_no_namespace_are_not_seen(caller: Caller) -> None:
    body = (
        '<k:GetCustomer xmlns:k="KashFlow"><UserName>demo</UserName><Password>demo</Password></k:GetCustomer>'
    )
    assert caller.post("GetCustomer", body).status_pair == ("NO", "Incorrect username or password")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("02/11/2026", "The string '02/11/2026' is not a valid AllXsd value."),
        ("2026-08-18 10:53:48 UTC", "The string '2026-08-18 10:53:48 UTC' is not a valid AllXsd value."),
        ("", "The string '' is not a valid AllXsd value."),
    ],
)
def test_a_bad_date_is_a_fault_that_names_a_place(caller: Caller, value: str, said: str) -> None:
    reply = caller.call("GetInvoicesByDateRange", f"<StartDate>{value}</StartDate>")
    assert reply.status == 500
    assert reply.fault.startswith(
        "Server was unable to read request. ---> There is an error in XML document (1, "
    )
    assert reply.fault.endswith(f"). ---> {said}")


@pytest.mark.parametrize("value", ["abc", "1.5", "", "99999999999"])
def test_a_bad_number_is_a_fault(caller: Caller, value: str) -> None:
    assert caller.call("GetInvoice", f"<InvoiceNumber>{value}</InvoiceNumber>").status == 500


@pytest.mark.parametrize("body", [b"", b"<a", b"hello", b"<Envelope/>"])
def test_what_is_no_envelope_is_a_fault(caller: Caller, body: bytes) -> None:
    reply = caller.request("POST", "/api/service.asmx", body, {"SOAPAction": '"KashFlow/GetCustomer"'})
    assert reply.status == 500
    assert "<soap:Fault>" in reply.text


@pytest.mark.parametrize(
    "doctype", ["x", 'x SYSTEM "http://127.0.0.1:9/x.dtd"', 'x [<!ENTITY e SYSTEM "file:///etc/hostname">]']
)
def test_a_doctype_is_refused(caller: Caller, doctype: str) -> None:
    body = f'<!DOCTYPE {doctype}><s:Envelope xmlns:s="{SOAP_12}"/>'.encode()
    reply = caller.request("POST", "/api/service.asmx", body, {"SOAPAction": '"KashFlow/GetCustomer"'})
    assert (reply.status, "DTD is prohibited" in reply.text) == (500, True)


def test_a_chunked_request_is_read(caller: Caller) -> None:
    body = f'<s:Envelope xmlns:s="{SOAP_12}"><s:Body>{GET}</s:Body></s:Envelope>'.encode()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    headers = {"Transfer-Encoding": "chunked", "SOAPAction": '"KashFlow/GetCustomer"'}
    assert caller.request("POST", "/api/service.asmx", chunked, headers).value("Code") == "HILL01"
