"""`manage.py rotate_field_keys`: stored KashFlow passwords under the newest of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kashflow.keys import rotate_field_keys


class Command(BaseCommand):
    help = "Seals every stored KashFlow password with the newest key; the older keys can go afterwards."

    def handle(self, **options: Any) -> None:
        done = rotate_field_keys()
        self.stdout.write(f"{done.sealed} sealed with the newest key, {done.newest} were already.")
        if done.unreadable:
            raise CommandError(
                f"{done.unreadable} cannot be read with the keys that are set, and stayed as they are. "
                "Keep every older key in FIELD_ENCRYPTION_KEYS, or have these people save their login anew."
            )
