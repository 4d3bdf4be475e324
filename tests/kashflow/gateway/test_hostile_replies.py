"""Truncated, foreign and hostile replies are never read as data, and cost little."""

from __future__ import annotations

import resource
from time import perf_counter

import pytest

from kashflow.gateway.errors import Unknown
from kashflow.gateway.reader import ReplyReader
from kashflow.gateway.schema import OPERATIONS
from kashflow.gateway.values import Unreadable
from tests.kashflow.gateway.conftest import HEAD, soap
from tests.kashflow.gateway.test_reading import CUSTOMER, INVOICE, ok
from tests.kashflow.gateway.test_requests import CREATED
from tests.kashflow.gateway.test_requests import INVOICE as NEW


@pytest.mark.parametrize("percent", range(0, 100, 10))
def test_a_truncated_create_is_unknown(gateway, reply, percent):
    reply(CREATED[: len(CREATED) * percent // 100])
    with pytest.raises(Unknown):
        gateway.insert_invoice(NEW)


@pytest.mark.parametrize("percent", range(0, 100, 10))
def test_a_truncated_read_is_unknown(gateway, reply, percent):
    whole = ok("GetInvoice", INVOICE)
    reply(whole[: len(whole) * percent // 100])
    with pytest.raises(Unknown):
        gateway.get_invoice(1042)


@pytest.mark.parametrize("percent", range(0, 100, 10))
def test_a_truncated_list_is_unknown_at_its_end(gateway, reply, percent):
    whole = ok("GetCustomers", f"<Customer>{CUSTOMER}</Customer>" * 20)
    reply(whole[: len(whole) * percent // 100])
    with pytest.raises(Unknown):
        list(gateway.get_customers())


def test_a_cut_number_is_not_a_number(gateway, reply):
    reply(CREATED[: CREATED.index("1042") + 3])
    with pytest.raises(Unknown):
        gateway.insert_invoice(NEW)


def laughs() -> str:
    """A document type whose entity `g` stands for ten million letters."""
    entities = [f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdef", "bcdefg", strict=True)]
    return '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(entities) + "]>"


LAUGHS = laughs()
HOSTILE = {
    "empty": "",
    "white space": "  \n",
    "html": "<html><body>Sign in</body></html>",
    "html with doctype": "<!DOCTYPE html><html></html>",
    "json": '{"Status": "OK", "InsertInvoiceResult": 1042}',
    "text": "OK 1042",
    "byte order mark": "\ufeff" + CREATED,
    "utf-16": CREATED.encode("utf-16"),
    "latin-1": CREATED.replace("<StatusDetail />", "<StatusDetail>£</StatusDetail>").encode("latin-1"),
    "laughs in text": LAUGHS + CREATED.replace("1042", "&g;"),
    "laughs in an attribute": LAUGHS + CREATED.replace("<Status>", '<Status a="&g;">'),
    "external entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    + CREATED.replace("1042", "&e;"),
    "external dtd": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + CREATED,
    "bare doctype": '<?xml version="1.0"?><!DOCTYPE x>' + CREATED.partition("?>")[2],
    "undeclared entity": CREATED.replace("1042", "&g;"),
    "comment first": "<!-- x -->" + CREATED.partition("?>")[2],
    "doctype late": CREATED.replace("<soap:Body>", "<!DOCTYPE x><soap:Body>"),
    "two roots": CREATED + "<more/>",
    "rubbish behind": CREATED + "rubbish",
    "deep": soap("<a>" * 101 + "</a>" * 101),
    "deep inside": CREATED.replace("<Status>", "<x>" * 99 + "</x>" * 99 + "<Status>"),
    "very deep": HEAD + "<a>" * 100_000,
    "no body": '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
    "empty body": soap(""),
    "soap 1.2": CREATED.replace(
        "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
    ),
    "no envelope": '<InsertInvoiceResponse xmlns="KashFlow"><Status>OK</Status></InsertInvoiceResponse>',
    "two bodies": CREATED.replace("</soap:Body>", "</soap:Body><soap:Body/>"),
    "status in another case": CREATED.replace("OK", "ok"),
    "no status": CREATED.replace("<Status>OK</Status>", ""),
    "no number": CREATED.replace("<InsertInvoiceResult>1042</InsertInvoiceResult>", ""),
    "big": CREATED.replace("<Status>", f"<x>{'y' * 1_100_000}</x><Status>"),
    "50 MB": soap("<x>" + "y" * 50_000_000 + "</x>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_replies_are_unknown_and_cheap(gateway, reply, name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reply(HOSTILE[name])
    began = perf_counter()
    with pytest.raises(Unknown):
        gateway.insert_invoice(NEW)
    assert perf_counter() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


def test_a_gzipped_reply_that_nobody_asked_for_is_unknown(gateway, reply):
    reply(CREATED, **{"Content-Encoding": "br"})
    with pytest.raises(Unknown):
        gateway.insert_invoice(NEW)


def feed(reader: ReplyReader, text: bytes, times: int) -> int:
    return sum(len(reader.feed(text)) for _ in range(times))


def test_a_long_list_is_read_in_little_memory():
    reader = ReplyReader(OPERATIONS["GetCustomers"])
    head, foot = ok("GetCustomers", "|").encode().split(b"|")
    page = f"<Customer>{CUSTOMER}</Customer>".encode() * 100
    assert feed(reader, head, 1) == 0
    assert feed(reader, page, 10) == 1000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert feed(reader, page, 100) == 10_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000
    assert feed(reader, foot, 1) == 0
    assert reader.close().status == "OK"


def test_one_record_of_a_list_may_not_pass_a_megabyte():
    reader = ReplyReader(OPERATIONS["GetCustomers"])
    head = ok("GetCustomers", "|").encode().partition(b"|")[0]
    reader.feed(head + b"<Customer><Notes>")
    with pytest.raises(Unreadable, match="1 MB"):
        feed(reader, b"x" * 65536, 17)


def test_a_reply_fed_byte_by_byte_is_the_same():
    whole = ok("GetCustomers", f"<Customer>{CUSTOMER}</Customer>" * 2).encode()
    reader, slow = (ReplyReader(OPERATIONS["GetCustomers"]) for _ in range(2))
    together = reader.feed(whole)
    apart = [record for at in range(len(whole)) for record in slow.feed(whole[at : at + 1])]
    assert together == apart
    assert len(apart) == 2
    assert reader.close() == slow.close()
