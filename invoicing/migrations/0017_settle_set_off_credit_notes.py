"""Credit notes that are set off in KashFlow are settled with their invoice, as raising one does from now on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import migrations
from django.db.models import F, Min


def settle(apps: Any, schema_editor: Any) -> None:
    """Those that are not settled, each with its invoice and what the payer owes."""
    Invoice = apps.get_model("invoicing", "Invoice")
    notes = Invoice.objects.filter(
        kind="credit_note",
        state="raised",
        credits__state="raised",
        paid_amount=0,
        transfers__kind="apply",
        transfers__state="verified",
    )
    for note in notes.annotate(set_off_at=F("transfers__verified_at")).order_by("pk"):
        invoice = Invoice.objects.get(pk=note.credits_id)
        if invoice.paid_as_of and note.set_off_at < invoice.paid_as_of:
            # It was taken off twice: by itself, and as a part of what is paid.
            _owes(apps, invoice.payer_id, more=-note.total)
        else:
            invoice.paid_amount -= note.total
            invoice.kashflow_paid_amount -= note.total
            left = invoice.total - invoice.paid_amount
            invoice.paid_state = "part" if left > 0 else "over" if left < 0 else "paid"
            invoice.save(update_fields=["paid_amount", "kashflow_paid_amount", "paid_state"])
        note.paid_amount = note.kashflow_paid_amount = note.total
        note.paid_state = "paid"
        note.save(update_fields=["paid_amount", "kashflow_paid_amount", "paid_state"])
        _due(apps, invoice.payer_id)


def _owes(apps: Any, payer_id: int, more: Decimal) -> None:
    client = apps.get_model("clients", "Client").objects.get(pk=payer_id)
    client.balance_amount += more
    client.save(update_fields=["balance_amount"])


def _due(apps: Any, payer_id: int) -> None:
    invoices = apps.get_model("invoicing", "Invoice").objects.filter(
        payer=payer_id, kind="invoice", state="raised"
    )
    oldest = invoices.filter(paid_state__in=["unpaid", "part"]).aggregate(due_on=Min("due_on"))["due_on"]
    apps.get_model("clients", "Client").objects.filter(pk=payer_id).update(oldest_due_on=oldest)


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0001_first_tables"),
        ("invoicing", "0016_accepted_documents"),
    ]

    operations = [migrations.RunPython(settle, migrations.RunPython.noop)]
