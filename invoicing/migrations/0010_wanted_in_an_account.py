"""The account an invoice's transfer was asked for, beside the invoice: the list of what is not transferred needs it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """From the transfers there are; of several accounts the current one's."""
    Transfer = apps.get_model("invoicing", "Transfer")
    asked = Transfer.objects.filter(invoice=OuterRef("pk"), kind="create").order_by(
        "-ledger_account__is_current"
    )
    apps.get_model("invoicing", "Invoice").objects.update(
        wanted_in=Subquery(asked.values("ledger_account")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0009_raise_one_invoice"),
        ("kashflow", "0006_restored_from_a_backup"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="wanted_in",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="kashflow.ledgeraccount",
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["wanted_in", "state"], name="invoice_by_wanted"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
