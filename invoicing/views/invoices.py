"""Invoiced: the list of documents, and one of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from invoicing import causes, choice, credits, forms
from invoicing.cancel_words import GONE, Story, raised_again_as, raised_in_place_of, story
from invoicing.choice import Choice
from invoicing.models import Batch, Invoice, Transfer, TransferAttempt
from invoicing.paid_status import as_of, shown
from invoicing.stories import who_asked
from invoicing.tabs import INVOICED, sidebar, tabs
from invoicing.transfer import stopping
from invoicing.transfer.states import WORD_OF, State
from kashflow.models import LedgerAccount
from magmanager.common.money import ZERO, to_pence, total
from magmanager.common.paging import COUNT_LIMIT, Count, counts
from magmanager.common.permissions import may
from magmanager.common.templatetags.formats import moment
from magmanager.common.views import FilteredList, Verb, is_partial
from settings_app.models import SystemDefaults

COLUMNS = (
    "number", "invoice_date", "company_name", "delivery", "period", "item_count", "amount", "vat_amount",
    "total", "emailed_at", "state", "paid_state", "payment_flag", "kind", "credits", "is_voiding",
)  # fmt: skip
TRANSFER = "invoicing.transfer_invoices"
CANCELLED, CREDIT_NOTE = Invoice.State.CANCELLED, Invoice.Kind.CREDIT_NOTE
NOT_PAID = (Invoice.Paid.UNPAID, Invoice.Paid.PART)
UNDER_WAY = ("needs_you", "uncertain", "sending", "waiting")
# In the session: the ids of a press that was refused, for the next page of the list.
STILL_TICKED = "invoices_still_ticked"
# Of setting a credit note off, what stands in place of "Credit note".
SAID_OF_NOTE = ("set_off", "needs_you", "uncertain")
PAID_KEYS = {"unpaid": "unpaid", "part": "part_paid", "paid": "paid", "over": "overpaid"}


class Invoiced(FilteredList):
    """Every document raised, by issue or by month; ticked ones go to KashFlow."""

    verb = "invoicing.view_invoices"
    template_name = "invoicing/invoiced.html"
    table_template_name = "invoicing/_invoiced_results.html"
    filter_form = forms.InvoicedFilters
    order = ("-number",)
    noun = ("invoice", "invoices")

    def rows(self) -> QuerySet[Invoice]:
        self.uses_kashflow = SystemDefaults.current().uses_kashflow
        self.choice = Choice.read(self.request.GET)
        return self.choice.invoices().only(*COLUMNS)

    def narrow(self, rows: QuerySet[Invoice], wanted: dict[str, Any]) -> QuerySet[Invoice]:
        if words := wanted.get("q"):
            rows = matching(rows, words)
        if delivery := wanted.get("delivery"):
            rows = rows.filter(delivery=delivery)
        if batch := wanted.get("batch"):
            rows = rows.filter(batch=batch)
        self.before_segment = rows
        self.found = SEGMENTS.get(wanted.get("show", ""), lambda all_rows: all_rows)(rows)
        return self.found

    def decorate(self, rows: list[Invoice]) -> list[Invoice]:
        return with_states(rows)

    def page_context(self, rows: QuerySet[Invoice]) -> dict[str, Any]:
        context = super().page_context(rows)
        # A credit note that voids a cancelled invoice goes with it.
        counted = [row for row in context["rows"] if row.state != CANCELLED and not row.is_voiding]
        return {
            **context,
            "uses_kashflow": self.uses_kashflow,
            "may_transfer": self.uses_kashflow and may(self.request.user, TRANSFER),
            "page_amount": total(row.amount for row in counted),
            "page_vat": total(row.vat_amount for row in counted),
            "segments": self.segments(),
            "tick_all_url": self.address(tick="all"),
            "as_of": as_of.of_all() if self.uses_kashflow else None,
        }

    def context(self, rows: QuerySet[Invoice], wanted: dict[str, Any]) -> dict[str, Any]:
        return {
            **sidebar(
                self.choice,
                choice.invoiced(self.choice),
                url_name="invoicing:invoiced",
                keep=[(name, str(value)) for name, value in wanted.items() if name != "batch"],
                none="No issue now on sale has an invoice yet.",
                unchosen="all",
            ),
            "tabs": tabs(INVOICED, self.choice, uses_kashflow=self.uses_kashflow),
            "batch": Batch.objects.select_related("by").filter(pk=wanted["batch"]).first()
            if "batch" in wanted
            else None,
            "preset": self.preset(),
            "keep": self.choice.pairs,
        }

    def preset(self) -> dict[str, int] | None:
        """What the page ticks: all that match, where it was asked to, and what a refused press leaves as it was."""
        if self.request.GET.get("tick") == "all":
            return chosen_amounts(self.found)
        ids = self.request.session.pop(STILL_TICKED, None)
        return chosen_amounts(Invoice.objects.filter(pk__in=ids)) if ids else None

    def segments(self) -> list[dict[str, Any]]:
        """The views of this list, with how many each would show; what needs a look only where something does."""
        asked = self.request.GET.get("show", "")
        labels = {"": "All", "not_transferred": "Not transferred", "unpaid": "Unpaid"}
        if not self.uses_kashflow:
            del labels["not_transferred"]
        found = _counted(self.before_segment)
        if asked == "look" or found["look"].number:
            labels["look"] = "Payment needs a look"
        return [
            {
                "label": label,
                "url": self.address(show=key) if key else self._without_show(),
                "count": found.get(key),
                "active": key == asked,
            }
            for key, label in labels.items()
        ]

    def _without_show(self) -> str:
        asked = self.request.GET.copy()
        for name in ("show", "after", "before", "first", "tick"):
            asked.pop(name, None)
        return f"{self.request.path}?{asked.urlencode()}"


class InvoiceDetail(Verb):
    """One document: lines, totals, its way to KashFlow; opened in a list, the inside of its row alone."""

    verb = "invoicing.view_invoices"

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        invoice: Any = get_object_or_404(
            Invoice.objects.select_related("payer", "by", "batch", "credits", "cancelled_by"), number=number
        )
        with_states([invoice])
        uses_kashflow = SystemDefaults.current().uses_kashflow
        lines = invoice.lines.select_related("issue__publication", "client", "account_code", "product_code")
        told, tried = story(invoice), list(history(invoice))
        context = {
            "invoice": invoice,
            "lines": lines,
            "title": f"{invoice.get_kind_display()} {invoice.number}",
            "badges": [{"word": "Cancelled", "icon": "circle-x"}] if invoice.paid_key == "cancelled" else [],
            **corrected(invoice, request.user),
            "story": told,
            "there": there(invoice, told, tried),
            "raised_again": raised_again_as(invoice),
            "in_place_of": raised_in_place_of(invoice),
            "facts": f"{invoice.company_name} · raised by {invoice.by.name}, {moment(invoice.raised_at)}",
            **paid(invoice, uses_kashflow=uses_kashflow, by=request.user),
            "transfer": invoice.transfer,
            "cause": causes.of_transfer(invoice.transfer) if invoice.transfer else None,
            "history": tried,
            "asked": who_asked(invoice.transfer),
            "uses_kashflow": uses_kashflow,
            "may_transfer": uses_kashflow and may(request.user, TRANSFER) and can_be_sent(invoice),
        }
        in_row = is_partial(request)
        return render(request, "invoicing/_invoice_row.html" if in_row else "invoicing/invoice.html", context)


def corrected(invoice: Any, by: Any) -> dict[str, Any]:
    """What was taken back of an invoice, how far that is in KashFlow, and what may still be done."""
    is_raised = invoice.state == Invoice.State.RAISED
    is_invoice = invoice.kind == Invoice.Kind.INVOICE
    notes = with_states(list(credits.of_invoice(invoice)))
    for note in notes:
        note.standing_key = next((key for key in _keys(note) if key in UNDER_WAY), note.paid_key)
    return {
        "credit_notes": notes,
        "left_to_set_off": ZERO if invoice.set_off_key == "set_off" else invoice.paid_amount - invoice.total,
        "may_cancel": is_raised and not is_kept(invoice) and may(by, "invoicing.cancel_invoice"),
        "may_credit": is_raised and is_invoice and may(by, "invoicing.raise_credit_note"),
    }


def _keys(note: Any) -> tuple[str, str]:
    return note.transfer_key, note.set_off_key


def is_kept(invoice: Any) -> bool:
    """Whether it is a credit note that is not cancelled any more: it voids, or KashFlow has it or may have it."""
    sent = invoice.transfer is not None and stopping.may_be_there(invoice.transfer)
    return invoice.is_voiding or (invoice.kind == CREDIT_NOTE and sent and invoice.payment_flag not in GONE)


def there(invoice: Any, told: Story, tried: Iterable[TransferAttempt]) -> dict[str, str]:
    """Key and word of how a document stands in KashFlow: what was deleted or voided there is not in it any more."""
    if invoice.state == CANCELLED and invoice.transfer_key == "in_kashflow":
        if told.is_done:
            return {"key": "cancelled", "word": "Voided"}
        if invoice.payment_flag in GONE or any(attempt.outcome == "gone" for attempt in tried):
            return {"key": "cancelled", "word": "Gone"}
    return {"key": invoice.there_key, "word": invoice.there_word}


def balance(invoice: Invoice) -> Decimal:
    """Pounds of an invoice that are still owed; nothing of a cancelled one."""
    if invoice.state == CANCELLED:
        return ZERO
    return invoice.total - invoice.paid_amount - credits.not_in_paid(invoice)


def history(invoice: Invoice) -> QuerySet[TransferAttempt]:
    """What happened to all errands of a document in the current account, newest first."""
    errands = Transfer.objects.filter(invoice=invoice, ledger_account__is_current=True)
    return TransferAttempt.objects.filter(transfer__in=errands).select_related("by")


def paid(invoice: Any, *, uses_kashflow: bool, by: Any) -> dict[str, Any]:
    """What `invoicing/_payments.html` shows of a document that `with_states` has been at."""
    owed = balance(invoice)
    is_raised = invoice.state == Invoice.State.RAISED and invoice.kind == Invoice.Kind.INVOICE
    came_in = max(credits.came_in(invoice), ZERO)
    return {
        "balance": owed,
        "balance_shown": abs(owed),
        "came_in": came_in,
        # Of a raised one what makes the rest add up: a credit note may be set off against another invoice.
        "credited": invoice.total - came_in - owed if is_raised else credits.credited_amount(invoice),
        "payments": shown.payments(invoice, uses_kashflow=uses_kashflow),
        "as_of": as_of.of_invoice(invoice, invoice.transfer),
        "is_kept": invoice.payment_flag not in shown.BELIEVED,
        "may_record": is_raised and may(by, "invoicing.record_payment"),
    }


def matching(rows: QuerySet[Invoice], words: str) -> QuerySet[Invoice]:
    """By number where it is one, whatever is chosen at the left; else every word in the company's name."""
    if words.isdecimal() and len(words) <= 10:
        return Invoice.objects.filter(number=int(words)).only(*COLUMNS)
    for word in words.split():
        rows = rows.filter(company_name__icontains=word)
    return rows


def _not_transferred(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    here = Subquery(LedgerAccount.objects.filter(is_current=True).values("pk")[:1])
    # Ranges of an index, where "is not" would read the whole table.
    elsewhere = Q(wanted_in=None) | Q(wanted_in__lt=here) | Q(wanted_in__gt=here)
    return rows.filter(elsewhere, state=Invoice.State.RAISED)


def _unpaid(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return rows.filter(Q(paid_state__in=NOT_PAID), state=Invoice.State.RAISED, kind=Invoice.Kind.INVOICE)


SEGMENTS = {"not_transferred": _not_transferred, "unpaid": _unpaid, "look": shown.to_look_at}


def _counted(rows: QuerySet[Invoice]) -> dict[str, Count]:
    """How many of `rows` each view would show, in one query."""
    try:
        return counts(**{key: narrowed(rows) for key, narrowed in SEGMENTS.items()})
    except EmptyResultSet:
        # A number that no invoice can have was searched for.
        return dict.fromkeys(SEGMENTS, Count(0))


def with_states(rows: list[Any]) -> list[Any]:
    """Adds to each row how far it is to KashFlow and whether it is paid, as keys of `look.STATES`."""
    errands = Transfer.objects.filter(invoice__in=rows, ledger_account__is_current=True)
    by_kind = {(errand.invoice_id, errand.kind): errand for errand in errands}
    credited = _numbers(row.credits_id for row in rows if row.credits_id)
    for row in rows:
        transfer = by_kind.get((row.pk, Transfer.Kind.CREATE))
        row.transfer_key = WORD_OF[State(transfer.state)] if transfer else "not_transferred"
        row.transfer = transfer
        row.there_key, row.there_word = _there(row, by_kind.get((row.pk, Transfer.Kind.DELETE)))
        row.set_off = by_kind.get((row.pk, Transfer.Kind.APPLY))
        row.set_off_key = _set_off_key(row)
        row.credits_number = credited.get(row.credits_id)
        row.paid_key = _paid_key(row)
        row.pence = to_pence(row.total)
    return rows


def _there(row: Any, deletion: Transfer | None) -> tuple[str, str]:
    """How far it is to KashFlow, and in other words where KashFlow has it no more; "" as the key has it."""
    if row.transfer_key == "in_kashflow":
        if deletion and deletion.state == State.VERIFIED:
            return "cancelled", "Voided"
        if row.payment_flag in GONE and row.state == Invoice.State.RAISED:
            return "needs_you", "Gone"
    return row.transfer_key, ""


def _set_off_key(row: Any) -> str:
    if row.set_off is None or (row.set_off.state == State.VERIFIED and row.payment_flag in GONE):
        return ""
    return "set_off" if row.set_off.state == State.VERIFIED else WORD_OF[State(row.set_off.state)]


def _numbers(ids: Iterable[int]) -> dict[int, int]:
    wanted = set(ids)
    return dict(Invoice.objects.filter(pk__in=wanted).values_list("pk", "number")) if wanted else {}


def _paid_key(row: Any) -> str:
    if row.state == CANCELLED:
        return "cancelled"
    if row.kind == CREDIT_NOTE:
        return row.set_off_key if row.set_off_key in SAID_OF_NOTE else "credit_note"
    return PAID_KEYS[row.paid_state]


def chosen_amounts(rows: QuerySet[Invoice]) -> dict[str, int]:
    """What *Select all that match* ticks: pence by id, without cancelled ones, up to COUNT_LIMIT."""
    found = (
        rows.filter(state=Invoice.State.RAISED).order_by("-number").values_list("pk", "total")[:COUNT_LIMIT]
    )
    return {str(pk): to_pence(amount) for pk, amount in found}


def can_be_sent(invoice: Any) -> bool:
    """Whether pressing *Transfer to KashFlow* on this document would do anything."""
    return invoice.transfer is None and invoice.state == Invoice.State.RAISED
