"""How other people's clients speak: each shape as bytes on the wire, its answer compared element by element."""

# ruff: noqa: E501  (a row is one message)

from __future__ import annotations

import socket
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from lxml import etree

from kashflow.sandbox.server import Sandbox

SOAP_11, SOAP_12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
XSI, XSD = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema"
ASK = '<GetCustomer xmlns="KashFlow"><UserName>demo</UserName><Password>demo</Password><CustomerCode>HILL01</CustomerCode></GetCustomer>'
FOUND = {
    "CustomerID": "50001",
    "Code": "HILL01",
    "Name": "Hillside Garden Centre",
    "Discount": "0.0000",
    "ShowDiscount": "false",
}


def envelope(body: str, soap: str = SOAP_11, prefix: str = "soap", more: str = "") -> str:
    return f'<{prefix}:Envelope xmlns:{prefix}="{soap}" xmlns:xsi="{XSI}" xmlns:xsd="{XSD}"{more}><{prefix}:Body>{body}</{prefix}:Body></{prefix}:Envelope>'


class Shape(NamedTuple):
    """A request as somebody's client writes it."""

    name: str
    body: bytes
    headers: dict[str, str] = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": '"KashFlow/GetCustomer"',
    }
    version: str = "HTTP/1.1"
    path: str = "/api/service.asmx"


def text(name: str, body: str, **headers: str) -> Shape:
    return Shape(name, body.encode(), headers) if headers else Shape(name, body.encode())


UNQUOTED = {"Content-Type": "text/xml", "SOAPAction": "KashFlow/GetCustomer"}
LOWER = {"content-type": "text/xml; charset=UTF-8", "soapaction": '"KashFlow/GetCustomer"'}
SHAPES = [
    text("canonical", envelope(ASK)),
    Shape("no quotes round the action, no charset", envelope(ASK).encode(), UNQUOTED),
    Shape("header names in lower case", envelope(ASK).encode(), LOWER),
    Shape("HTTP 1.0", envelope(ASK).encode(), UNQUOTED, "HTTP/1.0"),
    Shape("byte order mark", b"\xef\xbb\xbf" + envelope(ASK).encode()),
    Shape("UTF-16", ('<?xml version="1.0" encoding="utf-16"?>' + envelope(ASK)).encode("utf-16"), {"Content-Type": "text/xml; charset=utf-16", "SOAPAction": '"KashFlow/GetCustomer"'}),
    Shape("Latin-1 declared in the prolog", ('<?xml version="1.0" encoding="ISO-8859-1"?>' + envelope(ASK.replace("</Password>", "</Password><Note>caf\xe9</Note>"))).encode("latin-1")),
    Shape("Latin-1 named in the content type only", envelope(ASK.replace("</Password>", "</Password><Note>caf\xe9</Note>")).encode("latin-1"), {"Content-Type": 'text/xml; charset="ISO-8859-1"', "SOAPAction": "KashFlow/GetCustomer"}),
    Shape("a charset nobody knows", envelope(ASK).encode(), {"Content-Type": "text/xml; charset=x-none", "SOAPAction": "KashFlow/GetCustomer"}),
    text("references and instructions inside a value", envelope(ASK.replace("HILL01", "HI&#76;<?any thing?>L&#x30;1"))),
    text("perl: prefixed, typed, in any order", envelope('<namesp1:GetCustomer xmlns:namesp1="KashFlow"><namesp1:CustomerCode xsi:type="xsd:string">HILL01</namesp1:CustomerCode><namesp1:Password xsi:type="xsd:string">demo</namesp1:Password><namesp1:UserName xsi:type="xsd:string">demo</namesp1:UserName></namesp1:GetCustomer>', prefix="SOAP-ENV", more=' SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"')),
    text("node: the object first", envelope('<tns:GetCustomer xmlns:tns="KashFlow"><tns:CustomerCode>HILL01</tns:CustomerCode><tns:Password>demo</tns:Password><tns:UserName>demo</tns:UserName></tns:GetCustomer>')),
    text("suds: namespaces on the envelope, a header", envelope("<ns0:GetCustomer><ns0:UserName>demo</ns0:UserName><ns0:Password>demo</ns0:Password><ns0:CustomerCode>HILL01</ns0:CustomerCode></ns0:GetCustomer>", prefix="SOAP-ENV", more=' xmlns:ns0="KashFlow"').replace("<SOAP-ENV:Body>", "<SOAP-ENV:Header/><SOAP-ENV:Body>")),
    text("pretty printed, with comments and CDATA", "<?xml version='1.0'?>\n<!-- made by hand -->\n" + envelope(ASK.replace("><", ">\n  <").replace("HILL01", "<![CDATA[HILL01]]>").replace("<CustomerCode>", "<!-- the code --><CustomerCode>"))),
    text("unknown and misspelt elements", envelope(ASK.replace("</GetCustomer>", "<customercode>X</customercode><Checkbox1>1</Checkbox1><More><Deep/></More></GetCustomer>"))),
    Shape("SOAP 1.2, action in the type", envelope(ASK, SOAP_12, "env").encode(), {"Content-Type": 'application/soap+xml; charset=utf-8; action="KashFlow/GetCustomer"'}),
    Shape("SOAP 1.2 without an action", envelope(ASK, SOAP_12).encode(), {"Content-Type": "application/soap+xml"}),
    Shape("a 1.2 envelope sent like 1.1", envelope(ASK, SOAP_12).encode(), {"Content-Type": "text/xml", "SOAPAction": '"KashFlow/GetCustomer"'}),
    Shape("Expect: 100-continue", envelope(ASK).encode(), {**UNQUOTED, "Expect": "100-continue"}),
    text("kits of the year 2000: the types of the drafts", envelope(ASK.replace("<CustomerCode>", '<CustomerCode xmlns:d="http://www.w3.org/1999/XMLSchema-instance" d:type="x:string">'))),
    text("an element twice: the first counts", envelope(ASK.replace("</GetCustomer>", "<CustomerCode>NOBODY</CustomerCode></GetCustomer>"))),
    text("php, told the parameters' prefix: rpc and encoded", envelope('<ns1:GetCustomer><ns1:UserName xsi:type="xsd:string">demo</ns1:UserName><ns1:Password xsi:type="xsd:string">demo</ns1:Password><ns1:CustomerCode xsi:type="xsd:string">HILL01</ns1:CustomerCode></ns1:GetCustomer>', prefix="SOAP-ENV", more=' xmlns:ns1="KashFlow" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'), **{"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"KashFlow/GetCustomer"', "User-Agent": "PHP-SOAP/8.2.36"}),
    text("perl: a 1.1 envelope under the content type of 1.2", envelope(ASK), **{"Content-Type": "application/soap+xml; charset=utf-8", "SOAPAction": "KashFlow/GetCustomer"}),
    Shape("the path in other letters", envelope(ASK).encode(), UNQUOTED, path="/API/Service.asmx"),
    text("a namespace declared on every element", envelope(ASK.replace("<CustomerCode>", '<CustomerCode xmlns="KashFlow">'))),
]  # fmt: skip


def _wire(sandbox: Sandbox) -> socket.socket:
    place = urlsplit(sandbox.url)
    return socket.create_connection((place.hostname, place.port), timeout=10)


def exchange(sandbox: Sandbox, shape: Shape) -> tuple[bytes, bytes]:
    """Head and body of what comes back over a bare socket."""
    lines = [
        f"POST {shape.path} {shape.version}",
        "Host: 127.0.0.1",
        f"Content-Length: {len(shape.body)}",
    ]
    lines += [f"{name}: {value}" for name, value in shape.headers.items()] + ["Connection: close", "", ""]
    with _wire(sandbox) as wire:
        wire.sendall("\r\n".join(lines).encode())
        got = b""
        if "Expect" in shape.headers:
            while b"\r\n\r\n" not in got:
                got += wire.recv(4096)
            assert got.startswith(b"HTTP/1.1 100")
            got = b""
        wire.sendall(shape.body)
        while chunk := wire.recv(65536):
            got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_every_shape_gets_the_same_answer(sandbox: Sandbox, shape: Shape) -> None:
    head, body = exchange(sandbox, shape)
    assert head.split(b"\r\n")[0].split(b" ")[1] == b"200", body
    root = etree.fromstring(body)
    version = SOAP_12 if SOAP_12.encode() in shape.body else SOAP_11
    assert root.tag == f"{{{version}}}Envelope" and root.prefix == "soap"
    (response,) = root.find(f"{{{version}}}Body")
    assert (response.tag, response.prefix) == ("{KashFlow}GetCustomerResponse", None)
    assert [etree.QName(one).localname for one in response] == ["GetCustomerResult", "Status", "StatusDetail"]
    result, status, detail = response
    assert (status.text, detail.text) == ("OK", None)
    assert {name: result.findtext(f"{{KashFlow}}{name}") for name in FOUND} == FOUND


def test_one_connection_carries_call_after_call(sandbox: Sandbox) -> None:
    body = envelope(ASK).encode()
    head = "POST /api/service.asmx HTTP/1.1\r\nHost: k\r\nContent-Type: text/xml\r\nSOAPAction: KashFlow/GetCustomer\r\n"
    whole = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    # In chunks that cut through elements.
    pieces = b"".join(
        b"%X\r\n%s\r\n" % (len(body[n : n + 50]), body[n : n + 50]) for n in range(0, len(body), 50)
    )
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + pieces + b"0\r\n\r\n"
    with _wire(sandbox) as wire, wire.makefile("rb") as stream:
        for sent in (whole, chunked, whole):
            wire.sendall(sent)
            (length,) = (
                line for line in iter(stream.readline, b"\r\n") if line.startswith(b"Content-Length:")
            )
            assert b"<Code>HILL01</Code>" in stream.read(int(length.split()[1]))


@pytest.mark.parametrize(
    ("version", "asked", "told"),
    [
        ("HTTP/1.1", "close", b"close"),
        ("HTTP/1.1", "keep-alive", None),
        ("HTTP/1.0", "keep-alive", b"keep-alive"),
        ("HTTP/1.0", "", b"close"),
    ],
)
@pytest.mark.parametrize("path", ["/api/service.asmx?WSDL", "/api/service.asmx", "/", "/sandbox/faults"])
def test_what_becomes_of_the_connection_is_said(
    sandbox: Sandbox, path: str, version: str, asked: str, told: bytes | None
) -> None:
    """A client that is not told of the end writes its next call into a closed connection."""
    wish = f"Connection: {asked}\r\n" if asked else ""
    with _wire(sandbox) as wire, wire.makefile("rb") as stream:
        wire.sendall(f"GET {path} {version}\r\nHost: k\r\n{wish}\r\n".encode())
        assert b" 200 " in stream.readline()
        headers = dict(line.strip().split(b": ", 1) for line in iter(stream.readline, b"\r\n"))
        assert headers.get(b"Connection") == told
        assert len(stream.read(int(headers[b"Content-Length"]))) == int(headers[b"Content-Length"])
        if told == b"close":
            assert stream.read() == b""
        else:
            wire.sendall(f"GET {path} {version}\r\nHost: k\r\nConnection: close\r\n\r\n".encode())
            assert b"Connection: close\r\n" in stream.read()


LINE = "<Quantity>2</Quantity><Description>Half page</Description><Rate>12.345</Rate><ChargeType>880011</ChargeType><VatRate>20</VatRate><VatAmount>4.94</VatAmount>"
SPREAD = LINE.replace(">2<", "> 2 <").replace(">12.345<", ">\n12.345\n<")
INSERTS = {
    "canonical": f'<Lines><anyType xsi:type="InvoiceLine">{LINE}</anyType></Lines>',
    "the type by a prefix": f'<Lines><anyType xmlns:ns1="KashFlow" xsi:type="ns1:InvoiceLine">{LINE}</anyType></Lines>',
    "lines after what follows them": f'<PermaLink>x</PermaLink><Lines><anyType xsi:type="InvoiceLine">{LINE}</anyType></Lines>',
    "a due date before the date, without a time": f'<DueDate>2026-12-02</DueDate><Lines><anyType xsi:type="InvoiceLine">{LINE}</anyType></Lines>',
    "values spread over lines": f'<Lines>\n <anyType xsi:type=" InvoiceLine ">{SPREAD}</anyType>\n</Lines>',
    "the type as drafts of the schema had it": f'<Lines><anyType xmlns:d="http://www.w3.org/1999/XMLSchema-instance" d:type="InvoiceLine">{LINE}</anyType></Lines>',
    "php: everything by a prefix": f'<Lines><k:anyType xmlns:k="KashFlow" xsi:type="k:InvoiceLine">{LINE}</k:anyType></Lines><CISRCNetAmount xsi:nil="true"/><CISRCVatAmount xsi:nil="1"/><IsCISReverseCharge xsi:nil="true"/>',
    "a day and a time with a space": f'<DueDate>2026-12-02 22:44</DueDate><Lines><anyType xsi:type="InvoiceLine">{LINE}</anyType></Lines>',
    "a zone and a time": f'<DueDate>2026-12-02T22:44:00Z</DueDate><Lines><anyType xsi:type="InvoiceLine">{LINE}</anyType></Lines>',
}  # fmt: skip


@pytest.mark.parametrize("name", INSERTS)
def test_every_way_to_write_an_invoice_stores_the_same(sandbox: Sandbox, name: str) -> None:
    inner = f"<InvoiceDate>2026-11-02</InvoiceDate><CustomerID>50001</CustomerID>{INSERTS[name]}"
    body = f'<InsertInvoice xmlns="KashFlow"><UserName>demo</UserName><Password>demo</Password><Inv>{inner}</Inv></InsertInvoice>'
    headers = {"Content-Type": "text/xml", "SOAPAction": "KashFlow/InsertInvoice"}
    _, answer = exchange(sandbox, Shape(name, envelope(body).encode(), headers))
    assert b"<InsertInvoiceResult>1001</InsertInvoiceResult><Status>OK</Status><StatusDetail />" in answer
    document = sandbox.ledger.invoice(1001)
    due = "2026-12-02T00:00:00" if "DueDate" in INSERTS[name] else "0001-01-01T00:00:00"
    assert (document["InvoiceDate"], document["DueDate"]) == ("2026-11-02T00:00:00", due)
    # The rate is kept to two places, the caller's VAT as it came.
    assert (document["NetAmount"], document["VATAmount"]) == ("24.7000", "4.9400")


REFUSED = {
    "no type on a line": ("InsertInvoice", f"<Inv><CustomerID>50001</CustomerID><Lines><anyType>{LINE}</anyType></Lines></Inv>", "Unable to cast object of type"),
    "a type nobody knows": ("InsertInvoice", f'<Inv><Lines><anyType xsi:type="Line">{LINE}</anyType></Lines></Inv>', "The specified type was not recognized: name='Line', namespace='KashFlow'"),
    "an English date": ("InsertInvoice", "<Inv><InvoiceDate>02/11/2026</InvoiceDate></Inv>", "The string '02/11/2026' is not a valid AllXsd value."),
    "a date with words": ("GetInvoicesByDateRange", "<StartDate>2026-08-18 10:53:48 UTC</StartDate>", "The string '2026-08-18 10:53:48 UTC' is not a valid AllXsd value."),
    "an empty date": ("InsertInvoice", "<Inv><InvoiceDate></InvoiceDate></Inv>", "The string '' is not a valid AllXsd value."),
    "a day that is not in the calendar": ("InsertInvoice", "<Inv><InvoiceDate>2026-02-30T00:00:00</InvoiceDate></Inv>", "The string '2026-02-30T00:00:00' is not a valid AllXsd value."),
    "an hour that is not on the clock": ("InsertInvoice", "<Inv><InvoiceDate>2026-02-28T24:30:00</InvoiceDate></Inv>", "The string '2026-02-28T24:30:00' is not a valid AllXsd value."),
    "an empty number": ("InsertInvoice", "<Inv><CustomerID/></Inv>", "(1, 269). ---> Input string was not in a correct format."),
    "a name that does not exist": ("GetInvoices", "", "Server did not recognize the value of HTTP Header SOAPAction: KashFlow/GetInvoices."),
    **{
        f"nor does {name}": (name, "", f"Server did not recognize the value of HTTP Header SOAPAction: KashFlow/{name}.")
        for name in ("GetInvoices_Paged", "GetProductsAndServices", "InsertCreditNote", "InsertOrUpdateCustomer", "VoidInvoice")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_a_fault(sandbox: Sandbox, name: str) -> None:
    operation, inner, told = REFUSED[name]
    body = f'<{operation} xmlns="KashFlow"><UserName>demo</UserName><Password>demo</Password>{inner}</{operation}>'
    headers = {"Content-Type": "text/xml", "SOAPAction": f'"KashFlow/{operation}"'}
    head, answer = exchange(sandbox, Shape(name, envelope(body).encode(), headers))
    assert b" 500 " in head.split(b"\r\n")[0]
    assert told in (etree.fromstring(answer).findtext(".//faultstring") or "")
    assert list(sandbox.ledger.invoices()) == []


LENGTHS = {
    "of no number": (b"Content-Length: many\r\n\r\n", b"400"),
    "below nothing": (b"Content-Length: -1\r\n\r\n", b"400"),
    "of a gigabyte": (b"Content-Length: 1000000000\r\n\r\n", b"413"),
    "of chunks without a size": (b"Transfer-Encoding: chunked\r\n\r\nlarge\r\n", b""),
    "of chunks that add up": (b"Transfer-Encoding: chunked\r\n\r\n40000000\r\n", b""),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_body_that_cannot_be_measured_ends_the_connection(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    head, status = LENGTHS[name]
    with _wire(sandbox) as wire:
        wire.sendall(
            b"POST /api/service.asmx HTTP/1.1\r\nHost: k\r\nSOAPAction: KashFlow/GetCustomer\r\n" + head
        )
        got = b""
        while chunk := wire.recv(65536):
            got += chunk
    assert got.split(b" ")[1:2] == ([status] if status else [])
    assert (sandbox.ledger.calls(), capfd.readouterr().err) == ([], "")


@pytest.mark.parametrize("query", ["?WSDL", "?wsdl"])
def test_the_description_is_there_under_either_spelling(sandbox: Sandbox, query: str) -> None:
    with _wire(sandbox) as wire:
        wire.sendall(f"GET /api/service.asmx{query} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        got = b""
        while chunk := wire.recv(65536):
            got += chunk
    assert b" 200 " in got.split(b"\r\n")[0]
    assert b'name="KashFlowAPISoap12"' in got
