"""Invoices ready to send, and a lane to send them with, against a live sandbox."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from clients.models import Client
from invoicing.marker import marker
from invoicing.models import Invoice, InvoiceLine, Transfer
from invoicing.transfer import claims, lanes, services
from kashflow.models import Connection, LedgerAccount
from magmanager.common import money
from magmanager.common.models import Run
from settings_app.models import User
from tests import factories
from tests.invoicing.transfer import moments
from tests.sandboxes import LiveSandbox

FIRST_NUMBER = 20_431


def raised(
    by: User,
    payer: Client,
    number: int,
    *rates: str,
    description: str = "Quarter page, Marches Life, no. {}",
    **fields: Any,
) -> Invoice:
    """An invoice with a line of 20 % VAT for each of `rates`."""
    amounts = [Decimal(rate) for rate in rates or ("180.00",)]
    vat = [money.percent_of(amount, Decimal(20)) for amount in amounts]
    uid = uuid.uuid4()
    invoice = Invoice.objects.create(
        **{
            "uid": uid,
            "marker": marker(uid),
            "number": number,
            "payer": payer,
            "by": by,
            "raised_at": timezone.now(),
            "invoice_date": dt.date(2026, 11, 20),
            "due_on": dt.date(2026, 12, 20),
            "company_name": payer.name,
            "delivery": "email",
            "period": "per_issue",
            "item_count": len(amounts),
            "amount": money.total(amounts),
            "vat_amount": money.total(vat),
            "total": money.total(amounts) + money.total(vat),
            **fields,
        }
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            sort=place,
            client=payer,
            description=description.replace("{}", str(place)),
            rate=amount,
            list_price=amount,
            amount=amount,
            vat_percent=Decimal(20),
            vat_amount=line_vat,
        )
        for place, (amount, line_vat) in enumerate(zip(amounts, vat, strict=True), 1)
    )
    return invoice


class Desk:
    """The accountant with a live KashFlow beside her."""

    def __init__(self, connection: Connection, sandbox: LiveSandbox) -> None:
        self.sandbox = sandbox
        self.connection = connection
        self.by = factories.user("Accounts")
        # A gap before the first number proves the numbering with the first document.
        self.next_number = FIRST_NUMBER
        # The first sweep of a machine waits anew for everything uncertain; here it has run for a while.
        claims.wait_again_if_jumped(self.account)

    @property
    def account(self) -> LedgerAccount:
        return LedgerAccount.objects.get(pk=self.connection.ledger_account_id)

    def raise_invoices(self, count: int, payer: Client | None = None, **fields: Any) -> list[Invoice]:
        """`count` invoices, each for a client of its own unless `payer` is given."""
        found = []
        for _ in range(count):
            payer_of_this = payer or factories.client_row()
            found.append(raised(self.by, payer_of_this, self.next_number, "180.00", "42.35", **fields))
            self.next_number += 1
        return found

    def press(self, invoices: list[Invoice]) -> Run:
        return services.request_transfers(by=self.by, invoice_ids=[invoice.pk for invoice in invoices])

    def work(self) -> int:
        """One lane, until nothing is due."""
        return lanes.carry_due(self.account.pk, wake_another=lambda: None, seconds=60)

    def sweep_and_work(self) -> None:
        lanes.sweep()
        self.work()

    def transfer(self, invoice: Invoice) -> Transfer:
        return Transfer.objects.documents().get(invoice=invoice)

    def states(self) -> list[str]:
        rows = Transfer.objects.documents().order_by("invoice__number")
        return list(rows.values_list("state", flat=True))

    def in_kashflow(self, count: int = 1, payer: Client | None = None) -> list[Invoice]:
        """`count` invoices of £266.82 that were sent and read back."""
        invoices = self.raise_invoices(count, payer)
        self.press(invoices)
        self.work()
        return invoices

    def dbid(self, invoice: Invoice) -> int:
        """KashFlow's id of a document that was sent."""
        found = self.transfer(invoice).kashflow_dbid
        assert found is not None
        return found

    def documents(self) -> list[dict[str, Any]]:
        """The sandbox's documents that carry one of our markers."""
        markers = set(Invoice.objects.values_list("marker", flat=True))
        return [one for one in self.sandbox.invoices() if one["CustomerReference"].split(" ")[-1] in markers]

    def numbers(self) -> list[int]:
        return sorted(one["InvoiceNumber"] for one in self.documents())

    def calls(self, operation: str) -> int:
        return len(self.sandbox.log(operation))

    def skip(self, seconds: float) -> None:
        """Lets `seconds` pass for the transfers."""
        moments.skip(seconds)


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


Raise = Callable[..., list[Invoice]]
