"""What the Financial tab of a client shows: its documents, what they come to, and what can be invoiced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse

from bookings.models import Instalment
from clients.models import Client
from invoicing import credits, documents, picking
from invoicing.cancel_words import GONE
from invoicing.causes import Link, of_waiting, page_of_transfer
from invoicing.documents import Line
from invoicing.models import Invoice, InvoiceLine, Payment, PaymentObservation, Transfer
from invoicing.owed import open_documents
from invoicing.paid_status import shown
from magmanager.common.money import ZERO, total

A_YEAR = dt.timedelta(days=365)
# States of a transfer that are said before anything about payment.
UNDER_WAY = ("waiting", "sending", "uncertain", "needs_you")
IN_PLACE_OF = {"sending": "Sending to KashFlow", "waiting": "Waiting to go to KashFlow"}


def documents_of(client: Client) -> QuerySet[Invoice]:
    """The documents this client pays for; where its agency pays, those on which its bookings are."""
    if client.agency_id is None:
        return Invoice.objects.filter(payer=client)
    return Invoice.objects.filter(pk__in=InvoiceLine.objects.filter(client=client).values("invoice"))


def to_invoice(client: Client) -> QuerySet[Any]:
    """The open instalments of this client; of an agency, those of the clients it pays for as well."""
    whose = Client.objects.filter(Q(pk=client.pk) | Q(agency=client)).values("pk")
    return Instalment.objects.invoiceable().filter(booking__client__in=whose)


# --- The figures on top -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """An amount in pounds under its label, with a remark; `tone` is "overdue" where it needs somebody."""

    label: str
    amount: Decimal
    remark: str
    tone: str = ""


def figures(client: Client, today: dt.date) -> list[Figure]:
    """Balance, overdue, to invoice, paid in the last 12 months; none where an agency pays. Five queries at most."""
    if client.agency_id and not client.balance_amount:
        return []
    bookings = to_invoice(client).aggregate(count=Count("booking", distinct=True), price=Sum("price"))
    waiting = Figure(
        "To invoice", bookings["price"] or ZERO, f"{counted(bookings['count'], 'booking')}, before VAT"
    )
    return [*_owed(client, today), waiting, _paid(client, today)]


def _owed(client: Client, today: dt.date) -> list[Figure]:
    found = open_documents(client.pk).aggregate(
        count=Count("pk", filter=Q(kind=Invoice.Kind.INVOICE)),
        raised=Sum("total", default=ZERO),
        paid=Sum("paid_amount", default=ZERO),
    )
    late = _late(client, today)
    overdue = total(left for left, _ in late)
    remark = "nothing is late"
    if late:
        remark = f"{counted(len(late), 'invoice')}, {counted(max(days for _, days in late), 'day')}"
    return [
        Figure("Balance", found["raised"] - found["paid"], counted(found["count"], "invoice")),
        Figure("Overdue", overdue, remark, "overdue" if late else ""),
    ]


def _late(client: Client, today: dt.date) -> list[tuple[Decimal, int]]:
    """What is left of each invoice past its due date, and how many days that is; not of what was credited."""
    rows = open_documents(client.pk).filter(due_on__lt=today, kind=Invoice.Kind.INVOICE)
    late = rows.annotate(owed=credits.owed()).filter(owed__gt=ZERO)
    return [(owed, (today - due_on).days) for owed, due_on in late.values_list("owed", "due_on")]


def _paid(client: Client, today: dt.date) -> Figure:
    """By the date of the invoice: KashFlow says how much of a document is paid, not always when."""
    recent = Invoice.objects.filter(payer=client, state=Invoice.State.RAISED, kind=Invoice.Kind.INVOICE)
    paid = recent.filter(invoice_date__gt=today - A_YEAR, paid_amount__gt=0).annotate(
        received=credits.received()
    )
    found = paid.filter(received__gt=ZERO).aggregate(count=Count("pk"), paid=Sum("received", default=ZERO))
    remark = f"of {counted(found['count'], 'invoice')} of that time"
    return Figure("Paid in the last 12 months", found["paid"], remark if found["count"] else "nothing yet")


def counted(number: int, noun: str) -> str:
    """1 invoice, 3 invoices."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# --- One row of the list ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """How a document stands: a key of `look.STATES` in its words, why it is stuck, and where that is mended."""

    key: str
    word: str = ""
    cause: str = ""
    link: Link | None = None
    # Waits for something that does not happen by itself.
    is_held: bool = False


def with_standing(rows: Iterable[Any], today: dt.date, *, uses_kashflow: bool) -> list[Any]:
    """Adds `balance` and `shown` to rows that have been through `views.invoices.with_states`.

    What a credit note takes back is taken off its invoice; of the credit note itself nothing is owed.
    """
    found = list(rows)
    credited = credits.not_in_paid_of([row.pk for row in found])
    held = of_waiting(errand for row in found for errand in (row.transfer, row.set_off) if errand)
    for row in found:
        row.held = held
        is_owed = row.state == Invoice.State.RAISED and row.kind == Invoice.Kind.INVOICE
        row.balance = row.total - row.paid_amount - credited.get(row.pk, ZERO) if is_owed else ZERO
        row.shown = _standing(row, today, uses_kashflow=uses_kashflow)
    return found


def _standing(row: Any, today: dt.date, *, uses_kashflow: bool) -> Shown:
    if row.state == Invoice.State.CANCELLED:
        return Shown("cancelled")
    if uses_kashflow and row.transfer_key in UNDER_WAY:
        return _moving(row, row.transfer, row.transfer_key)
    if uses_kashflow and row.set_off_key in UNDER_WAY:
        return _moving(row, row.set_off, row.set_off_key)
    if uses_kashflow and row.payment_flag in GONE:
        here = Link(reverse("invoicing:invoice", args=[row.number]), "Look at it")
        return Shown("needs_you", "Gone in KashFlow", "It is not in KashFlow any more.", here)
    days = (today - row.due_on).days
    if days > 0 and row.balance > 0:
        return Shown("overdue", f"{counted(days, 'day')} overdue")
    if row.paid_key != "unpaid":
        return Shown(row.paid_key)
    if not row.balance:
        return Shown("set_off", "Credited")
    return Shown(row.transfer_key if uses_kashflow else "unpaid")


def _moving(row: Any, transfer: Transfer, key: str) -> Shown:
    transfer.invoice = row
    if held := row.held.get(transfer.pk):
        return Shown(key, IN_PLACE_OF[key], held.text, held.link, is_held=True)
    link = page_of_transfer(transfer)
    if key == "needs_you" and link is None:
        link = Link(reverse("invoicing:transfer_detail", args=[transfer.pk]), "Look at it")
    return Shown(key, IN_PLACE_OF.get(key, ""), transfer.last_cause, link)


def ask_again_after(rows: Iterable[Any]) -> int:
    """Seconds until the list should look again; 0 once no transfer in it moves by itself."""
    shown = [row.shown for row in rows if not row.shown.is_held]
    moving = [one for one in shown if one.key in {"waiting", "sending", "uncertain"}]
    if not moving:
        return 0
    return 2 if any(one.key != "uncertain" and not one.cause for one in moving) else 10


# --- Payments -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Received:
    """A payment and the invoice it was for."""

    invoice: Invoice
    line: shown.Line

    @property
    def what(self) -> str:
        """10329 in full, or part of 10425."""
        whole = self.line.amount == self.invoice.total
        return f"{self.invoice.number} in full" if whole else f"Part of {self.invoice.number}"


def with_money(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """The invoices of `rows` for which something came in, or did and was removed or paid back."""
    recorded = Exists(Payment.objects.filter(invoice=OuterRef("pk")))
    seen = Exists(
        PaymentObservation.objects.filter(invoice=OuterRef("pk"), payments__isnull=False).exclude(payments=[])
    )
    return rows.filter(Q(paid_amount__gt=0) | recorded | seen, kind=Invoice.Kind.INVOICE)


def latest_first(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """`rows` by the moment something was last recorded here or changed in KashFlow: money may come for an old one."""
    recorded = Payment.objects.filter(invoice=OuterRef("pk")).order_by("-recorded_at").values("recorded_at")
    never = Value(dt.datetime.min.replace(year=1900, tzinfo=dt.UTC))
    moments = Coalesce(Subquery(recorded[:1]), never), Coalesce("paid_as_of", never)
    return rows.order_by(Greatest(*moments).desc(), "-number")


def received(invoices: Sequence[Invoice], *, uses_kashflow: bool) -> list[Received]:
    """The payments of these invoices, newest first."""
    lines = shown.payments_of(invoices, uses_kashflow=uses_kashflow)
    found = [Received(invoice, line) for invoice in invoices for line in lines[invoice.pk]]
    return sorted(found, key=lambda one: one.line.paid_on or dt.date.min, reverse=True)


# --- Ready to invoice ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A line that can be invoiced, and whether it is ticked."""

    line: Line
    is_ticked: bool


def ready(
    client: Client, today: dt.date, *, most: int, ticked: Collection[int] | None = None
) -> tuple[list[Ready], int]:
    """The first `most` open instalments by on-sale date, and how many more there are.

    `ticked` are the ids that are; None ticks what is due: on sale by the end of this month, or else the first issue.
    """
    order = ("issue__on_sale_on", "issue_id", "pk")
    found = list(to_invoice(client).order_by(*order).values_list("pk", *order[:2]))
    if ticked is None:
        ticked = _due(found, today)
    chosen = set(ticked)
    shown = [pk for pk, *_ in found[:most]] + [pk for pk, *_ in found[most:] if pk in chosen]
    lines = [line for made in _built(shown, today) for line in made.booked]
    return [Ready(line, line.row.instalment_id in chosen) for line in lines], len(found) - len(shown)


def _due(found: list[Any], today: dt.date) -> list[int]:
    next_month = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    due = [pk for pk, on_sale_on, _ in found if on_sale_on < next_month]
    return due or [pk for pk, _, issue_id in found if issue_id == found[0][2]]


def _built(ids: list[int], today: dt.date) -> list[documents.Document]:
    return documents.build(picking.rows(ids), picking.house(), today)
