"""What SQLite can do that Django does not use."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def use_all_parameters(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Lets one statement take as many parameters as the library allows (32,766 for years), not Django's 999.

    At 999 a batch of 1,000 invoices is written by dozens of inserts, and each further column adds some.
    """
    if connection.vendor == "sqlite":
        limit = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        connection.features.max_query_params = limit
