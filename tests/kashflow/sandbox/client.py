"""A SOAP client typed by hand, so that what the sandbox answers is judged against no code of ours."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from lxml import etree

from kashflow.sandbox.server import Sandbox

LOGIN = "<UserName>demo</UserName><Password>demo</Password>"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{soap}"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>{body}</soap:Body></soap:Envelope>'
)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def find(self, name: str) -> etree._Element | None:
        return etree.fromstring(self.body).find(f".//{{KashFlow}}{name}")

    def value(self, name: str) -> str | None:
        found = self.find(name)
        return None if found is None else found.text

    def names(self, name: str) -> list[str]:
        """The elements inside the one named, in the order they came."""
        found = self.find(name)
        assert found is not None, self.text
        return [etree.QName(one).localname for one in found]

    @property
    def status_pair(self) -> tuple[str | None, str | None]:
        return self.value("Status"), self.value("StatusDetail")

    @property
    def fault(self) -> str:
        found = etree.fromstring(self.body).find(".//faultstring")
        assert found is not None, self.text
        return found.text or ""


class Caller:
    """Talks to one sandbox."""

    def __init__(self, sandbox: Sandbox, timeout: float = 20) -> None:
        self.sandbox, self.timeout = sandbox, timeout
        self.place = urlsplit(sandbox.url).netloc

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection(self.place, timeout=self.timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def post(self, operation: str, body: str, *, soap: str = SOAP_11, **headers: str) -> Reply:
        """Sends what stands inside the SOAP Body as it is."""
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"KashFlow/{operation}"',
        } | headers
        return self.request(
            "POST", "/api/service.asmx", ENVELOPE.format(soap=soap, body=body).encode(), headers
        )

    def call(self, operation: str, inputs: str = "", *, login: str = LOGIN) -> Reply:
        return self.post(operation, f'<{operation} xmlns="KashFlow">{login}{inputs}</{operation}>')

    def insert_customer(self, elements: str) -> Reply:
        return self.call("InsertCustomer", f"<custr>{elements}</custr>")

    def insert_invoice(self, customer_id: int, *, number: int = 0, lines: str = "", more: str = "") -> Reply:
        return self.call(
            "InsertInvoice",
            f"<Inv><InvoiceNumber>{number}</InvoiceNumber><InvoiceDate>2026-11-02T00:00:00</InvoiceDate>"
            f"<CustomerID>{customer_id}</CustomerID>{more}<Lines>{lines}</Lines></Inv>",
        )

    def control(self, method: str, path: str, content: object = None) -> Reply:
        body = b"" if content is None else json.dumps(content).encode()
        return self.request(method, f"/sandbox/{path}", body, {"Content-Type": "application/json"})

    def settings(self, **changes: object) -> None:
        answer = self.control("POST", "settings", changes)
        assert answer.status == 200, answer.text

    def fault(self, kind: str, operation: str = "InsertInvoice", **parameters: object) -> None:
        answer = self.control("POST", "faults", {"operation": operation, "kind": kind} | parameters)
        assert answer.status == 200, answer.text

    def submit(self, path: str, **typed: str) -> Reply:
        return self.request(
            "POST", path, urlencode(typed).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        )

    def page(self, path: str = "/") -> str:
        return self.request("GET", path).text


def line(
    rate: str = "100.00", vat: str = "20.00", description: str = "Full page", charge_type: int = 880011
) -> str:
    return (
        f'<anyType xsi:type="InvoiceLine"><Quantity>1</Quantity><Description>{description}</Description>'
        f"<Rate>{rate}</Rate>"
        f"<ChargeType>{charge_type}</ChargeType><VatRate>20</VatRate><VatAmount>{vat}</VatAmount></anyType>"
    )
