"""Matching customer codes: a list is laid beside our clients, people decide, *Apply* links, *Undo* takes it back."""

from clients.matches.applying import apply, undo
from clients.matches.decisions import decide, decide_all, linked
from clients.matches.from_kashflow import carry, forgotten, match_from_kashflow
from clients.matches.lists import open_match, store, upload_customers

__all__ = [
    "apply", "carry", "decide", "decide_all", "forgotten", "linked", "match_from_kashflow", "open_match", "store", "undo",
    "upload_customers",
]  # fmt: skip
