"""The four roles and the verbs each holds: read from every app's `grants`, written to Django's groups."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from magmanager.common.floors import FloorConfig
from magmanager.common.permissions import EVERYONE


def verbs() -> dict[str, tuple[str, ...]]:
    """Every verb of the house ("invoicing.raise_batch") with the roles that hold it."""
    return {
        f"{app.label}.{verb}": roles
        for app in apps.get_app_configs()
        if isinstance(app, FloorConfig)
        for verb, roles in app.grants.items()
    }


def grant(*, using: str = "default", **_: Any) -> None:
    """Gives each role exactly its verbs. Raises Permission.DoesNotExist for a verb no model declares."""
    for app in apps.get_app_configs():
        if isinstance(app, FloorConfig):
            create_permissions(app, verbosity=0, using=using)
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for role in EVERYONE:
        group, _created = Group.objects.using(using).get_or_create(name=role)
        group.permissions.set([known[verb] for verb, roles in verbs().items() if role in roles])
