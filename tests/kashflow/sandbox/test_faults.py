"""Every fault kind, as a client sees it on the wire, and what the ledger holds afterwards."""

from __future__ import annotations

import http.client
import threading
import time
from pathlib import Path

import pytest

from kashflow.sandbox.faults import KINDS
from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, Reply, line


@pytest.fixture
def insert(caller: Caller, customer_id: int):  # type: ignore[no-untyped-def]
    return lambda number=500: caller.insert_invoice(customer_id, number=number, lines=line())


def kept(sandbox: Sandbox) -> list[object]:
    return [one["InvoiceNumber"] for one in sandbox.ledger.invoices()]


@pytest.mark.parametrize(("kind", "documents"), [("drop_before", []), ("drop_after", [500])])
def test_a_dropped_call_is_reset(
    caller: Caller, sandbox: Sandbox, insert, kind: str, documents: list[int]
) -> None:
    caller.fault(kind)
    with pytest.raises(ConnectionResetError):
        insert()
    assert kept(sandbox) == documents
    assert insert(501).status_pair == ("OK", None)


@pytest.mark.parametrize(("kind", "documents"), [("hang_before", []), ("hang_after", [500])])
def test_a_hanging_call_gets_no_answer(
    caller: Caller, sandbox: Sandbox, insert, kind: str, documents: list[int]
) -> None:
    caller.fault(kind)
    caller.timeout = 0.3
    with pytest.raises(TimeoutError):
        insert()
    assert kept(sandbox) == documents


def test_a_hang_ends_after_its_seconds(caller: Caller, insert) -> None:
    caller.fault("hang_after", seconds=0.2)
    with pytest.raises(ConnectionResetError):
        insert()


def test_a_late_commit_happens_though_nobody_waits(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("commit_late", seconds=0.4)
    caller.timeout = 0.1
    with pytest.raises(TimeoutError):
        insert()
    assert kept(sandbox) == []
    deadline = time.monotonic() + 5
    while not kept(sandbox) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert kept(sandbox) == [500]


@pytest.mark.parametrize("bytes_read", [0, 1, 200])
def test_a_reset_in_mid_request(caller: Caller, sandbox: Sandbox, insert, bytes_read: int) -> None:
    caller.fault("reset_in_request", bytes=bytes_read)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        insert()
    assert kept(sandbox) == []
    (call,) = caller.control("GET", "log").json
    assert (call["operation"], call["fault"], call["outcome"]) == (
        "InsertInvoice",
        "reset_in_request",
        "not carried out",
    )


@pytest.mark.parametrize("length", [0, 1, 300])
def test_a_cut_reply_ends_where_it_was_cut(caller: Caller, sandbox: Sandbox, insert, length: int) -> None:
    caller.fault("cut_reply", bytes=length)
    with pytest.raises(http.client.IncompleteRead) as cut:
        insert()
    assert len(cut.value.partial) == length
    assert kept(sandbox) == [500]


def test_a_dripped_reply_comes_byte_by_byte(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("drip", seconds=0.0005)
    started = time.monotonic()
    assert insert().value("InsertInvoiceResult") == "500"
    assert time.monotonic() - started > 0.2
    caller.fault("drip")
    caller.timeout = 0.3
    with pytest.raises(TimeoutError):
        insert(501)
    assert kept(sandbox) == [500, 501]


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(
    ("kind", "more", "status"),
    [
        ("http_500", {}, 500),
        ("http_503", {}, 503),
        ("http", {"status": 502}, 502),
        ("http", {"status": 401}, 401),
    ],
)
def test_http_errors(
    caller: Caller, sandbox: Sandbox, insert, kind, more, status: int, committed: bool
) -> None:
    caller.fault(kind, committed=committed, **more)
    assert insert().status == status
    assert kept(sandbox) == ([500] if committed else [])


def test_rate_limited_and_redirected(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("rate_limited", retry_after="10 days")
    reply = insert()
    assert (reply.status, reply.headers["Retry-After"]) == (429, "10 days")
    caller.fault("redirect", location="http://127.0.0.1:9/x")
    reply = insert()
    assert (reply.status, reply.headers["Location"]) == (307, "http://127.0.0.1:9/x")
    assert kept(sandbox) == []


def test_a_soap_fault(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("soap_fault", text="Execution Timeout Expired", code="Server")
    reply = insert()
    assert (reply.status, reply.fault, "<faultcode>soap:Server</faultcode>" in reply.text) == (
        500, "Execution Timeout Expired", True,
    )  # fmt: skip
    assert kept(sandbox) == []


@pytest.mark.parametrize(
    ("kind", "content"),
    [("html_page", b"<!DOCTYPE html>"), ("empty_reply", b""), ("malformed_xml", b"<?xml")],
)
def test_replies_that_are_no_answer(
    caller: Caller, sandbox: Sandbox, insert, kind: str, content: bytes
) -> None:
    caller.fault(kind)
    reply = insert()
    assert (reply.status, reply.body[: len(content)]) == (200, content)
    assert b"</InsertInvoiceResponse>" not in reply.body
    assert kept(sandbox) == [500]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_page_of_any_text_in_any_encoding(caller: Caller, insert, encoding: str) -> None:
    text = '{"error": "caf\u00e9"}'
    caller.fault("html_page", text=text, content_type="application/json", encoding=encoding)
    reply = insert()
    assert (reply.body, reply.headers["Content-Type"]) == (text.encode(encoding), "application/json")


def test_another_namespace(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("wrong_namespace")
    assert insert().find("InsertInvoiceResult") is None
    assert kept(sandbox) == [500]


def test_a_huge_reply(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("huge_reply", bytes=3_000_000)
    reply = insert()
    assert (len(reply.body), reply.headers["Content-Length"]) == (3_000_000, "3000000")
    assert kept(sandbox) == [500]


@pytest.mark.parametrize(
    ("shape", "sign"),
    [
        ("entities", b"&l9;"),
        ("attribute", b'<Status a="&l9;">'),
        ("external_file", b'SYSTEM "file:///'),
        ("external_http", b'SYSTEM "http://'),
        ("external_dtd", b"x.dtd"),
        ("doctype", b"<!DOCTYPE x><soap:Envelope"),
        ("depth", b"<d>" * 1000),
    ],
)
def test_xml_bombs(caller: Caller, insert, shape: str, sign: bytes) -> None:
    caller.fault("xml_bomb", shape=shape)
    assert sign in insert().body


def test_a_refusal_with_a_text(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("status_no", text="Something <new>")
    assert insert().status_pair == ("NO", "Something <new>")
    assert kept(sandbox) == []
    caller.fault("status_no", text="Timed out", committed=True)
    assert insert().status_pair == ("NO", "Timed out")
    assert kept(sandbox) == [500]


def test_another_number_is_really_stored(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("number_other")
    assert insert().value("InsertInvoiceResult") == "1001"
    caller.fault("number_other")
    assert insert(1002).value("InsertInvoiceResult") == "1003"
    caller.fault("number_other", number=77)
    assert insert().value("InsertInvoiceResult") == "77"
    assert kept(sandbox) == [1001, 1003, 77]


@pytest.mark.parametrize(
    ("text", "answered"), [("0", "0"), ("-1", "-1"), ("2147483648", "2147483648"), ("", None)]
)
def test_a_number_that_is_none(
    caller: Caller, sandbox: Sandbox, insert, text: str, answered: str | None
) -> None:
    caller.fault("number_zero", text=text)
    reply = insert()
    assert (reply.value("InsertInvoiceResult"), *reply.status_pair) == (answered, "OK", None)
    assert kept(sandbox) == [500]


def test_dropped_lines_and_a_penny(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("lines_dropped")
    caller.fault("total_off_by_a_penny")
    assert [insert(number).value("InsertInvoiceResult") for number in (500, 501, 502)] == [
        "500",
        "501",
        "502",
    ]
    kept = [(len(one["Lines"]), one["NetAmount"]) for one in sandbox.ledger.invoices()]  # type: ignore[arg-type]
    assert kept == [(0, "0.0000"), (1, "100.0100"), (1, "100.0000")]


def test_a_login_refused_after_some_calls_stays_refused(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("login_refused", operation="*", after=2)
    said = [insert(number).status_pair for number in (500, 501, 502, 503)]
    assert said == [("OK", None)] * 2 + [("NO", "Incorrect username or password")] * 2
    assert kept(sandbox) == [500, 501]
    caller.control("DELETE", "faults")
    assert insert(502).status_pair == ("OK", None)


def test_a_crossed_reply(caller: Caller, sandbox: Sandbox, insert) -> None:
    caller.fault("crossed_reply")
    assert insert().find("GetCompanyDetailsResponse") is not None
    assert kept(sandbox) == [500]


def test_another_customer_s_reply(caller: Caller) -> None:
    caller.fault("crossed_reply", "GetCustomer", reply_of="GetCustomer", arguments={"CustomerCode": "TEME01"})
    ask = "<CustomerCode>HILL01</CustomerCode>"
    assert [caller.call("GetCustomer", ask).value("Code") for _ in range(2)] == ["TEME01", "HILL01"]


@pytest.fixture
def paged(caller: Caller, sandbox: Sandbox, customer_id: int):  # type: ignore[no-untyped-def]
    """Five payments on pages of two; gives the notes of one page."""
    caller.settings(page_size=2)
    caller.insert_invoice(customer_id, number=500, lines=line())
    for n in range(1, 6):
        sandbox.ledger.add_payment(PayInvoice=500, PayAmount=1, PayDate="2026-11-05", PayNote=str(n))

    def page(number: int) -> list[str | None]:
        reply = caller.call("GetInvoicePaymentsByDateRange", f"{NOVEMBER}<PageNumber>{number}</PageNumber>")
        found = reply.find("GetInvoicePaymentsByDateRangeResult")
        return [one.findtext("{KashFlow}PayNote") for one in found]  # type: ignore[union-attr]

    return page


NOVEMBER = "<StartDate>2026-11-01</StartDate><EndDate>2026-11-30</EndDate>"
PAGES = [["1", "2"], ["3", "4"], ["5"], []]


@pytest.mark.parametrize(
    ("kind", "second", "third"),
    [("page_missing", PAGES[2], PAGES[2]), ("page_repeated", PAGES[0], PAGES[2])],
)
def test_a_page_of_payments_that_is_another(
    caller: Caller, paged, kind: str, second: list[str], third: list[str]
) -> None:
    assert [paged(number) for number in (0, 1, 2, 3, 4)] == [PAGES[0], *PAGES]
    caller.fault(kind, "GetInvoicePaymentsByDateRange", after=1)
    assert [paged(number) for number in (1, 2, 3)] == [PAGES[0], second, third]


def test_a_count_of_payments_that_is_wrong(caller: Caller, paged) -> None:
    operation = "GetInvoicePaymentsCountforDateRange"
    caller.fault("count_wrong", operation)
    caller.fault("count_wrong", operation, by=-2)
    counts = [caller.call(operation, NOVEMBER).value(f"{operation}Result") for _ in range(3)]
    assert counts == ["6", "3", "5"]


def test_a_duplicate_element(caller: Caller, insert) -> None:
    caller.fault("duplicate_element")
    assert insert().names("InsertInvoiceResponse") == [
        "InsertInvoiceResult",
        "InsertInvoiceResult",
        "Status",
        "StatusDetail",
    ]
    caller.fault("duplicate_element", operation="GetInvoice", element="NetAmount")
    reply: Reply = caller.call("GetInvoice", "<InvoiceNumber>500</InvoiceNumber>")
    assert reply.names("GetInvoiceResult").count("NetAmount") == 2


def test_times_operation_and_seed(caller: Caller, insert) -> None:
    caller.fault("http_500", times=2)
    assert caller.call("GetCustomers").status == 200
    assert [insert().status for _ in range(3)] == [500, 500, 200]
    rows = []
    for _ in range(2):
        caller.fault("http_500", operation="GetBankAccounts", times=1000, probability=0.5, seed=7)
        rows.append([caller.call("GetBankAccounts").status for _ in range(20)])
        caller.control("DELETE", "faults")
    assert rows[0] == rows[1]
    assert set(rows[0]) == {200, 500}


@pytest.mark.parametrize(
    "order",
    [
        {"operation": "InsertInvoice"},
        {"operation": "InsertInvoice", "kind": "earthquake"},
        {"kind": "tls", "shape": "crooked"},
        {"operation": "InsertInvoice", "kind": "html_page", "encoding": "runes"},
        {"operation": "InsertInvoice", "kind": "xml_bomb", "shape": "round"},
        {"operation": "InsertInvoice", "kind": "page_missing"},
        {"operation": "InsertInvoice", "kind": "crossed_reply", "arguments": {"Name": "x"}},
        {"operation": "InsertInvoice", "kind": "crossed_reply", "arguments": 7},
        {"operation": "InsertInvoice", "kind": "crossed_reply", "reply_of": "SellEverything"},
        {"operation": "SellEverything", "kind": "http_500"},
        {"operation": "GetInvoice", "kind": "lines_dropped"},
        {"operation": "InsertInvoice", "kind": "http_500", "seconds": 2},
        {"operation": "InsertInvoice", "kind": "drip", "seconds": "long"},
        {"operation": "InsertInvoice", "kind": "http_500", "probability": 2},
        {"operation": "InsertInvoice", "kind": "http", "status": 42},
    ],
)
def test_an_order_that_makes_no_sense(caller: Caller, insert, order: dict[str, object]) -> None:
    reply = caller.control("POST", "faults", order)
    assert (reply.status, list(reply.json)) == (400, ["error"])
    assert insert().status == 200


def test_every_kind_of_the_interface_is_there() -> None:
    named = """drop_before drop_after hang_before hang_after commit_late reset_in_request cut_reply drip
        http_500 http_503 rate_limited redirect soap_fault html_page malformed_xml wrong_namespace
        empty_reply huge_reply xml_bomb status_no number_other number_zero lines_dropped
        total_off_by_a_penny http login_refused crossed_reply duplicate_element
        tls"""
    assert set(KINDS) - {"page_missing", "page_repeated", "count_wrong"} == set(named.split())


def test_every_kind_and_its_parameters_are_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()
    rows = [row for row in page.partition("## Faults")[2].splitlines() if row.startswith("| `")]
    for kind, known in KINDS.items():
        (row,) = (row for row in rows if f"`{kind}`" in row.split("|")[1])
        for word in (*known.parameters, *known.shapes):
            assert word in row, (kind, word)
