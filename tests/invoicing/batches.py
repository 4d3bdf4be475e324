"""What the tests of Invoicing share: bookings to invoice, and raising them as the page would."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bookings.models import Booking, Instalment
from invoicing import documents
from invoicing.models import Batch
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
