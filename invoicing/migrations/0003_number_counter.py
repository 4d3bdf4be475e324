"""The one row that invoice numbers are taken from."""

from django.db import migrations


def add_counter(apps, schema_editor):
    apps.get_model("invoicing", "NumberCounter").objects.get_or_create(pk=1, defaults={"next_number": 1})


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0002_links_between_tables")]
    operations = [migrations.RunPython(add_counter, migrations.RunPython.noop)]
