from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0002_links_between_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("boot", models.CharField(max_length=64, unique=True)),
                ("ahead_seconds", models.FloatField()),
                ("read_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
    ]
