"""The rows of a batch once more, as objects and as plain SQL: the least that writing them can cost."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max
from psycopg2.extras import execute_values

from invoicing.marker import marker
from invoicing.models import Batch, Invoice, InvoiceLine
from invoicing.numbering import take_block
from settings_app.models import AuditEntry

ROWS_AT_ONCE = 1000


@dataclass
class Twins:
    """Unsaved copies of a batch's invoices, lines and audit entries, with keys and numbers of their own."""

    invoices: list[Invoice]
    lines: list[InvoiceLine]
    entries: list[AuditEntry]

    @classmethod
    def of(cls, batch: Batch, instalment_ids: Sequence[int]) -> Twins:
        """The lines of `batch` again, for other instalments."""
        invoices = list(batch.invoices.order_by("number"))
        lines = list(InvoiceLine.objects.filter(invoice__batch=batch).order_by("invoice__number", "sort"))
        entries = list(AuditEntry.objects.filter(event="invoice.raised").order_by("-pk")[: len(invoices)])
        twins = _renumbered(invoices, _new(batch, key=uuid.uuid4()))
        return cls(
            invoices=list(twins.values()),
            lines=[
                _new(line, invoice=twins[line.invoice_id], instalment_id=instalment_id)
                for line, instalment_id in zip(lines, instalment_ids, strict=True)
            ],
            entries=[
                _new(entry, object_id=str(twin.pk))
                for entry, twin in zip(entries, twins.values(), strict=True)
            ],
        )

    def bulk_create(self) -> None:
        """Django's own way, objects ready made."""
        with transaction.atomic():
            Invoice.objects.bulk_create(self.invoices)
            InvoiceLine.objects.bulk_create(self.lines)
            AuditEntry.objects.bulk_create(self.entries)

    def plain(self) -> PlainRows:
        """The same rows as tuples."""
        return PlainRows([_Insert(self.invoices, with_key=True), _Insert(self.lines), _Insert(self.entries)])


class PlainRows:
    """Multi-row inserts on the bare driver."""

    def __init__(self, inserts: list[_Insert]) -> None:
        self.inserts = inserts

    def write(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for insert in self.inserts:
                insert.run(cursor)


class _Insert:
    """The statement for objects of one model and its values, as the driver wants them."""

    def __init__(self, objects: Sequence[models.Model], *, with_key: bool = False) -> None:
        fields = [
            field for field in objects[0]._meta.local_concrete_fields if with_key or not field.primary_key
        ]
        self.table = objects[0]._meta.db_table
        self.columns = ", ".join(f'"{field.column}"' for field in fields)
        self.rows = [
            tuple(field.get_db_prep_save(field.pre_save(one, True), connection) for field in fields)
            for one in objects
        ]

    def run(self, cursor: Any) -> None:
        into = f'INSERT INTO "{self.table}" ({self.columns}) VALUES '  # noqa: S608
        if connection.vendor == "postgresql":
            execute_values(cursor.cursor, f"{into}%s", self.rows, page_size=ROWS_AT_ONCE)
        else:
            places = ", ".join("?" * len(self.rows[0]))
            connection.connection.executemany(f"{into}({places})", self.rows)


def _renumbered(invoices: list[Invoice], batch: Batch) -> dict[int, Invoice]:
    batch.save()
    keys = _reserved(Invoice, len(invoices))
    with transaction.atomic():
        first = take_block(len(invoices))
    found = {}
    for n, (invoice, key) in enumerate(zip(invoices, keys, strict=True)):
        uid = uuid.uuid4()
        found[invoice.pk] = _new(invoice, pk=key, uid=uid, marker=marker(uid), number=first + n, batch=batch)
    return found


def _new(one: Any, **values: Any) -> Any:
    twin = copy.copy(one)
    twin._state = copy.copy(one._state)
    twin._state.adding, twin._state.fields_cache = True, {}
    for name, value in {"pk": None, **values}.items():
        setattr(twin, name, value)
    return twin


def _reserved(model: type[models.Model], count: int) -> Sequence[int]:
    """Primary keys that nobody else will be given."""
    if connection.vendor != "postgresql":
        highest = model.objects.aggregate(highest=Max("pk"))["highest"]
        return range(highest + 1, highest + 1 + count)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [key for (key,) in cursor.fetchall()]
