"""Databases of a test's own on the PostgreSQL server it is given."""

from __future__ import annotations

from contextlib import closing
from urllib.parse import urlsplit

import psycopg2


def on_server(url: str, statement: str) -> None:
    """Executes `statement` on the server of `url`; the database that `url` names need not exist."""
    with closing(psycopg2.connect(urlsplit(url)._replace(path="/postgres").geturl())) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)
