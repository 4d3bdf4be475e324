from django.core.management import call_command
from django.db import migrations

TABLE = "common_cache"


def make(apps, schema_editor):
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    """Where Django's cache keeps how often somebody tried to log in: in the database, which is there when Redis is not."""

    dependencies = [("common", "0003_read_the_clock")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
