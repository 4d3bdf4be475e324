"""Both ledgers, month by month, side by side; memory holds a month of ours and KashFlow's documents one at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from clients.models import CustomerLink
from invoicing.comparison import judging
from invoicing.comparison.judging import Finding, Here
from invoicing.comparison.set_off import SetOff, set_off
from invoicing.models import Invoice, NumberCounter, Transfer
from invoicing.transfer import mapping
from invoicing.transfer.states import State
from kashflow.gateway import records
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NotFound
from kashflow.models import LedgerAccount
from magmanager.common.money import ZERO

A_DAY = dt.timedelta(days=1)
# Two months from the first of any: a document that was dated ahead under a number of ours is met there.
AHEAD = dt.timedelta(days=62)
AT_ONCE = 500


@dataclass
class Walk:
    """A comparison under way. `tell` is called with how many documents of KashFlow's were looked at so far.

    It is called at least after every call to KashFlow: a run that tells nothing for a lease counts as dead.
    """

    account: LedgerAccount
    gateway: Gateway
    tell: Callable[[int], None]
    seen: int = 0
    # Ours that no month had: looked for by their id at the end, since a changed date moves a document.
    absent: list[Here] = field(default_factory=list)
    matched: set[int] = field(default_factory=set)

    def findings(self, since: dt.date | None = None) -> Iterator[Finding]:
        """Every difference of the documents dated from `since` (all where None). Raises the gateway's errors."""
        for first, last in self._months(since):
            yield from self._month(first, last)
            self.tell(self.seen)
        # By number, so that an invoice is looked for before the credit note that voids it.
        for here in sorted(self.absent, key=lambda here: here.number):
            if here.invoice_id not in self.matched:
                yield from self._looked_up(here)
                self.tell(self.seen)

    def _months(self, since: dt.date | None) -> Iterator[tuple[dt.date, dt.date]]:
        """First and last day of each month from our first document's on, to AHEAD of today's or the latest one's."""
        dates = self._ours().aggregate(first=Min("invoice_date"), last=Max("invoice_date"))
        if dates["first"] is None:
            return
        month = max(dates["first"], since or dates["first"]).replace(day=1)
        end = max(dates["last"], timezone.localdate()).replace(day=1) + AHEAD
        while month <= end:
            following = (month + dt.timedelta(days=32)).replace(day=1)
            yield month, following - A_DAY
            month = following

    def _ours(self) -> QuerySet[Invoice]:
        """The documents that this account is about: those from its first transferred number on."""
        least = self._first_number
        return Invoice.objects.none() if least is None else Invoice.objects.filter(number__gte=least)

    @cached_property
    def _first_number(self) -> int | None:
        sent = Transfer.objects.documents().filter(ledger_account=self.account)
        least: int | None = sent.aggregate(least=Min("invoice__number"))["least"]
        if least is None and self.account.restored_at:
            # The backup may be older than the first transfer: then any of ours may be there.
            return Invoice.objects.aggregate(least=Min("number"))["least"]
        return least

    @cached_property
    def _next_number(self) -> int:
        return NumberCounter.objects.get(pk=1).next_number

    def _month(self, first: dt.date, last: dt.date) -> Iterator[Finding]:
        ours = {here.invoice_id: here for here in self._here(first, last)}
        by_dbid = {here.dbid: here for here in ours.values() if here.dbid}
        others: list[records.Invoice] = []
        for there in self.gateway.get_invoices_by_date_range(first, last):
            self._count()
            here = by_dbid.get(there.dbid)
            if here is None:
                others.append(there)
                continue
            self.matched.add(here.invoice_id)
            yield from judging.compared(here, there)
        yield from self._others(others)
        self.absent += [here for here in ours.values() if here.invoice_id not in self.matched]

    def _count(self) -> None:
        self.seen += 1
        if self.seen % AT_ONCE == 0:
            self.tell(self.seen)

    def _here(self, first: dt.date, last: dt.date) -> list[Here]:
        found = self._ours().filter(invoice_date__range=(first, last))
        return self._read(found.values_list("pk", flat=True))

    def _read(self, ids: Iterable[int]) -> list[Here]:
        """Documents with their lines, transfers and customers: a few queries for any number of them."""
        invoices = list(
            Invoice.objects.filter(pk__in=ids).prefetch_related("lines__account_code", "lines__product_code")
        )
        transfers = {
            one.invoice_id: one
            for one in Transfer.objects.documents().filter(ledger_account=self.account, invoice__in=invoices)
        }
        links = CustomerLink.objects.filter(
            ledger_account=self.account, client__in={one.payer_id for one in invoices}
        )
        customers = dict(links.values_list("client", "customer_id"))
        settled = set_off(self.account, (one.pk for one in invoices))
        return [
            self._as_here(one, transfers.get(one.pk), customers.get(one.payer_id), settled)
            for one in invoices
        ]

    def _as_here(
        self, invoice: Invoice, transfer: Transfer | None, customer_id: int | None, settled: SetOff
    ) -> Here:
        lines = list(invoice.lines.all())
        document = mapping.document(invoice, lines, self.account, customer_id=customer_id or 0)
        if transfer and transfer.kashflow_number:
            document = replace(document, number=transfer.kashflow_number)
        is_note, applied = invoice.kind == Invoice.Kind.CREDIT_NOTE, settled.done.get(invoice.pk, ZERO)
        return Here(
            invoice_id=invoice.pk,
            number=invoice.number,
            company=invoice.company_name,
            document=document,
            state=State(transfer.state) if transfer else None,
            dbid=transfer.kashflow_dbid if transfer else None,
            paid=-applied if is_note and applied else invoice.paid_amount,
            is_cancelled=invoice.state == Invoice.State.CANCELLED,
            is_note=is_note,
            voids=invoice.credits_id if invoice.is_voiding else None,
            set_off=applied,
            left=settled.left.get(invoice.pk, ZERO),
            accepted=transfer.accepted.get("fingerprint", "") if transfer else "",
        )

    def _others(self, documents: list[records.Invoice]) -> Iterator[Finding]:
        """Documents that are no copy of this month's: moved here by a changed date, second copies, foreign ones."""
        for at in range(0, len(documents), AT_ONCE):
            chunk = documents[at : at + AT_ONCE]
            moved, marked = self._known(chunk)
            numbers = self._numbers_of_ours(chunk)
            for there in chunk:
                if here := moved.get(there.dbid):
                    self.matched.add(here.invoice_id)
                    yield from judging.compared(here, there)
                elif here := marked.get(mapping.marker_of(there.reference)):
                    yield judging.unwanted(here, there)
                else:
                    yield from self._foreign(there, numbers)

    def _known(self, chunk: list[records.Invoice]) -> tuple[dict[int, Here], dict[str, Here]]:
        """Ours by KashFlow's id and by marker, wherever they are dated."""
        ids = [one.dbid for one in chunk]
        sent = Transfer.objects.documents().filter(ledger_account=self.account, kashflow_dbid__in=ids)
        markers = {mapping.marker_of(one.reference) for one in chunk} - {""}
        marked = dict(Invoice.objects.filter(marker__in=markers).values_list("pk", "marker"))
        read = {
            here.invoice_id: here for here in self._read([*sent.values_list("invoice", flat=True), *marked])
        }
        moved = {here.dbid: here for here in read.values() if here.dbid in ids}
        return moved, {marker: read[pk] for pk, marker in marked.items()}

    def _numbers_of_ours(self, chunk: list[records.Invoice]) -> set[int]:
        numbers = [one.number for one in chunk]
        return set(self._ours().filter(number__in=numbers).values_list("number", flat=True))

    def _foreign(self, there: records.Invoice, ours: set[int]) -> Iterator[Finding]:
        """A document that belongs to nothing here: lost with a restored backup, or made there where ours will go."""
        meets = self._could_meet(there.number, ours)
        if self._is_lost(there):
            yield judging.lost(there, is_told=bool(self.account.restored_at) and not meets)
        elif meets:
            yield judging.foreign(there, is_number_used=there.number in ours)

    def _is_lost(self, there: records.Invoice) -> bool:
        least = self._least_lost
        return least is not None and there.number >= least and judging.looks_like_ours(there)

    @cached_property
    def _least_lost(self) -> int | None:
        """The number from which on a marker's form proves a document ours, since a bookkeeper's reference may have it.

        Our own numbers have no gap, so from the first one on. Numbers that KashFlow gives rise, so after a restore
        above all that the backup knew; without one nothing can be lost.
        """
        if self.account.numbering == LedgerAccount.Numbering.OURS:
            return self._first_number
        if self.account.restored_at is None:
            return None
        known = Transfer.objects.documents().filter(
            ledger_account=self.account, verified_at__lt=self.account.restored_at
        )
        return (known.aggregate(highest=Max("kashflow_number"))["highest"] or 0) + 1

    def _could_meet(self, number: int, ours: set[int]) -> bool:
        """Where our numbers are sent, a foreign document may not stand on one of them, nor where they will go."""
        if self.account.numbering != LedgerAccount.Numbering.OURS:
            return False
        return number in ours or number >= self._next_number

    def _looked_up(self, here: Here) -> Iterator[Finding]:
        if not here.is_there or here.dbid is None:
            if here.is_wanted:
                yield judging.missing(here)
            return
        try:
            there = self.gateway.get_invoice_by_id(here.dbid)
        except NotFound:
            # With its invoice gone as well nothing is left to void.
            if here.is_wanted and (here.voids is None or here.voids in self.matched):
                yield judging.gone(here)
            return
        self.matched.add(here.invoice_id)
        yield from judging.compared(here, there)
