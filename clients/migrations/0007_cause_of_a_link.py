from django.db import migrations, models


class Migration(migrations.Migration):
    """What KashFlow refused of a customer leads to the page that mends it."""

    dependencies = [
        ("clients", "0006_found_in_kashflow"),
    ]

    operations = [
        migrations.AddField(
            model_name="customerlink",
            name="cause_code",
            field=models.CharField(blank=True, max_length=40),
        ),
    ]
