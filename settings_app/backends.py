"""Who may: by role alone. Roles are groups, and nobody holds a right of their own."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import QuerySet

# Written out: it is asked on every page and for every invoice that is sent.
OF_ROLES = """
    SELECT DISTINCT kind.app_label, allowed.codename FROM settings_app_user_groups AS role
    JOIN auth_group_permissions AS granted ON granted.group_id = role.group_id
    JOIN auth_permission AS allowed ON allowed.id = granted.permission_id
    JOIN django_content_type AS kind ON kind.id = allowed.content_type_id
    WHERE role.user_id = %s
"""


class RoleBackend(AuthenticationBackend):
    """As allauth lets people in. What they may comes from their groups: one look-up on every page and step."""

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Those of the roles as "app.codename", read once for a user that was loaded."""
        if not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser or obj is not None:
            return set(super().get_group_permissions(user_obj, obj))
        if not hasattr(user_obj, "_group_perm_cache"):
            with connection.cursor() as cursor:
                cursor.execute(OF_ROLES, [user_obj.pk])
                user_obj._group_perm_cache = {f"{app}.{codename}" for app, codename in cursor.fetchall()}
        found: set[str] = user_obj._group_perm_cache
        return found

    def _get_user_permissions(self, user_obj: Any) -> QuerySet[Permission]:
        return Permission.objects.none()
