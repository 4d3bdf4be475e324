"""Floor 1: the company, its defaults, its people and the audit log."""

from django.db.models.signals import post_migrate

from magmanager.common import floors
from magmanager.common.permissions import ACCOUNTS, ADMIN, EVERYONE


class SettingsConfig(floors.FloorConfig):
    name = "settings_app"
    verbose_name = "Settings"
    grants = {
        "view_settings": (ADMIN, ACCOUNTS),
        "change_system_defaults": (ADMIN,),
        "change_company": (ADMIN,),
        "change_payment_methods": (ADMIN, ACCOUNTS),
        "change_own_details": EVERYONE,
    }

    def ready(self) -> None:
        from settings_app import roles

        # Permissions exist only after migrate has made them, so the roles receive them here.
        post_migrate.connect(roles.grant, sender=self, dispatch_uid="settings_app.roles")
