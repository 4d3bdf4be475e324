"""What a soak runs through: both number strategies in each way an account may treat numbers, and the weather."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

NUMBERINGS = ("honour", "assign")
DUPLICATES = ("overwrite", "refuse", "duplicate", "next")
# Where creates go one at a time an uncertain one holds up all others, so fewer of them last as long.
MANY, FEW = 480, 10
KILLS_OF_MANY, KILLS_OF_FEW = 26, 10
LEAST = 3
SHARE_OF_FAULTS = 0.4


@dataclass(frozen=True)
class Configuration:
    """One house: its strategy, its account, how much it does, and the seed of its chances.

    `ends` (seconds since the epoch, 0: when all is done) is when no more trouble is made in it.
    """

    strategy: str
    numbering: str
    duplicate_number: str
    invoices: int
    kills: int
    seed: int
    is_served: bool
    time_scale: str = ""
    ends: float = 0.0

    @property
    def name(self) -> str:
        """As the table has it."""
        whose = {"ours": "our numbers", "kashflow": "KashFlow's"}[self.strategy]
        return f"{whose}, {self.numbering}, {self.duplicate_number}"

    @property
    def is_serial(self) -> bool:
        """Whether creates go one at a time in the end."""
        return self.strategy == "kashflow" or self.numbering == "assign"


def configurations(seed: int, size: float = 1) -> list[Configuration]:
    """All sixteen at `size` times their usual length, the long ones first.

    PostgreSQL with Redis and SQLite with the embedded broker take turns.
    """
    every = product(("ours", "kashflow"), NUMBERINGS, DUPLICATES)
    made = [
        _sized(Configuration(*one, 0, 0, seed * 1000 + n, n % 2 == 0), size) for n, one in enumerate(every)
    ]
    many, few = [one for one in made if not one.is_serial], [one for one in made if one.is_serial]
    return [*many, *few]


def _sized(one: Configuration, size: float) -> Configuration:
    invoices, kills = (FEW, KILLS_OF_FEW) if one.is_serial else (MANY, KILLS_OF_MANY)
    return replace(
        one,
        invoices=max(round(invoices * size), LEAST),
        kills=max(round(kills * size), LEAST),
        time_scale="0.05" if one.is_serial else "0.1",
    )


SHAPES = ("entities", "attribute", "external_file", "external_http", "depth")
# Kinds that may strike any call, with their parameters.
ANYWHERE: tuple[dict[str, Any], ...] = (
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "hang_before", "seconds": 20},
    {"kind": "hang_after", "seconds": 20},
    {"kind": "reset_in_request"},
    {"kind": "reset_in_request", "bytes": 1},
    {"kind": "cut_reply", "percent": 10},
    {"kind": "cut_reply", "percent": 90},
    {"kind": "drip", "seconds": 0.2},
    {"kind": "http_500"},
    {"kind": "http_500", "committed": True},
    {"kind": "http_503"},
    {"kind": "http_503", "committed": True},
    {"kind": "http", "status": 502},
    {"kind": "http", "status": 504, "committed": True},
    {"kind": "rate_limited"},
    {"kind": "redirect"},
    {"kind": "soap_fault"},
    {"kind": "soap_fault", "committed": True},
    {"kind": "html_page"},
    {"kind": "html_page", "committed": False},
    {"kind": "malformed_xml"},
    {"kind": "wrong_namespace"},
    {"kind": "empty_reply"},
    {"kind": "huge_reply", "bytes": 1_200_000},
    {"kind": "status_no"},
    {"kind": "status_no", "committed": True},
    {"kind": "crossed_reply"},
    {"kind": "duplicate_element"},
    {"kind": "xml_bomb", "shape": "external_dtd"},
    {"kind": "xml_bomb", "shape": "doctype"},
)
# What a create alone can meet, and what a person has to mend: rarer, since somebody must come each time.
OF_A_CREATE: tuple[dict[str, Any], ...] = (
    {"kind": "number_zero"},
    {"kind": "number_zero", "text": ""},
    {"kind": "number_zero", "text": "-1", "committed": False},
    {"kind": "lines_dropped"},
    {"kind": "total_off_by_a_penny"},
    {"kind": "number_other"},
    {"kind": "soap_fault", "code": "Client"},
    {"kind": "status_no", "text": "There is no customer with this ID"},
)
RARE = 0.012


def weather(seed: int, time_scale: float) -> list[dict[str, Any]]:
    """The faults to order, so that `SHARE_OF_FAULTS` of all calls are struck."""
    # Carried out just before a create is given up, and after that.
    late = [{"kind": "commit_late", "seconds": seconds * time_scale} for seconds in (60, 85)]
    anywhere = [*ANYWHERE, *late]
    each = 1 - (1 - SHARE_OF_FAULTS) ** (1 / len(anywhere))
    common: dict[str, Any] = {"times": 1_000_000}
    rare = [
        *(one | {"operation": "InsertInvoice"} for one in OF_A_CREATE),
        {"operation": "InsertCustomer", "kind": "number_zero"},
        {"operation": "*", "kind": "login_refused", "probability": 0.002},
        *({"operation": "*", "kind": "xml_bomb", "shape": shape, "probability": 0.004} for shape in SHAPES),
    ]
    orders = [common | {"probability": RARE} | one for one in rare]
    orders += [common | {"operation": "*", "probability": each} | one for one in anywhere]
    random.Random(seed).shuffle(orders)
    return [one | {"seed": seed + n} for n, one in enumerate(orders)]
