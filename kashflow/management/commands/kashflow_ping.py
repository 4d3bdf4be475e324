"""Checks the connection to KashFlow; ends with 0 only when connected."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kashflow import connections
from kashflow.models import Connection
from magmanager.common.errors import DomainError
from settings_app.models import User


class Command(BaseCommand):
    help = "Checks a saved KashFlow login with the sentences of the page: the office login, or a person's."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--user", metavar="EMAIL", help="whose saved login to check; default: the office login"
        )

    def handle(self, *args: Any, user: str | None, **options: Any) -> None:
        try:
            connection = _login(user)
            given = connections.check_saved(connection, by=connection.user)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{given.title}. {given.sentence}")
        if not given.ok:
            sys.exit(1)


def _login(email: str | None) -> Connection:
    if email is None:
        return connections.login_for(None)
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise CommandError(f"Nobody logs in with {email}.")
    connection = connections.own_login(person)
    if connection is None:
        raise CommandError(
            f"{person} has saved no KashFlow login. Tick Save Login in My Details and press Save."
        )
    return connection
