"""The marker by which one of our documents is known in KashFlow again (transfer.md, Numbers)."""

from __future__ import annotations

from uuid import UUID

# Crockford's base32: no I, L, O or U, so that it can be read out over the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10


def marker(uid: UUID) -> str:
    """Ten characters made of the last 50 bits of `uid` (random in a version 4 UUID); always the same."""
    return "".join(ALPHABET[uid.int >> 5 * place & 31] for place in reversed(range(LENGTH)))
