"""F-17: replies that would fill the memory, read our files or call somebody. What a reader makes of their bytes is in
`tests/kashflow/gateway/test_hostile_replies.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from kashflow.sandbox.faults import BOMB_SHAPES
from tests.faults.checks import assert_exactly_once, settle, struck
from tests.faults.house import ROOT
from tests.faults.weighing import FORGET
from tests.invoicing.transfer.conftest import Desk
from tests.kashflow.gateway.conftest import soap
from tests.kashflow.gateway.servers import Listener, listening, read_request
from tests.sandboxes import LiveSandbox

CREATED = soap(
    '<InsertInvoiceResponse xmlns="KashFlow"><InsertInvoiceResult>20433</InsertInvoiceResult>'
    "<Status>OK</Status><StatusDetail>{}</StatusDetail></InsertInvoiceResponse>"
)
MEGABYTES, SECONDS = 50, 1.0


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    """Who would be called if anything in a reply were followed; nobody is."""
    with listening(read_request) as listener:
        yield listener
    assert (listener.connections, listener.requests) == (0, [])


def calling(url: str) -> list[dict[str, Any]]:
    """Replies that say OK and name `url` wherever XML lets a document name another."""
    entity, dtd = f'<!ENTITY e SYSTEM "{url}">', f'SYSTEM "{url}"'
    texts = [
        _typed(f"<!DOCTYPE x [{entity}]>", "&e;"),
        _typed(f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{url}"> %p;]>'),
        _typed(f"<!DOCTYPE x {dtd}>"),
        _typed(f'<!DOCTYPE x PUBLIC "-//X//X" "{url}" [{entity}]>', "&e;"),
        f'<?xml-stylesheet href="{url}"?>' + _typed(""),
        _typed("", f'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{url}"/></x>'),
    ]
    return [{"kind": "html_page", "text": text, "content_type": "text/xml"} for text in texts]


def _typed(document_type: str, detail: str = "") -> str:
    declaration, _, reply = CREATED.format(detail).partition("?>")
    return f"{declaration}?>{document_type}{reply}"


def bombs(url: str) -> list[dict[str, Any]]:
    """Every one, those of the sandbox and those that name `url`."""
    return [
        *({"kind": "xml_bomb", "shape": shape} for shape in BOMB_SHAPES),
        *calling(url)[:4],
        {"kind": "huge_reply", "bytes": MEGABYTES * 1_000_000},
    ]


@pytest.mark.skipif(not FORGET.exists(), reason="the peak of a process can be measured anew on Linux only")
def test_f17_bomb_costs_little_time_and_memory_and_calls_nobody(
    sandbox: LiveSandbox, elsewhere: Listener
) -> None:
    """F-17, measured in a process that does nothing else."""
    faults = bombs(elsewhere.url)
    for fault in faults:
        sandbox.fault("InsertInvoice", **fault)
    command = [sys.executable, "-m", "tests.faults.weighing", sandbox.endpoint, str(len(faults))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for fault, cost in zip(faults, json.loads(done.stdout), strict=True):
        assert cost["ended"] == "unknown", fault
        assert cost["seconds"] < SECONDS, fault
        assert cost["grown"] < MEGABYTES * 1_000_000, fault


def test_f17_bomb_leaves_the_invoice_uncertain_and_it_ends_as_one_document(
    desk: Desk, elsewhere: Listener
) -> None:
    """F-17, what becomes of the invoices."""
    faults = bombs(elsewhere.url)
    struck(desk, *faults)
    assert desk.states() == ["verified"] + ["ambiguous"] * len(faults)
    settle(desk)
    assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == 1 + len(faults)


def test_f17_reply_that_names_another_address_outside_its_type_is_read_without_it(
    desk: Desk, elsewhere: Listener
) -> None:
    """F-17: what other software would follow, a style sheet and an inclusion, is text like any other here."""
    struck(desk, *calling(elsewhere.url)[4:])
    settle(desk)
    assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == 3
