"""`manage.py first_start_code`: what the page of the first start asks for in production."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from settings_app import first_start


class Command(BaseCommand):
    help = "Prints the set-up code that the page /first-start/ asks for while nobody can log in."

    def handle(self, **options: Any) -> None:
        if not first_start.is_due():
            raise CommandError("This installation has its first person: log in, or use add_user.")
        self.stdout.write(first_start.setup_code())
