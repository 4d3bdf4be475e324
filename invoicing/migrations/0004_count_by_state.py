from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0003_number_counter")]

    operations = [
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["paid_state", "state"], name="invoice_by_paid_state"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["ledger_account", "state"], name="transfer_by_state"),
        ),
    ]
