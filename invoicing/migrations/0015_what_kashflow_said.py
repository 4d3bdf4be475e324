"""What was paid so far is what KashFlow said: no payment could be recorded here yet."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import F


def copy_amounts(apps: Any, schema_editor: Any) -> None:
    """Takes over the amounts there are."""
    paid = apps.get_model("invoicing", "Invoice").objects.exclude(paid_amount=0)
    paid.update(kashflow_paid_amount=F("paid_amount"))


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0014_payments_and_paid_status")]

    operations = [migrations.RunPython(copy_amounts, migrations.RunPython.noop)]
