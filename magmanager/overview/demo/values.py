"""Small believable values, each from the chance it is given."""

from __future__ import annotations

import uuid
from random import Random

VAT_WEIGHTS = (8, 7, 6, 5, 4, 3, 2)
POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


def vat_number(chance: Random) -> str:
    """A UK VAT number with a right check (modulus 97 less 55), from 99…, which nobody has been given."""
    digits = [9, 9, *(chance.randrange(10) for _ in range(5))]
    check = 97 - (sum(digit * weight for digit, weight in zip(digits, VAT_WEIGHTS, strict=True)) + 55) % 97
    return f"GB{''.join(map(str, digits))}{check:02d}"


def postcode(chance: Random, district: str) -> str:
    letters = "".join(chance.choice(POSTCODE_LETTERS) for _ in range(2))
    return f"{district} {chance.randint(1, 9)}{letters}"


def phone(chance: Random) -> str:
    """One of the numbers Ofcom keeps for drama."""
    return f"01632 960{chance.randrange(1000):03d}"


def uid(chance: Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)
