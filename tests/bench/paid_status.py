"""Paid status of 5,000 open invoices: writing what changed against grouped updates, and nothing for what did not.

Compared is the database's part of both (performance.md), not how the rows come about: the product's holds the
locks, what the clients owe and an observation for each invoice as well.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal

from django.db.models import F, QuerySet
from django.utils import timezone

from invoicing.models import Invoice, PaymentObservation, Transfer
from invoicing.paid_status import ours as our_documents
from invoicing.paid_status import writing
from invoicing.paid_status.reading import Seen
from invoicing.paid_status.verdict import Ours, Verdict
from invoicing.transfer.services import request_transfers
from invoicing.transfer.states import State
from kashflow.gateway import records
from kashflow.models import LedgerAccount
from magmanager.common.money import ZERO
from tests.bench import scratch, stock
from tests.bench.clocked import in_database
from tests.bench.raising import queries_of
from tests.bench.report import Row, compared
from tests.bench.rounds import alternate, timed
from tests.bench.stock import Press

MANY, PAYERS = 5_000, 1_000
AT_ONCE = 500
ROUNDS = 5
AT = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)


def rows(name: str) -> list[Row]:
    """Time to write 5,000 that were paid, in the database and in all, and what is written where nothing changed."""
    scratch.use(name)
    office = Office()
    scratch.settle()
    found = alternate(ROUNDS, product=office.product, limit=office.limit)
    office.clock = timed
    in_all = alternate(ROUNDS, product=office.product, limit=office.limit)
    job = f"write {MANY:,} changed paid states, an observation each"
    unchanged, queries = office.unchanged()
    return [
        compared(
            f"{job}: in the database", found["product"], found["limit"], "grouped update()", must=3, aim=2
        ),
        compared(f"{job}: in all", in_all["product"], in_all["limit"], "grouped update()", must=None),
        Row("rows written of those that stayed the same", str(unchanged), "–", unchanged, 0, None),
        Row("queries to write them", str(queries), "–", queries, 0, None),
    ]


class Office:
    """5,000 invoices that KashFlow has, open at first; `_unpaid` makes them so again."""

    def __init__(self) -> None:
        payers = stock.payers(PAYERS)
        batches = [Press(payers)() for _ in range(MANY // PAYERS)]
        self.invoices: QuerySet[Invoice] = Invoice.objects.filter(batch__in=batches)
        self.account = LedgerAccount.objects.get(is_current=True)
        self._pretend_sent()
        self.payment_id = 0
        self.clock: Callable[[Callable[[], object]], float] = in_database

    def _pretend_sent(self) -> None:
        ids = list(self.invoices.values_list("pk", flat=True))
        request_transfers(by=stock.accountant(), invoice_ids=ids)
        Transfer.objects.filter(invoice__in=self.invoices).update(
            state=State.VERIFIED, kashflow_number=F("invoice_id"), kashflow_dbid=F("invoice_id")
        )

    def product(self) -> float:
        """Seconds to write what KashFlow said: all of them paid."""
        self._unpaid()
        seen = [Seen(one, self._paid(one)) for one in self._asked()]
        return self.clock(lambda: writing.write(self.account, seen, at=timezone.now()))

    def limit(self) -> float:
        """The same states by one plain `update()` for every 500 of them."""
        self._unpaid()
        ids = list(self.invoices.values_list("pk", flat=True))
        return self.clock(lambda: [self._update(ids[at : at + AT_ONCE]) for at in range(0, MANY, AT_ONCE)])

    def unchanged(self) -> tuple[int, int]:
        """Observations and statements where KashFlow says what it said before."""
        self._unpaid()
        seen = [Seen(one, Verdict(ZERO, said_amount=ZERO, said_paid=False)) for one in self._asked()]
        before = PaymentObservation.objects.count()
        queries = queries_of(lambda: writing.write(self.account, seen, at=timezone.now()))
        return PaymentObservation.objects.count() - before, queries

    def _asked(self) -> list[Ours]:
        found = [one for one in our_documents.to_ask_about(self.account) if one.kashflow_number == one.dbid]
        if len(found) != MANY:
            raise RuntimeError(f"{len(found)} of {MANY} invoices are open")
        return found

    def _paid(self, one: Ours) -> Verdict:
        self.payment_id += 1
        payment = records.Payment(
            payment_id=self.payment_id,
            invoice_number=one.number,
            pay_date=AT.date(),
            amount=Decimal(one.total),
            note=uuid.uuid4().hex,
            method_id=1,
            account_id=1,
        )
        return Verdict(one.total, payments=(payment,), said_amount=one.total, said_paid=True)

    def _update(self, ids: list[int]) -> None:
        self.invoices.filter(pk__in=ids).update(
            paid_amount=F("total"), kashflow_paid_amount=F("total"), paid_state="paid", paid_as_of=AT
        )

    def _unpaid(self) -> None:
        self.invoices.update(paid_amount=0, kashflow_paid_amount=0, paid_state="unpaid", paid_as_of=None)
