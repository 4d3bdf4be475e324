"""What a person accepted when they said that KashFlow's document is our invoice. Pure but for the row it is kept in.

An adopted document is not what was sent: somebody else typed it, or changed it there. So its read-back compares it
with what the person saw, and with nothing looser (transfer.md, link and keep both numbers).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from invoicing.models import Transfer
from invoicing.transfer import mapping
from kashflow.gateway.records import Invoice as Document

# What a document is. Its customer's name and what was paid on it may change without making it another one.
COMPARED = (
    "dbid", "number", "date", "due", "customer_id", "reference", "amount", "vat_amount", "lines",
)  # fmt: skip
# What a list without lines says of it too: by these it is known again when its payments are read.
HEAD = ("number", "customer_id", "reference", "amount", "vat_amount")


def documents(transfer: Transfer) -> list[dict[str, Any]]:
    """KashFlow's documents that a person may look at, as they were read; several where it has ours more than once."""
    found = transfer.found
    return list(found.get("documents") or ([found] if found.get("dbid") else []))


def is_whole(kept: Mapping[str, Any]) -> bool:
    """Whether the document was read with its lines: one that was not cannot be compared, so not adopted."""
    return bool(kept.get("lines"))


def fingerprint(kept: Mapping[str, Any]) -> str:
    """What the page carries of the document it showed, to be compared with the one that is there at the press."""
    said = json.dumps([kept.get(name) for name in COMPARED], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def accepted(transfer: Transfer, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an adoption of `kept`; what was known before stays beside it, should it not hold."""
    return {
        "kashflow_number": kept["number"],
        "kashflow_dbid": kept["dbid"],
        "accepted": {
            "fingerprint": fingerprint(kept),
            "head": {name: kept[name] for name in HEAD},
            "differences": kept["differences"],
            "known": {"kashflow_number": transfer.kashflow_number, "kashflow_dbid": transfer.kashflow_dbid},
        },
    }


def is_as_accepted(transfer: Transfer, found: Document) -> bool:
    """Whether `found` is to the letter what a person accepted for this transfer."""
    return transfer.accepted.get("fingerprint") == fingerprint(mapping.kept(found))


def head(accepted: Mapping[str, Any]) -> Document | None:
    """The head of the document that a transfer's `accepted` is about, in pounds; None where nothing was accepted."""
    kept = accepted.get("head")
    if not kept:
        return None
    return Document(
        number=kept["number"],
        customer_id=kept["customer_id"],
        reference=kept["reference"],
        net_amount=Decimal(kept["amount"]),
        vat_amount=Decimal(kept["vat_amount"]),
    )


def taken_back(transfer: Transfer) -> dict[str, Any]:
    """The columns after an adoption that did not hold: its document is not known as ours any more."""
    return {**transfer.accepted["known"], "accepted": {}}


def total_of(kept: Mapping[str, Any]) -> Decimal:
    """Pounds with VAT of KashFlow's document."""
    return Decimal(kept["amount"]) + Decimal(kept["vat_amount"])
