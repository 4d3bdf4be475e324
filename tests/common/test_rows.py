"""Single rows by statements put together once: the same rows as Django's own queries give, on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db.models import Model

from invoicing.models import Invoice, InvoiceLine, Transfer, TransferAttempt
from kashflow.models import ApiCall, Connection
from magmanager.common import rows
from settings_app.models import User
from tests.invoicing.transfer.conftest import Desk
from tests.sandboxes import LiveSandbox

NOON = datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


def _values(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("model", [Invoice, InvoiceLine, Transfer, Connection, User])
def test_get_reads_what_django_reads(desk: Desk, model: type[Model]) -> None:
    """Texts, numbers, money, dates, moments, booleans, nulls, JSON and UUIDs are among them."""
    desk.press(desk.raise_invoices(1))
    theirs = model._default_manager.first()
    assert theirs is not None
    ours = rows.get(model, theirs.pk)
    assert _values(ours) == _values(theirs)
    assert [type(one) for one in _values(ours).values()] == [type(one) for one in _values(theirs).values()]
    assert (ours._state.adding, ours._state.db) == (False, theirs._state.db)


def test_get_of_none_is_django_s_own_error(desk: Desk) -> None:
    with pytest.raises(Invoice.DoesNotExist):
        rows.get(Invoice, 0)


def test_find_asks_for_all_of_its_fields(desk: Desk) -> None:
    first, second = desk.raise_invoices(2)
    found = rows.find(InvoiceLine, invoice=first, sort=2)
    assert [(line.invoice_id, line.rate) for line in found] == [(first.pk, Decimal("42.35"))]
    assert len(rows.find(InvoiceLine, invoice=second.pk)) == 2
    assert rows.find(InvoiceLine, invoice=second, sort=3) == []


def test_of_keys_gives_those_that_are_there_by_key(desk: Desk) -> None:
    first, second = desk.raise_invoices(2)
    found = rows.of_keys(Invoice, [second.pk, 0, first.pk])
    theirs = Invoice.objects.in_bulk([first.pk, second.pk])
    assert {pk: _values(one) for pk, one in found.items()} == {pk: _values(one) for pk, one in theirs.items()}
    assert rows.of_keys(Invoice, []) == {}


def test_update_changes_the_rows_that_have_all_of_it_and_no_other(desk: Desk) -> None:
    first, second = desk.raise_invoices(2)
    desk.press([first, second])
    row, other = desk.transfer(first), Transfer.objects.values().get(invoice=second)
    values = {
        "not_before": NOON,
        "found": {"number": 1, "lines": [{"rate": "180.00"}]},
        "last_cause": "It's “away”; 100 %s",
        "connection": desk.connection,
        "cancel_requested": True,
        "kashflow_dbid": None,
    }
    assert rows.update(Transfer, {"id": row.pk, "epoch": row.epoch + 1}, values) == 0
    assert rows.update(Transfer, {"id": row.pk, "epoch": row.epoch}, values) == 1
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in values} == values
    assert Transfer.objects.values().get(invoice=second) == other


def test_insert_writes_every_field_with_its_default(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    row = desk.transfer(invoice)
    rows.insert(
        TransferAttempt(transfer=row, epoch=3, at=NOON, phase="look", outcome="x", what="<b>", by=desk.by)
    )
    kept = TransferAttempt.objects.get(epoch=3)
    assert (kept.transfer, kept.at, kept.milliseconds, kept.what, kept.by) == (row, NOON, 0, "<b>", desk.by)
    rows.insert(ApiCall(at=NOON, operation="GetInvoice", milliseconds=5, outcome="ok"))
    call = ApiCall.objects.get(at=NOON)
    assert (call.operation, call.ledger_account, call.request_xml) == ("GetInvoice", None, "")


def test_key_of_another_type_is_stored_as_django_stores_it(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    key = desk.transfer(invoice).pk
    assert isinstance(key, uuid.UUID)
    assert rows.get(Transfer, str(key)).pk == key
    assert rows.get(Invoice, invoice.pk).invoice_date == date(2026, 11, 20)
