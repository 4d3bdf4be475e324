"""Eight threads at once lose nothing and double nothing."""

from __future__ import annotations

import http.client
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import ENVELOPE, LOGIN, SOAP_11, Caller, line

THREADS, CALLS = 8, 50


def send_all(sandbox: Sandbox, caller: Caller, numbers: list[int], customer_id: int) -> list[str]:
    """One keep-alive connection, one insert after the other."""
    connection = http.client.HTTPConnection(caller.place, timeout=30)
    answers = []
    for number in numbers:
        header = f"<InvoiceNumber>{number}</InvoiceNumber><CustomerID>{customer_id}</CustomerID>"
        inv = f"<Inv>{header}<Lines>{line()}</Lines></Inv>"
        body = ENVELOPE.format(
            soap=SOAP_11, body=f'<InsertInvoice xmlns="KashFlow">{LOGIN}{inv}</InsertInvoice>'
        )
        connection.request(
            "POST", "/api/service.asmx", body.encode(), {"SOAPAction": '"KashFlow/InsertInvoice"'}
        )
        answers.append(connection.getresponse().read().decode().partition("Result>")[2].partition("<")[0])
    connection.close()
    return answers


@pytest.mark.parametrize("auto", [True, False])
def test_no_number_lost_or_doubled(caller: Caller, sandbox: Sandbox, customer_id: int, auto: bool) -> None:
    blocks = [[0 if auto else 2001 + thread + THREADS * n for n in range(CALLS)] for thread in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [
            one
            for block in pool.map(lambda b: send_all(sandbox, caller, b, customer_id), blocks)
            for one in block
        ]
    first = 1001 if auto else 2001
    expected = set(range(first, first + THREADS * CALLS))
    assert {int(one) for one in answers} == expected
    documents = list(sandbox.ledger.invoices())
    assert Counter(one["InvoiceNumber"] for one in documents) == Counter(expected)
    assert {len(one["Lines"]) for one in documents} == {1}  # type: ignore[arg-type]
    assert len(sandbox.ledger.calls(operation="InsertInvoice")) == THREADS * CALLS
