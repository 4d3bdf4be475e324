from django.db import migrations, models


class Migration(migrations.Migration):
    """A customer that was there already is not one created from here."""

    dependencies = [
        ("clients", "0005_customer_code_matches"),
    ]

    operations = [
        migrations.AlterField(
            model_name="customerlink",
            name="how",
            field=models.CharField(
                blank=True,
                choices=[
                    ("created", "Created from here"),
                    ("found", "Found in KashFlow"),
                    ("csv", "Customer code match"),
                    ("api", "Match from KashFlow"),
                    ("by_hand", "Chosen by hand"),
                ],
                max_length=10,
            ),
        ),
    ]
