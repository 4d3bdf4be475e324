"""Floor 0: what every app stands on, and Django itself."""

from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from magmanager.common import floors


class CommonConfig(floors.FloorConfig):
    name = "magmanager.common"
    label = "common"

    def ready(self) -> None:
        from magmanager.common import sqlite, triggers

        # SQLite drops triggers whenever Django rebuilds a table, so they are made again after every migrate.
        post_migrate.connect(triggers.recreate, dispatch_uid="common.triggers")
        connection_created.connect(sqlite.use_all_parameters, dispatch_uid="common.sqlite")
