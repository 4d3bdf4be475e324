"""The VAT rates of the United Kingdom (VAT Act 1994: standard, reduced, zero; exempt is none of them)."""

from django.db import migrations

RATES = (("Standard", 20, False), ("Reduced", 5, False), ("Zero", 0, False), ("Exempt", 0, True))


def add_rates(apps, schema_editor):
    VatRate = apps.get_model("settings_app", "VatRate")
    for name, percent, is_exempt in RATES:
        VatRate.objects.get_or_create(name=name, defaults={"percent": percent, "is_exempt": is_exempt})


class Migration(migrations.Migration):
    dependencies = [("settings_app", "0001_first_tables")]
    operations = [migrations.RunPython(add_rates, migrations.RunPython.noop)]
