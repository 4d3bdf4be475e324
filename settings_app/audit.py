"""Writing the audit log: one line an event, in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from settings_app.models import AuditEntry, User


def entry(
    event: str,
    obj: Model,
    *,
    by: User | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """An unsaved line for `obj`. `before` and `after` hold the changed fields only, and never a secret."""
    return AuditEntry(
        by=by,
        event=event,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        object_label=str(obj)[:200],
        before=before or {},
        after=after or {},
    )


def record(
    event: str,
    obj: Model,
    *,
    by: User | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Writes one line, for example `record("client.changed", client, by=user, before=…, after=…)`."""
    entry(event, obj, by=by, before=before, after=after).save()


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Writes many lines in bulk, for verbs that work in bulk."""
    AuditEntry.objects.bulk_create(entries, batch_size=500)


def changes(old: Model, new: Model, fields: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What differs between two states of one object, as text: (before, after)."""
    pairs = {name: (str(getattr(old, name)), str(getattr(new, name))) for name in fields}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return {name: pair[0] for name, pair in changed.items()}, {
        name: pair[1] for name, pair in changed.items()
    }
