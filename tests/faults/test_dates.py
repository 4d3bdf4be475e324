"""F-62, the clock itself near midnight: what is proposed, raised and sent is the office's date, which is London's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client as Browser

from clients.models import Client
from invoicing.models import Invoice, NumberCounter
from tests import factories
from tests.faults.checks import assert_exactly_once
from tests.invoicing.test_batch_preview import previewed
from tests.invoicing.test_raise_invoice_page import LINE, fields_of, opened, shown_then_raised
from tests.invoicing.transfer.conftest import FIRST_NUMBER, Desk

# Moments in UTC, and the date on the office's calendar then.
MOMENTS = [
    ("2026-07-15 22:30", "2026-07-15"),
    ("2026-07-15 23:30", "2026-07-16"),
    ("2026-07-16 00:30", "2026-07-16"),
    ("2026-11-26 23:30", "2026-11-26"),
    # Clocks go forward on 29 March 2026 and back on 25 October.
    ("2026-03-28 23:30", "2026-03-28"),
    ("2026-03-29 00:30", "2026-03-29"),
    ("2026-03-29 23:30", "2026-03-30"),
    ("2026-10-24 23:30", "2026-10-25"),
    ("2026-10-25 00:30", "2026-10-25"),
    ("2026-10-25 23:30", "2026-10-25"),
    ("2028-02-28 23:30", "2028-02-28"),
    ("2028-02-29 00:30", "2028-02-29"),
    ("2028-02-29 23:30", "2028-02-29"),
    ("2026-12-31 23:30", "2026-12-31"),
    ("2027-01-01 00:30", "2027-01-01"),
]


@pytest.mark.parametrize(("utc", "day"), MOMENTS)
def test_f62_date_near_midnight_is_the_offices_in_the_form_here_and_in_kashflow(
    desk: Desk, as_role: Callable[..., Browser], utc: str, day: str
) -> None:
    """F-62: the date that stands in the form is left as it is, the invoice raised and carried."""
    NumberCounter.objects.update(next_number=FIRST_NUMBER)
    client = factories.client_row()
    with time_machine.travel(dt.datetime.fromisoformat(f"{utc}+00:00")):
        browser = as_role("Accounts")
        page = opened(browser, client)
        assert f'value="{day}"' in str(page.context["form"]["invoice_date"])
        shown_then_raised(browser, client, fields_of(page, **LINE))
        desk.sweep_and_work()
    assert str(Invoice.objects.get().invoice_date) == day
    assert [one["InvoiceDate"] for one in desk.documents()] == [f"{day}T00:00:00"]
    assert_exactly_once(desk)


@pytest.mark.parametrize(("utc", "day"), [MOMENTS[1], MOMENTS[6], MOMENTS[12]])
def test_f62_batch_is_proposed_for_the_offices_date(
    as_role: Callable[..., Browser], client: Client, utc: str, day: str
) -> None:
    """F-62, the preview of a batch."""
    with time_machine.travel(dt.datetime.fromisoformat(f"{utc}+00:00")):
        page = previewed(as_role("Accounts"), [factories.booking(client)])
        assert f'value="{day}"' in str(page.context["form"]["invoice_date"])


@pytest.fixture
def client(db: None) -> Client:
    factories.company()
    return factories.client_row()
