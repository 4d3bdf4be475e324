"""A loaded publisher made many times as big, in the database itself: doubled until it is big enough."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, models, transaction

from bookings.models import Booking, BookingSet, Instalment
from clients.models import Client, Contact, CustomerLink
from invoicing.models import Batch, Invoice, InvoiceLine, NumberCounter, Transfer
from magmanager.overview.demo.rows import move_sequences_on
from publications.models import Issue
from settings_app.models import AuditEntry

# What was sold in the years before: titles stay, their issues are copied that far back, later ones get fuller.
YEARS_DOUBLED, DAYS = 3, 700
COPIED: tuple[type[models.Model], ...] = (
    Client, Contact, CustomerLink, BookingSet, Booking, Instalment, Batch, Invoice, InvoiceLine, Transfer, AuditEntry,
)  # fmt: skip
# Above every primary key and every invoice number of the small publisher.
FIRST_STEP = 20_000
SHIFTED = {"invoicing_invoice.number", "invoicing_transfer.kashflow_dbid", "clients_customerlink.customer_id"}
TEXTS = {
    "invoicing_invoice.marker": "'#' || {id}",
    "clients_customerlink.code": "'#' || {id}",
    "clients_client.name": "substr(name, 1, 60) || ' ' || {id}",
}
EARLIER = {"publications_issue.on_sale_on", "publications_issue.off_sale_on"}
# A premium position is sold once in an issue; a deadline lies before the day of sale.
EMPTIED = {"bookings_booking.position_id", "publications_issue.copy_deadline_at"}
IS_SQLITE = connection.vendor == "sqlite"


def grow(doublings: int) -> None:
    """Doubles clients, bookings, invoices and what hangs on them, `doublings` times."""
    for n in range(doublings):
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _Copy(n).statements():
                cursor.execute(statement)
    highest = Invoice.objects.order_by("-number").values_list("number", flat=True)[0]
    NumberCounter.objects.update(next_number=highest + 1)
    move_sequences_on()


class _Copy:
    """Everything once more, the keys moved on by a step."""

    def __init__(self, n: int) -> None:
        self.step = FIRST_STEP * 2**n
        self.days = DAYS * 2**n
        self.models = (Issue, *COPIED) if n < YEARS_DOUBLED else COPIED

    def statements(self) -> Iterator[str]:
        for model in self.models:
            table, fields = model._meta.db_table, model._meta.local_concrete_fields
            names = ", ".join(f'"{field.column}"' for field in fields)
            values = ", ".join(self._value(f"{table}.{field.column}", field) for field in fields)
            yield f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}"'  # noqa: S608

    def _value(self, place: str, field: models.Field) -> str:
        name = f'"{field.column}"'
        if place in EMPTIED:
            return "NULL"
        if place in EARLIER:
            return f"date({name}, '-{self.days} days')" if IS_SQLITE else f"{name} - {self.days}"
        if isinstance(field, models.UUIDField) and (field.unique or field.primary_key):
            return "lower(hex(randomblob(16)))" if IS_SQLITE else "gen_random_uuid()"
        if place in SHIFTED or field.primary_key or field.related_model in self.models:
            return f"{name} + {self.step}"
        return TEXTS.get(place, name).format(id=f"(id + {self.step})")
