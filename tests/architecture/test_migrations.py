"""Models and migrations say the same, and the triggers that freeze rows are there."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from magmanager.common import triggers
from settings_app.models import AuditEntry


@pytest.mark.django_db
def test_no_change_waits_for_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
def test_every_trigger_exists() -> None:
    assert triggers.missing() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["UPDATE settings_app_auditentry SET event = 'forged'", "DELETE FROM settings_app_auditentry"],
)
def test_the_audit_log_refuses_raw_sql(statement: str) -> None:
    AuditEntry.objects.create(event="client.changed")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert [entry.event for entry in AuditEntry.objects.all()] == ["client.changed"]
