"""This program and the database belong together, or nothing is done."""

from __future__ import annotations

import pytest
from django.db.migrations.recorder import MigrationRecorder

from magmanager.common import schema

pytestmark = pytest.mark.django_db
Applied = MigrationRecorder.Migration.objects


def test_they_belong_together() -> None:
    assert schema.problem() == ""


def test_database_of_a_newer_version() -> None:
    Applied.create(app="invoicing", name="9001_states_of_next_year")
    Applied.create(app="kashflow", name="9001_more")
    assert schema.problem() == (
        "The database is newer than this program, which does not know invoicing 9001_states_of_next_year and 1 more. "
        "Nothing is done on it. Update the program here, or stop this worker."
    )


def test_database_that_was_not_migrated_to_the_end() -> None:
    last = Applied.filter(app="invoicing").order_by("name").last()
    assert last is not None
    last.delete()
    assert schema.problem() == (
        f"The database is older than this program: invoicing {last.name} is missing. Run manage.py migrate."
    )


def test_app_that_is_not_installed_any_more_is_no_concern() -> None:
    Applied.create(app="an_app_of_the_past", name="0001_initial")
    assert schema.problem() == ""
