"""Who may: by role alone. Roles are groups, and nobody holds a right of their own."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet


class RoleBackend(AuthenticationBackend):
    """As allauth lets people in. What they may comes from their groups: one look-up on every page and step."""

    def _get_user_permissions(self, user_obj: Any) -> QuerySet[Permission]:
        return Permission.objects.none()
