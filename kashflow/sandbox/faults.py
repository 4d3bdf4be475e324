"""Faults to order: which calls they strike, how often, and with what parameters."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from kashflow.gateway.schema import OPERATIONS

ANY_OPERATION = "*"
_COMMON = {"operation": ANY_OPERATION, "kind": "", "times": None, "probability": 1.0, "seed": 0, "after": 0}
_DOCUMENTS = ("InsertInvoice", "InsertInvoice_TypeDefined")
_INSERTS = (*_DOCUMENTS, "InsertCustomer", "InsertCustomer2", "InsertInvoicePayment")
_PAGES = ("GetInvoicePaymentsByDateRange",)


class FaultRefused(ValueError):
    """A fault that cannot be made; the text says why."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault: its parameters and their usual values, and whether the call is still carried out.

    `shapes` are the values its parameter `shape` may have. One that `strikes` no call has a port of its own.
    """

    carried_out: bool
    parameters: Mapping[str, object] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    # How often it strikes where nobody says: once; a login that is refused stays refused.
    times: int | None = 1
    shapes: tuple[str, ...] = ()
    strikes: bool = True


BOMB_SHAPES = ("entities", "attribute", "external_file", "external_http", "external_dtd", "doctype", "depth")
TLS_SHAPES = ("expired", "wrong_host", "self_signed", "old", "good")
_SETTABLE = {"committed": False}
KINDS: dict[str, Kind] = {
    "drop_before": Kind(False),
    "drop_after": Kind(True),
    "hang_before": Kind(False, {"seconds": 3600.0}),
    "hang_after": Kind(True, {"seconds": 3600.0}),
    "commit_late": Kind(True, {"seconds": 5.0}),
    "reset_in_request": Kind(False, {"bytes": None}),
    "cut_reply": Kind(True, {"bytes": None, "percent": 50.0}),
    "drip": Kind(True, {"seconds": 1.0}),
    "http_500": Kind(False, _SETTABLE),
    "http_503": Kind(False, _SETTABLE),
    "http": Kind(False, _SETTABLE | {"status": 500, "text": "<html><body>Error</body></html>"}),
    "rate_limited": Kind(False, {"retry_after": "2"}),
    "redirect": Kind(False, {"location": "http://127.0.0.1:9/elsewhere"}),
    "soap_fault": Kind(
        False, _SETTABLE | {"text": "Server was unable to process request.", "code": "Server"}
    ),
    "html_page": Kind(
        True,
        {"committed": True, "text": "", "content_type": "text/html; charset=utf-8", "encoding": "utf-8"},
    ),
    "malformed_xml": Kind(True, {"percent": 60.0}),
    "wrong_namespace": Kind(True),
    "empty_reply": Kind(True, {"committed": True}),
    "huge_reply": Kind(True, {"committed": True, "bytes": 50_000_000}),
    "xml_bomb": Kind(True, {"committed": True, "shape": "entities"}, shapes=BOMB_SHAPES),
    "status_no": Kind(False, _SETTABLE | {"text": "The request could not be completed"}),
    "number_other": Kind(True, {"number": 0}, _DOCUMENTS),
    "number_zero": Kind(True, {"committed": True, "text": "0"}, _INSERTS),
    "lines_dropped": Kind(True, {}, _DOCUMENTS),
    "total_off_by_a_penny": Kind(True, {}, _DOCUMENTS),
    "login_refused": Kind(False, {}, times=None),
    "crossed_reply": Kind(True, {"reply_of": "GetCompanyDetails", "arguments": {}}),
    "duplicate_element": Kind(True, {"element": ""}),
    "page_missing": Kind(True, {}, _PAGES),
    "page_repeated": Kind(True, {}, _PAGES),
    "count_wrong": Kind(True, {"by": 1}, ("GetInvoicePaymentsCountforDateRange",)),
    "tls": Kind(False, {"shape": "self_signed"}, times=None, shapes=TLS_SHAPES, strikes=False),
}


@dataclass
class Fault:
    """One fault that was ordered. `left` counts down where it strikes only so many times."""

    id: int
    operation: str
    kind: str
    left: int | None
    probability: float
    after: int
    parameters: dict[str, object]
    chance: random.Random

    @property
    def carried_out(self) -> bool:
        """Whether the ledger sees the call."""
        return bool(self.parameters.get("committed", KINDS[self.kind].carried_out))

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(str(self.parameters[name]))

    def text(self, name: str) -> str:
        """A parameter that is text."""
        return str(self.parameters[name])

    def mapping(self, name: str) -> dict[str, object]:
        """A parameter that is an object."""
        found = self.parameters[name]
        return dict(found) if isinstance(found, dict) else {}

    def shown(self) -> dict[str, object]:
        """What was ordered and what is left of it."""
        names = ("id", "operation", "kind", "left", "probability", "after")
        return {name: getattr(self, name) for name in names} | self.parameters

    def strikes(self, operation: str) -> bool:
        """Whether it strikes this call; counts the call."""
        if self.operation not in (ANY_OPERATION, operation) or self.left == 0 or not KINDS[self.kind].strikes:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.chance.random() >= self.probability:
            return False
        self.left = None if self.left is None else self.left - 1
        return True


class Faults:
    """The faults on order, first come first served, one to a call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = count(1)
        self._ordered: list[Fault] = []

    def order(self, wanted: Mapping[str, object]) -> Fault:
        """Takes an order; raises FaultRefused where it makes no sense."""
        fault = _checked(next(self._ids), wanted)
        with self._lock:
            self._ordered.append(fault)
        return fault

    def take(self, operation: str) -> Fault | None:
        """The fault that strikes this call, if one does."""
        with self._lock:
            return next((fault for fault in self._ordered if fault.strikes(operation)), None)

    def cancel(self) -> None:
        """No more faults."""
        with self._lock:
            self._ordered.clear()

    def shown(self) -> list[dict[str, object]]:
        """Every order, spent ones too."""
        with self._lock:
            return [fault.shown() for fault in self._ordered]


def _checked(fault_id: int, wanted: Mapping[str, object]) -> Fault:
    kind = KINDS.get(str(wanted.get("kind")))
    if kind is None:
        raise FaultRefused(f"There is no fault kind {wanted.get('kind')}. Known: {', '.join(KINDS)}")
    unknown = sorted(set(wanted) - set(_COMMON) - set(kind.parameters))
    if unknown:
        raise FaultRefused(f"{wanted['kind']} takes no {', '.join(unknown)}")
    given: dict[str, object] = {**_COMMON, "times": kind.times, **wanted}
    _check_operation(str(given["operation"]), kind)
    _check_shape(given, kind)
    _check_crossed(given)
    _check_encoding(given)
    _check_numbers(given)
    return Fault(
        id=fault_id,
        operation=str(given["operation"]),
        kind=str(given["kind"]),
        left=None if given["times"] is None else int(str(given["times"])),
        probability=float(str(given["probability"])),
        after=int(str(given["after"])),
        parameters={name: wanted.get(name, usual) for name, usual in kind.parameters.items()},
        chance=random.Random(str(given["seed"])),  # noqa: S311  (repeatable on purpose)
    )


def _check_operation(operation: str, kind: Kind) -> None:
    if operation not in OPERATIONS and operation != ANY_OPERATION:
        raise FaultRefused(f"There is no operation {operation}")
    if kind.only and operation not in kind.only:
        raise FaultRefused(f"This fault is for {' and '.join(kind.only)} only")


def _check_shape(given: Mapping[str, object], kind: Kind) -> None:
    if "shape" in given and given["shape"] not in kind.shapes:
        raise FaultRefused(f"shape must be one of {', '.join(kind.shapes)}")


def _check_crossed(given: Mapping[str, object]) -> None:
    other = OPERATIONS.get(str(given.get("reply_of", "GetCompanyDetails")))
    if other is None:
        raise FaultRefused(f"There is no operation {given['reply_of']}")
    arguments = given.get("arguments", {})
    if not isinstance(arguments, dict) or set(arguments) - {field.name for field in other.inputs}:
        raise FaultRefused(f"arguments must be an object of what {other.name} takes")


def _check_numbers(given: Mapping[str, object]) -> None:
    for name, smallest, largest in _RANGES:
        value = given.get(name)
        if value is not None and not (_is_number(value) and smallest <= float(str(value)) <= largest):
            raise FaultRefused(f"{name} must be a number from {smallest} to {largest}")
    if not isinstance(given.get("committed", False), bool):
        raise FaultRefused("committed must be true or false")


def _check_encoding(given: Mapping[str, object]) -> None:
    try:
        "".encode(str(given.get("encoding", "utf-8")))
    except LookupError:
        raise FaultRefused(f"There is no encoding {given['encoding']}") from None


_RANGES = (
    ("times", 1, 1_000_000),
    ("probability", 0, 1),
    ("after", 0, 1_000_000),
    ("seconds", 0, 86_400),
    ("bytes", 0, 1_000_000_000),
    ("percent", 0, 100),
    ("status", 200, 599),
    ("number", 0, 2**31 - 1),
    ("by", -1_000_000, 1_000_000),
)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
