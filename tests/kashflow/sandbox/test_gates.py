"""Gates hold a call at a place until they are opened."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, Reply, line


@pytest.mark.parametrize(("place", "documents"), [("received", 0), ("committed", 1)])
def test_a_call_waits_at_its_gate(
    caller: Caller, sandbox: Sandbox, customer_id: int, place: str, documents: int
) -> None:
    caller.control("POST", "gates", {"operation": "InsertInvoice", "at": place})
    replies: list[Reply] = []
    sender = threading.Thread(target=lambda: replies.append(caller.insert_invoice(customer_id, lines=line())))
    sender.start()
    while caller.control("GET", "gates").json[0]["waiting"] == 0:
        assert sender.is_alive()
    assert (len(list(sandbox.ledger.invoices())), replies) == (documents, [])
    assert caller.call("GetCustomers").status == 200
    caller.control("DELETE", "gates")
    sender.join(10)
    assert [one.value("InsertInvoiceResult") for one in replies] == ["1001"]
    assert len(list(sandbox.ledger.invoices())) == 1


def test_a_reset_drops_the_call_that_waits(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    caller.control("POST", "gates", {"operation": "InsertInvoice", "at": "received"})
    with ThreadPoolExecutor() as pool:
        held = pool.submit(caller.insert_invoice, customer_id)
        while caller.control("GET", "gates").json[0]["waiting"] == 0:
            assert not held.done()
        caller.control("POST", "reset", {"to": "demo"})
        assert isinstance(held.exception(10), ConnectionResetError)
    assert list(sandbox.ledger.invoices()) == []


@pytest.mark.parametrize(
    "gate", [{}, {"operation": "InsertInvoice", "at": "noon"}, {"operation": "X", "at": "received"}]
)
def test_a_gate_that_makes_no_sense(caller: Caller, gate: dict[str, str]) -> None:
    assert caller.control("POST", "gates", gate).status == 400
    assert caller.control("GET", "gates").json == []
