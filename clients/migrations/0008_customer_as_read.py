from django.db import migrations, models


class Migration(migrations.Migration):
    """The customer as KashFlow had it, beside what it was told."""

    dependencies = [
        ("clients", "0007_cause_of_a_link"),
    ]

    operations = [
        migrations.AddField(
            model_name="customerlink",
            name="theirs",
            field=models.JSONField(default=dict),
        ),
    ]
