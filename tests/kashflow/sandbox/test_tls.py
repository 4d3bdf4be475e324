"""The sandbox behind TLS that may not be trusted, met with the gateway's real transport."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NotSent, TlsFailed, Unknown
from kashflow.gateway.exchange import Exchange
from kashflow.gateway.records import Invoice, InvoiceLine
from kashflow.gateway.transport import Transport
from kashflow.sandbox.faults import TLS_SHAPES
from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller

LINE = InvoiceLine(description="Half page", rate=Decimal(100), vat_rate=Decimal(20), vat_amount=Decimal(20))
FLAWS = {
    "expired": "certificate has expired",
    "wrong_host": "IP address mismatch",
    "self_signed": "self.signed certificate",
    "old": "protocol",
}


def order(caller: Caller, shape: str) -> dict[str, str]:
    reply = caller.control("POST", "faults", {"kind": "tls", "shape": shape})
    assert reply.status == 200, reply.text
    return dict(reply.json)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return tmp_path / "authority.pem"


def insert(gateway: Gateway, customer_id: int) -> int:
    return gateway.insert_invoice(
        Invoice(number=500, invoice_date=date(2026, 11, 2), customer_id=customer_id, lines=(LINE,))
    )


@pytest.mark.parametrize("beforehand", [False, True])
@pytest.mark.parametrize("shape", FLAWS)
def test_a_flaw_gets_no_byte_of_ours(
    caller: Caller, sandbox: Sandbox, customer_id: int, authority: Path, shape: str, beforehand: bool
) -> None:
    """Though the authority is trusted, and the rest of the TLS is as it should be."""
    told = order(caller, shape)
    authority.write_text(told["authority"])
    seen: list[Exchange] = []
    gateway = Gateway(Transport(told["address"], ca_file=str(authority)), "demo", "demo", seen.append)
    with pytest.raises(TlsFailed, match=f"(?i){FLAWS[shape]}"):
        gateway.connect() if beforehand else insert(gateway, customer_id)
    assert [one.outcome for one in seen] == ([] if beforehand else ["tls_failed"])
    assert sandbox.ledger.calls() == []
    assert list(sandbox.ledger.invoices()) == []


@pytest.mark.parametrize("shape", TLS_SHAPES)
def test_nobody_trusts_it_unasked(caller: Caller, sandbox: Sandbox, customer_id: int, shape: str) -> None:
    gateway = Gateway(Transport(order(caller, shape)["address"]), "demo", "demo")
    with pytest.raises(TlsFailed):
        insert(gateway, customer_id)
    assert sandbox.ledger.calls() == []


def test_one_without_a_flaw_leads_to_the_same_ledger(
    caller: Caller, sandbox: Sandbox, customer_id: int, authority: Path
) -> None:
    told = order(caller, "good")
    authority.write_text(told["authority"])
    gateway = Gateway(Transport(told["address"], ca_file=str(authority)), "demo", "demo")
    gateway.connect()
    assert insert(gateway, customer_id) == 500
    assert sandbox.ledger.invoice(500)["NetAmount"] == "100.0000"
    assert [call["operation"] for call in sandbox.ledger.calls()] == ["InsertInvoice"]


@pytest.mark.parametrize(
    ("method", "path", "content"), [("DELETE", "faults", None), ("POST", "reset", {"to": "demo"})]
)
def test_the_port_closes_with_the_fault(
    caller: Caller, customer_id: int, method: str, path: str, content: object
) -> None:
    told = order(caller, "expired")
    (shown,) = caller.control("GET", "faults").json
    assert (shown["shape"], shown["address"]) == ("expired", told["address"])
    assert caller.call("GetCompanyDetails").status_pair == ("OK", None)
    assert caller.control(method, path, content).status == 200
    with pytest.raises(NotSent) as refused:
        insert(Gateway(Transport(told["address"]), "demo", "demo"), customer_id)
    assert not isinstance(refused.value, TlsFailed)


@pytest.mark.parametrize("kind", ["hang_after", "drop_after", "cut_reply"])
def test_other_faults_strike_behind_it_too(
    caller: Caller, sandbox: Sandbox, customer_id: int, authority: Path, kind: str
) -> None:
    told = order(caller, "good")
    authority.write_text(told["authority"])
    caller.fault(kind, **({"seconds": 0.1} if kind == "hang_after" else {}))
    with pytest.raises(Unknown):
        insert(Gateway(Transport(told["address"], ca_file=str(authority)), "demo", "demo"), customer_id)
    assert [one["InvoiceNumber"] for one in sandbox.ledger.invoices()] == [500]
