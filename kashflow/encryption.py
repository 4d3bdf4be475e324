"""Secrets in the database: AES-GCM with a key ring, the row's identity bound in."""

from __future__ import annotations

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

NONCE_BYTES = 12


class CannotDecrypt(Exception):
    """The key is missing or wrong, or the value belongs to another row. Nothing is guessed: the caller stops."""


def _ring() -> dict[str, AESGCM]:
    """Key id → cipher, newest first, from FIELD_ENCRYPTION_KEYS (`id:base64 of 32 bytes`)."""
    pairs = (entry.strip().partition(":") for entry in settings.FIELD_ENCRYPTION_KEYS)
    return {key_id: AESGCM(base64.b64decode(key)) for key_id, _, key in pairs}


def newest_key() -> str:
    """The id of the key that encrypts; it stands in front of what it encrypted."""
    return next(iter(_ring()))


def encrypt(plain: str, *, row: str) -> str:
    """`plain` as text, readable again only for the same `row` ("model:pk"): copied to another row it is worthless."""
    key_id, cipher = next(iter(_ring().items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, plain.encode(), row.encode())
    return f"{key_id}:{base64.b64encode(sealed).decode()}"


def decrypt(stored: str, *, row: str) -> str:
    """The plain text of `stored`. Raises CannotDecrypt; never returns anything it could not prove."""
    key_id, _, sealed = stored.partition(":")
    try:
        data = base64.b64decode(sealed, validate=True)
        return _ring()[key_id].decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], row.encode()).decode()
    except (KeyError, ValueError, InvalidTag) as error:
        raise CannotDecrypt(
            "The stored KashFlow password cannot be read with the keys of this installation."
        ) from error


class EncryptedTextField(models.TextField):
    """A column that only ever holds ciphertext. Read and write it through the model's own methods."""

    description = "Encrypted text"

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str) and value and ":" not in value:
            raise ValueError("Only ciphertext goes into an encrypted column.")
        return super().get_prep_value(value)
