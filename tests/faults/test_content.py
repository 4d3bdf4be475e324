"""F-60 to F-62: whatever stands on an invoice comes back from KashFlow as it was sent, or is not sent at all.
Names of customers are in `test_customers.py`, the clock near midnight in `test_dates.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from invoicing.models import Invoice, InvoiceLine
from invoicing.transfer import mapping
from kashflow.gateway import records
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import EnvelopeInvalid
from kashflow.gateway.transport import Transport
from kashflow.models import AccountCode, LedgerAccount
from magmanager.common import money
from tests.faults.checks import assert_exactly_once
from tests.invoicing.transfer.conftest import Desk
from tests.sandboxes import LiveSandbox

SALES_CODE = 880_011
numbers = count(50_000)
quick = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.fixture
def kashflow(sandbox: LiveSandbox) -> Iterator[Gateway]:
    sandbox.settings(strict=True)
    gateway = Gateway(Transport(sandbox.endpoint), "demo", "demo")
    yield gateway
    gateway.close()


@pytest.fixture
def customer_id(sandbox: LiveSandbox) -> int:
    return int(sandbox.state()["customers"][0]["CustomerID"])


def there_and_back(kashflow: Gateway, document: records.Invoice) -> list[mapping.Difference]:
    """Sends the document and says in what it came back different."""
    number = kashflow.insert_invoice(document)
    return mapping.differences(document, kashflow.get_invoice(number))


@quick
@given(text=st.text(max_size=300), po=st.text(max_size=60))
@example("& < > \" ' ]]>", "<PO & 'Co'>")
@example("🚣 مجلة e\u0301 \u202e", "\u200f")
@example("a\x00b", "")
@example("a\x07b", "\x1b[0m")
@example("one\r\ntwo\rthree\n\n", "")
@example("x" * 300, "y" * 300)
def test_f60_text_comes_back_equal_or_is_refused_unsent(
    kashflow: Gateway, customer_id: int, sandbox: LiveSandbox, text: str, po: str
) -> None:
    """F-60."""
    line = records.InvoiceLine(
        quantity=Decimal(1),
        description=text,
        rate=Decimal("1.00"),
        charge_type=SALES_CODE,
        vat_rate=Decimal(20),
        vat_amount=Decimal("0.20"),
        sort=1,
    )
    document = _document(customer_id, (line,), reference=mapping.reference(po, "0123456789"))
    before = len(sandbox.invoices())
    try:
        assert there_and_back(kashflow, document) == []
    except EnvelopeInvalid:
        assert len(sandbox.invoices()) == before


def _document(customer_id: int, lines: tuple[records.InvoiceLine, ...], reference: str) -> records.Invoice:
    return records.Invoice(
        number=next(numbers),
        invoice_date=dt.date(2026, 11, 20),
        due_date=dt.date(2026, 12, 20),
        customer_id=customer_id,
        reference=reference,
        net_amount=money.total(line.quantity * line.rate for line in lines),
        vat_amount=money.total(line.vat_amount for line in lines),
        lines=lines,
    )


pounds = st.integers(-999_999_999, 999_999_999).map(lambda pence: Decimal(pence) / 100)
amounts = st.tuples(st.integers(1, 12), pounds, st.sampled_from([Decimal(20), Decimal(5), Decimal(0), None]))


@quick
@given(lines=st.lists(amounts, min_size=1, max_size=12))
@example([(3, Decimal("10.00"), Decimal(20))])
@example(
    [(1, Decimal("0.03"), Decimal(20)), (1, Decimal("0.01"), Decimal(5)), (1, Decimal("0.13"), Decimal(5))]
)
@example([(1, Decimal("9999999.99"), Decimal(20)), (1, Decimal(0), None), (1, Decimal("-0.05"), Decimal(5))])
@example([(1, Decimal("0.01"), Decimal(20))] * 500)
def test_f61_sums_are_the_same_on_both_sides_to_the_penny(
    kashflow: Gateway,
    customer_id: int,
    sandbox: LiveSandbox,
    lines: list[tuple[int, Decimal, Decimal | None]],
) -> None:
    """F-61, `None` for exempt."""
    code = AccountCode(kashflow_id=SALES_CODE, code=4000)
    account = LedgerAccount(sales_code=code)
    rows = [_line(*one) for one in lines]
    invoice = Invoice(
        number=next(numbers),
        invoice_date=dt.date(2026, 11, 20),
        due_on=dt.date(2026, 12, 20),
        marker="0123456789",
        amount=money.total(row.amount for row in rows),
        vat_amount=money.total(row.vat_amount for row in rows),
    )
    assert mapping.problems(invoice, rows, account) == []
    sent = mapping.document(invoice, rows, account, customer_id=customer_id)
    assert there_and_back(kashflow, sent) == []
    assert _pence_there(sandbox, sent.number) == _pence(invoice.amount + invoice.vat_amount)
    assert _pence_there(sandbox, sent.number) == sum(_pence(row.amount + row.vat_amount) for row in rows)


def _pence_there(sandbox: LiveSandbox, number: int) -> int:
    """What the lines in KashFlow's own books come to, without a word of ours: quantity times price and its VAT."""
    ledger = sandbox.server.ledger
    lines = ledger.invoice_by_id(ledger.dbid_of(number))["Lines"]
    exact = (
        Fraction(line["Quantity"]) * Fraction(line["Rate"]) + Fraction(line["VatAmount"]) for line in lines
    )
    return _pence(sum(exact, Fraction(0)))


def _pence(pounds: Fraction | Decimal) -> int:
    """Whole pence; nothing is rounded away."""
    pence = Fraction(pounds) * 100
    assert pence.denominator == 1, pounds
    return int(pence)


def _line(quantity: int, rate: Decimal, percent: Decimal | None) -> InvoiceLine:
    amount = quantity * rate
    return InvoiceLine(
        quantity=quantity,
        description="Advert",
        rate=rate,
        amount=amount,
        vat_percent=percent or Decimal(0),
        is_vat_exempt=percent is None,
        vat_amount=money.percent_of(amount, percent) if percent else Decimal(0),
    )


DAYS = ("2026-03-29", "2026-10-25", "2028-02-29", "2026-12-31", "2027-01-01")


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Auckland", "America/Los_Angeles"])
def test_f62_date_is_the_same_calendar_day_in_kashflow(desk: Desk, zone: str, settings: Any) -> None:
    """F-62."""
    with timezone.override(zone):
        settings.TIME_ZONE = zone
        for day in DAYS:
            date = dt.date.fromisoformat(day)
            desk.press(desk.raise_invoices(1, invoice_date=date, due_on=date))
        desk.work()
    assert_exactly_once(desk)
    assert sorted(one["InvoiceDate"] for one in desk.documents()) == sorted(f"{day}T00:00:00" for day in DAYS)
