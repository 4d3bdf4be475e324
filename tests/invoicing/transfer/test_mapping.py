"""The marker's place, and the comparison to the penny."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.transfer import mapping
from invoicing.transfer.waits import LONGEST_WAIT, backoff, wait_after
from kashflow.gateway.errors import RateLimited
from kashflow.gateway.records import Invoice, InvoiceLine

MARKER = "7Q2M4XK9AB"
LINE = InvoiceLine(
    quantity=Decimal(1),
    description="Quarter page, Marches Life",
    rate=Decimal("180.00"),
    charge_type=880011,
    vat_rate=Decimal(20),
    vat_amount=Decimal("36.00"),
    product_id=7,
    sort=1,
)
SENT = Invoice(
    number=20431,
    invoice_date=dt.date(2026, 11, 20),
    customer_id=50006,
    reference=f"PO-77 {MARKER}",
    net_amount=Decimal("180.00"),
    vat_amount=Decimal("36.00"),
    lines=(LINE,),
)


@pytest.mark.parametrize(
    ("po_number", "expected"),
    [
        ("", MARKER),
        ("PO-77", f"PO-77 {MARKER}"),
        ("PO-77, PO-78, PO-79", f"PO-77 +2 {MARKER}"),
        ("A" * 60, f"{'A' * 29} {MARKER}"),
        ("A" * 40 + ", B", f"{'A' * 26} +1 {MARKER}"),
        ("A" * 50 + " +12", f"{'A' * 25} +12 {MARKER}"),
    ],
)
def test_reference(po_number: str, expected: str) -> None:
    assert mapping.reference(po_number, MARKER) == expected


@given(st.text(max_size=60))
def test_reference_never_cuts_the_marker(po_number: str) -> None:
    reference = mapping.reference(po_number, MARKER)
    assert len(reference) <= mapping.REFERENCE_LENGTH
    assert mapping.marker_of(reference) == MARKER


@pytest.mark.parametrize(
    "text", ["", "by hand", f"{MARKER}X", f"x{MARKER}", "7Q2M4XK9A", "7Q2M4XK9AU", f"{MARKER} paid"]
)
def test_other_texts_carry_no_marker(text: str) -> None:
    assert mapping.marker_of(text) == ""


def test_equal_documents_have_no_differences_whatever_the_places_behind_the_point() -> None:
    line = replace(LINE, rate=Decimal("180.0000"), vat_amount=Decimal("36.0000"), line_id=70001)
    found = replace(SENT, dbid=9001, net_amount=Decimal("180.0000"), lines=(line,))
    assert mapping.differences(SENT, found) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": 20432}, "Number"),
        ({"reference": "PO-77"}, "Marker"),
        ({"customer_id": 50001}, "Customer"),
        ({"invoice_date": dt.date(2026, 11, 21)}, "Invoice date"),
        ({"net_amount": Decimal("180.01")}, "Amount before VAT"),
        ({"vat_amount": Decimal("35.99")}, "VAT"),
        ({"lines": ()}, "Lines"),
        ({"lines": (replace(LINE, rate=Decimal("179.99")),)}, "Line 1 rate"),
        ({"lines": (replace(LINE, quantity=Decimal(2)),)}, "Line 1 quantity"),
        ({"lines": (replace(LINE, vat_rate=Decimal(5)),)}, "Line 1 VAT rate"),
        ({"lines": (replace(LINE, vat_amount=Decimal("36.01")),)}, "Line 1 VAT"),
        ({"lines": (replace(LINE, charge_type=880012),)}, "Line 1 account code"),
        ({"lines": (replace(LINE, product_id=8),)}, "Line 1 inventory code"),
        ({"lines": (replace(LINE, description="Half page"),)}, "Line 1 text"),
    ],
)
def test_each_field_that_differs_is_named(change: dict[str, Any], field: str) -> None:
    assert [one.field for one in mapping.differences(SENT, replace(SENT, **change))] == [field]


def test_a_difference_reads_like_a_sentence() -> None:
    (difference,) = mapping.differences(SENT, replace(SENT, net_amount=Decimal("180.01")))
    assert str(difference) == "Amount before VAT: 180.00 here, 180.01 in KashFlow"


def test_lines_are_compared_in_their_order_not_as_they_came() -> None:
    second = replace(LINE, description="Half page", sort=2)
    sent = replace(SENT, lines=(LINE, second))
    assert mapping.differences(sent, replace(sent, lines=(second, LINE))) == []


def test_backoff_doubles_up_to_an_hour_and_is_the_same_everywhere() -> None:
    waits = [backoff("a transfer", tries) for tries in range(1, 12)]
    assert waits == [backoff("a transfer", tries) for tries in range(1, 12)]
    assert all(24 * 2**n <= wait <= 36 * 2**n for n, wait in enumerate(waits[:7]))
    assert max(waits) <= LONGEST_WAIT * 1.2
    assert backoff("another", 3) != backoff("a transfer", 3)


@pytest.mark.parametrize(("asked", "waited"), [(2.0, 2.0), (0.0, 1.0), (864_000.0, 3600.0)])
def test_what_kashflow_asks_for_is_honoured_up_to_an_hour(asked: float, waited: float) -> None:
    assert wait_after(RateLimited(retry_after=asked), "a transfer", 1) == waited


def test_an_unreadable_wish_falls_back_to_our_own_wait() -> None:
    assert wait_after(RateLimited(retry_after=None), "a transfer", 2) == backoff("a transfer", 2)
