"""Raising a batch: against the same rows by plain inserts and by bulk_create, its growth, its queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from clients.models import Client
from invoicing.models import Batch
from tests.bench import scratch, stock
from tests.bench.report import Row, compared
from tests.bench.rounds import Job, alternate, timed
from tests.bench.stock import Press
from tests.bench.twins import Twins

MANY, TEN_TIMES = 1_000, 10_000


def rows(small: str, big: str) -> list[Row]:
    """All of them; `small` and `big` are databases whose histories differ."""
    few = {}
    for name in (small, big):
        scratch.use(name)
        few[name] = stock.payers(MANY)
    scratch.use(big)
    many = few[big] + stock.payers(TEN_TIMES - MANY)
    scratch.settle()
    return [*_against_limits(few[big]), *_growth(many), *_queries(many), _history(few, small, big)]


def _against_limits(clients: list[Client]) -> list[Row]:
    limits = Limits(clients)
    found = alternate(5, product=limits.product, plain=limits.plain, bulk=limits.bulk)
    way = "execute_values" if connection.vendor == "postgresql" else "executemany"
    job = f"raise {MANY:,} two-line invoices"
    return [
        compared(job, found["product"], found["plain"], f"the rows by {way}", must=6, aim=3),
        compared(job, found["product"], found["bulk"], "the rows by bulk_create", must=None, aim=2),
    ]


class Limits:
    """The product's way and the two ways that only write, on the rows of the batch raised last."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self.batch: Batch = Press(clients)()

    def product(self) -> float:
        press, made = Press(self.clients), []
        seconds = timed(lambda: made.append(press()))
        self.batch = made[0]
        return seconds

    def plain(self) -> float:
        return timed(self._twins().plain().write)

    def bulk(self) -> float:
        return timed(self._twins().bulk_create)

    def _twins(self) -> Twins:
        return Twins.of(self.batch, stock.booked(self.clients))


def _growth(clients: list[Client]) -> list[Row]:
    found = alternate(2, warm_up=0, many=raising(clients), few=raising(clients[:MANY]))
    return [
        compared(
            f"raise {TEN_TIMES:,} of them", found["many"], found["few"], f"for {MANY:,}", must=12, aim=10.5
        )
    ]


def _history(clients: dict[str, list[Client]], small: str, big: str) -> Row:
    found = alternate(4, small=in_database(small, clients), big=in_database(big, clients))
    job = f"raise {MANY:,} of them with the big history"
    return compared(job, found["big"], found["small"], "with the small one", must=1.3, aim=1.1)


def _queries(clients: list[Client]) -> list[Row]:
    few, many = queries_of(Press(clients[:MANY])), queries_of(Press(clients))
    per_thousand = many * MANY / TEN_TIMES
    return [
        Row("queries to raise 1,000", str(few), "–", few, None, 15),
        Row(
            f"queries per 1,000 of {TEN_TIMES:,}",
            f"{per_thousand:g}",
            f"{few} for 1,000",
            per_thousand / few,
            1,
            None,
        ),
    ]


def raising(clients: list[Client]) -> Job:
    """A job that raises one two-line invoice for each of `clients`."""
    return lambda: timed(Press(clients))


def in_database(name: str, clients: dict[str, list[Client]]) -> Job:
    """The same in the database called `name`."""

    def job() -> float:
        scratch.use(name)
        return raising(clients[name])()

    return job


def queries_of(act: Callable[[], Any]) -> int:
    """How many statements `act` sends to the database."""
    sent = []

    def count(execute: Any, *call: Any) -> Any:
        sent.append(1)
        return execute(*call)

    with connection.execute_wrapper(count):
        act()
    return len(sent)
