"""One state of the world: our rows, our workers, KashFlow's documents, and calls that are still under way.

Frozen tuples, because a search keeps a great many of them. Invoices are 0, 1, …; a person's documents are PERSON's.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple

from invoicing.transfer.states import LEASED, Event, State, target
from invoicing.transfer.verdict import EVENTS, Absent, judge
from kashflow.gateway.records import Invoice
from tests.proof.model.rules import LEASE, SETTLE, Setting

PERSON = -1
# KashFlow's own numbers begin here, far from ours.
THEIR_FIRST = 100


class At(IntEnum):
    """Where a worker is: before which act of its own it can be stopped."""

    REST = 0
    LOOK = 1
    INTENT = 2
    WRITE = 3
    REPLY = 4
    ANSWERED = 5
    RECORD = 6
    CHECK = 7
    CHECK_LIST = 8
    READ_BACK = 9


class Row(NamedTuple):
    """A transfer. `lease` and `wait` are ticks left; `absent` is absent_seen."""

    state: State = State.READY
    lease: int = 0
    wait: int = 0
    absent: bool = False
    number: int = 0


class Request(NamedTuple):
    """A create on its way: it may be carried out or lost for `left` more ticks, `in_time` if within the deadline."""

    invoice: int
    number: int
    left: int
    in_time: bool


class Document(NamedTuple):
    """A document in KashFlow; `in_window` if a person typed it after a look whose create was still to come."""

    owner: int
    number: int
    in_window: bool = False


class Worker(NamedTuple):
    """`believed` is the state it takes its row to be in, `holds` the token, `fresh` that its look's deadline is not over.

    The rest is what it knows: what to record, the number it heard, its call, the documents of its first read.
    """

    at: At = At.REST
    invoice: int = 0
    believed: State = State.READY
    holds: bool = False
    fresh: bool = False
    event: Event | None = None
    number: int = 0
    request: Request | None = None
    found: tuple[Document, ...] = ()


RESTING = Worker()


class World(NamedTuple):
    rows: tuple[Row, ...]
    workers: tuple[Worker, ...]
    documents: tuple[Document, ...] = ()
    orphans: tuple[Request, ...] = ()
    paused: bool = False
    # The wall clock jumped and no sweep has noticed.
    jumped: bool = False
    typed: bool = False
    # A person's document that was replaced: "" none, else whether transfer.md's window explains it.
    replaced: str = ""

    def worker(self, n: int, worker: Worker) -> World:
        return self._replace(workers=(*self.workers[:n], worker, *self.workers[n + 1 :]))

    def row(self, invoice: int, row: Row) -> World:
        return self._replace(rows=(*self.rows[:invoice], row, *self.rows[invoice + 1 :]))

    def take_away(self, invoice: int, keeper: int = -1) -> World:
        """A new epoch: whoever else worked on this invoice has lost it."""
        workers = tuple(
            worker._replace(holds=False)
            if n != keeper and worker.holds and worker.invoice == invoice
            else worker
            for n, worker in enumerate(self.workers)
        )
        return self._replace(workers=workers)

    def alike(self) -> World:
        """The same world whichever worker is called first: one is searched for both."""
        if len(self.workers) == 2 and hash(self.workers[0]) > hash(self.workers[1]):
            return self._replace(workers=self.workers[::-1])
        return self


def first(setting: Setting) -> World:
    """Everything was asked for, nothing has begun."""
    return World((Row(),) * setting.invoices, (RESTING,) * setting.workers)


def own_number(invoice: int) -> int:
    return invoice + 1


def next_number(documents: tuple[Document, ...]) -> int:
    """What an account gives that numbers by itself."""
    return max((document.number for document in documents), default=THEIR_FIRST - 1) + 1


def moved(row: Row, event: Event, setting: Setting, number: int = 0) -> Row:
    """The row after `event`, by the product's table and what `record._entering` makes of the columns."""
    to = target(row.state, event)
    settle = SETTLE if setting.rules.settle_wait else 0
    if to in LEASED:
        early = to is State.SENDING and not setting.rules.settle_starts_at_discovery
        return Row(to, LEASE, settle if early else 0)
    if to is State.SENT and row.state is not State.SENT:
        return Row(to, LEASE, 0, False, number)
    if to is State.SENT:
        return row._replace(lease=0)
    if to is State.AMBIGUOUS and row.state is State.AMBIGUOUS:
        return row._replace(lease=0)
    if to is State.AMBIGUOUS:
        return Row(to, 0, settle if setting.rules.settle_starts_at_discovery else row.wait)
    return Row(to)


@cache
def verdict(invoice: int, documents: tuple[Document, ...], is_ours: bool) -> tuple[Event | None, int]:
    """What the product's `judge` makes of these documents (None is absent), and the number of the one found."""
    said = judge(_record(invoice, own_number(invoice) if is_ours else 0, 0), _records(documents))
    if isinstance(said, Absent):
        return None, 0
    found: Any = getattr(said, "found", None)
    return EVENTS[type(said)], found.number if isinstance(found, Invoice) else 0


def _records(documents: tuple[Document, ...]) -> list[Invoice]:
    return [_record(one.owner, one.number, dbid) for dbid, one in enumerate(documents, 1)]


def _record(owner: int, number: int, dbid: int) -> Invoice:
    reference = "By the bookkeeper" if owner == PERSON else f"PO 77 {'0' * 9}{owner}"
    return Invoice(number=number, dbid=dbid, customer_id=owner + 50, reference=reference)
