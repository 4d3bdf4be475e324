"""The catalogue of advert sizes, in 144ths of a page."""

from django.db import migrations

SIZES = (
    ("Double page spread", 288),
    ("Full page", 144),
    ("Half page", 72),
    ("Third of a page", 48),
    ("Quarter page", 36),
    ("Sixth of a page", 24),
    ("Eighth page", 18),
    ("Sixteenth page", 9),
)


def add_sizes(apps, schema_editor):
    AdvertSize = apps.get_model("publications", "AdvertSize")
    for sort, (name, parts) in enumerate(SIZES, start=1):
        AdvertSize.objects.get_or_create(name=name, defaults={"parts": parts, "sort": sort})


class Migration(migrations.Migration):
    dependencies = [("publications", "0001_first_tables")]
    operations = [migrations.RunPython(add_sizes, migrations.RunPython.noop)]
