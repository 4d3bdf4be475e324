"""What the tests of Invoicing share: bookings to invoice, and raising them as the page would."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bookings.models import Booking, Instalment
from clients.models import Client
from invoicing import adhoc, documents
from invoicing.adhoc import TypedLine, Wanted
from invoicing.marker import marker
from invoicing.models import Batch, Invoice
from invoicing.services import raise_batch
from settings_app.models import User
from tests import factories

DAY = dt.date(2026, 11, 23)


def ids_of(bookings: Iterable[Booking]) -> list[int]:
    """The instalments of `bookings`."""
    return list(Instalment.objects.filter(booking__in=list(bookings)).values_list("pk", flat=True))


def raised(by: User, bookings: Iterable[Booking], **changed: Any) -> Batch:
    """Raises `bookings` as the preview showed them."""
    ids = ids_of(bookings)
    wanted = {
        "key": uuid.uuid4(),
        "instalment_ids": ids,
        "invoice_date": DAY,
        "expected_total": documents.preview(ids, DAY).total,
        **changed,
    }
    return raise_batch(by=by, **wanted)


def bookings(count: int, **fields: Any) -> list[Booking]:
    """`count` bookings of as many clients in one issue."""
    factories.company()
    edition = fields.pop("edition", None) or factories.issue()
    return [factories.booking(factories.client_row(), edition, **fields) for _ in range(count)]


def with_vat(amount: str) -> Decimal:
    """`amount` pounds with 20 % VAT."""
    return Decimal(amount) * Decimal("1.2")


def invoice_of(
    client: Client, *, days_ago: int = 0, bookings: Iterable[Booking] = (), **changed: Any
) -> Invoice:
    """An invoice raised for `client` that many days ago: of `bookings`, else one line of £100.00; due in 30 days."""
    wanted = Wanted(
        client=client,
        invoice_date=timezone.localdate() - dt.timedelta(days=days_ago),
        instalment_ids=ids_of(bookings),
        lines=[] if bookings else [TypedLine("Design", 1, Decimal("100.00"))],
    )
    total = adhoc.preview(wanted).total
    by = factories.user("Accounts")
    invoice = adhoc.raise_invoice(by=by, key=uuid.uuid4(), wanted=wanted, expected_total=total)
    Invoice.objects.filter(pk=invoice.pk).update(**{"state": invoice.state, **changed})
    return invoice


def copies(invoice: Invoice, count: int) -> None:
    """`count` documents like `invoice` under the numbers after its own, without lines: for long lists."""
    names = [field.attname for field in Invoice._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(invoice, name) for name in names}
    rows = []
    for number in range(invoice.number + 1, invoice.number + count + 1):
        uid = uuid.uuid4()
        rows.append(Invoice(**{**values, "uid": uid, "marker": marker(uid), "number": number}))
    Invoice.objects.bulk_create(rows)
