"""Who may: one permission per verb, asked in one place by pages, API and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Model

from magmanager.common.errors import NotAllowed

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

# The four roles of the house, by the name of their group.
ADMIN, SALES, PRODUCTION, ACCOUNTS = "Admin", "Sales", "Production", "Accounts"
EVERYONE = (ADMIN, SALES, PRODUCTION, ACCOUNTS)


def may(by: AbstractBaseUser | AnonymousUser, verb: str, obj: Model | None = None) -> bool:
    """Whether `by` holds `verb` ("invoicing.raise_batch"). A deactivated person holds none."""
    user: Any = by
    return bool(user.is_active and user.has_perm(verb))


def allow(by: AbstractBaseUser | AnonymousUser, verb: str, obj: Model | None = None) -> None:
    """Raises NotAllowed unless `by` holds `verb`."""
    if not may(by, verb, obj):
        action = verb.partition(".")[2].replace("_", " ")
        raise NotAllowed(f"Your role does not include “{action}”. Ask an admin if you need it.")
