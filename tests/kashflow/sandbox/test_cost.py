"""A call costs the sandbox little, so that what is measured against it is the product."""

from __future__ import annotations

import http.client
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.kashflow.sandbox.client import ENVELOPE, LOGIN, SOAP_11, line
from tests.kashflow.sandbox.test_command import running

CALLS = 200
INSERT = f"<Inv><CustomerID>50001</CustomerID><Lines>{line() * 2}</Lines></Inv>"


def cpu_seconds(pid: int) -> float:
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("operation", "inputs"),
    [("InsertInvoice", INSERT), ("GetCustomer", "<CustomerCode>HILL01</CustomerCode>")],
)
def test_a_call_costs_at_most_five_milliseconds(tmp_path: Path, operation: str, inputs: str) -> None:
    content = f'<{operation} xmlns="KashFlow">{LOGIN}{inputs}</{operation}>'
    body = ENVELOPE.format(soap=SOAP_11, body=content).encode()
    with running(tmp_path / "ledger.sqlite3") as (process, url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        before = cpu_seconds(process.pid)
        for _ in range(CALLS):
            connection.request("POST", "/api/service.asmx", body, {"SOAPAction": f'"KashFlow/{operation}"'})
            assert b"<Status>OK</Status>" in connection.getresponse().read()
        connection.close()
        assert (cpu_seconds(process.pid) - before) / CALLS <= 0.005
