"""Turning the keys of FIELD_ENCRYPTION_KEYS: every stored password under the newest one (security: S-47)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from kashflow.encryption import CannotDecrypt, newest_key
from kashflow.models import Connection
from settings_app import audit


@dataclass(frozen=True)
class Rotated:
    """How many passwords were sealed anew, were under the newest key already, and could not be read."""

    sealed: int = 0
    newest: int = 0
    unreadable: int = 0


def rotate_field_keys() -> Rotated:
    """Seals every stored password with the newest key. Safe to break off and to repeat.

    One that cannot be read stays as it is: an older key may still be found.
    """
    sealed = newest = unreadable = 0
    for connection in Connection.objects.order_by("pk").iterator(chunk_size=200):
        stored = connection.sealed_password
        if stored.partition(":")[0] == newest_key():
            newest += 1
            continue
        try:
            connection.seal(connection.unseal())
        except CannotDecrypt:
            unreadable += 1
            continue
        # Only where nobody saved another password meanwhile.
        with transaction.atomic():
            rows = Connection.objects.filter(pk=connection.pk, sealed_password=stored)
            if rows.update(sealed_password=connection.sealed_password):
                audit.record("kashflow_login.sealed_anew", connection, by=None)
                sealed += 1
    return Rotated(sealed, newest, unreadable)
