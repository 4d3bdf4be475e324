"""The operations by name, and what each is handed. A new one is a line in the gateway's table and a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kashflow.sandbox.errors import SoapFault
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.settings import Settings

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Bend:
    """How an injected fault bends what an insert stores, or which page and count of payments are answered."""

    lines_dropped: bool = False
    net_off_by: Decimal = Decimal(0)
    other_number: int | None = None
    page_by: int = 0
    count_by: int = 0


@dataclass(frozen=True)
class Account:
    """What a call works on: the ledger, its settings at that moment, how a fault bends it, who calls."""

    ledger: Ledger
    settings: Settings
    bend: Bend = field(default_factory=Bend)
    address: str = ""


Handler = Callable[[Account, Arguments], object]
HANDLERS: dict[str, Handler] = {}


def operation(handler: Handler) -> Handler:
    """Registers the function under its name, the operation's without capitals and underscores."""
    HANDLERS[handler.__name__.replace("_", "")] = handler
    return handler


def both_generations(handler: Handler) -> Handler:
    """Registers the function for the operation and for that of the second generation, which has a 2 behind it.

    The two differ in the shape of a customer alone, and that the table knows.
    """
    HANDLERS[operation(handler).__name__.replace("_", "") + "2"] = handler
    return handler


def run(account: Account, name: str, arguments: Arguments) -> object:
    """Carries the operation out and returns its result; raises Refused or SoapFault."""
    return HANDLERS[name.replace("_", "").lower()](account, arguments)


def needed(record: Arguments | None) -> dict[str, Any]:
    """The record a call cannot do without; raises SoapFault as the service does where it is missing."""
    if record is None:
        raise SoapFault(
            "Server was unable to process request. ---> "
            "Object reference not set to an instance of an object.",
            "Server",
        )
    return dict(record)
