"""Our books beside KashFlow's: the differences of the latest comparison, each with its next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from invoicing import causes, tasks
from invoicing.comparison import services
from invoicing.models import Invoice, LedgerDifference, NumberCounter, Payment, Transfer
from invoicing.tabs import COMPARISON, tabs
from invoicing.transfer.states import TERMINAL, State
from kashflow import reads
from magmanager.common.exports import csv_response
from magmanager.common.permissions import may
from magmanager.common.toasts import refusal_as_toast
from magmanager.common.views import FilteredList, Verb, is_partial
from magmanager.common.wake import wake
from magmanager.common.widgets import SearchInput
from settings_app import audit
from settings_app.models import SystemDefaults

Kind = LedgerDifference.Kind
PAGE = "invoicing:comparison"
HEAD = ("Number", "Difference", "Company", "What", "What to do")
# Of what the comparison says itself.
NOT_TRANSFERRED, IN_THE_WAY = "Not transferred yet.", "Set the next invoice number"
VOIDED, SET_OFF = "Open it to see how far its voiding is.", "Open it to see how far setting it off is."
STEPS = {
    Kind.MISSING: "Transfer it, or see why it waits.",
    Kind.DELETED: "If it was meant, cancel it here; else bring it back in KashFlow.",
    Kind.EDITED: "Put it right in KashFlow, or credit it here.",
    Kind.PENNY: "Put the penny right in KashFlow.",
}
ICONS = {
    Kind.PAID: "cash",
    Kind.EXTRA: "file-plus",
    Kind.DELETED: "trash",
    Kind.MISSING: "clock",
    Kind.EDITED: "pencil",
    Kind.PENNY: "coin",
}
IN_KASHFLOW = (State.VERIFIED, State.SENT)


class Step(NamedTuple):
    """What to do about a difference, and the page where it is done ("" where that is KashFlow)."""

    words: str
    url: str = ""


def next_step(one: Any, *, may_set_number: bool = False) -> Step:
    """The next step for one of `differences()`; a page is named to who may open it."""
    ours, kind = one.invoice, Kind(one.kind)
    page = reverse("invoicing:invoice", args=[ours.number]) if ours else ""
    if kind == Kind.PAID:
        return _settled_differently(one, page)
    if ours and kind == Kind.DELETED and ours.credits:
        return _deleted_note(ours, ours.credits, page)
    if ours and kind == Kind.EXTRA and ours.state == Invoice.State.CANCELLED:
        return Step(f"{VOIDED} If nothing is under way, set it off or delete it in KashFlow.", page)
    if kind == Kind.EXTRA:
        return _only_there(one, may_set_number=may_set_number)
    if kind == Kind.MISSING and one.waiting_transfer:
        return Step("See on the Transfers page what it waits for.", _on_the_desk(one.waiting_transfer))
    return Step(STEPS[kind], page)


def _only_there(one: Any, *, may_set_number: bool) -> Step:
    """Where one of ours stands in its way, that decides; else KashFlow is looked at, and it says what for."""
    if one.own_state in IN_KASHFLOW:
        return Step("Look for that number in KashFlow, and delete the copy that is too much.")
    if one.waiting_transfer:
        words = f"Decide on the Transfers page what becomes of our {one.number}."
        return Step(words, _on_the_desk(one.waiting_transfer))
    if one.invoice and not one.own_state:
        page = reverse("invoicing:invoice", args=[one.number])
        return Step("Transfer it: what is there already is found, and not sent again.", page)
    if not one.invoice and IN_THE_WAY in one.what and one.number >= (one.next_number or 0):
        words = f"set the next invoice number above {one.number} in Company Details."
        if not may_set_number:
            return Step(f"Ask an admin to {words}")
        return Step(f"{words[0].upper()}{words[1:]}", reverse("settings:company"))
    words = f"In KashFlow look for number {one.number}" + (f" of {one.company}" if one.company else "")
    return Step(f"{words}, and see whether it is meant.")


def _on_the_desk(transfer_id: Any) -> str:
    return reverse("invoicing:transfer_detail", args=[transfer_id])


def _deleted_note(note: Invoice, credited: Invoice, page: str) -> Step:
    if note.is_voiding:
        return Step(f"Delete invoice {credited.number} in KashFlow as well: it is cancelled here.", page)
    cancel = reverse("invoicing:invoice_cancel", args=[note.number])
    return Step("Cancel it here; then credit again what is still to be taken back.", cancel)


def _settled_differently(one: Any, page: str) -> Step:
    if one.invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return Step(f"{SET_OFF} If nothing is under way, press Update Invoice Paid Status.", page)
    if one.has_waiting_payment:
        return Step("Press Transfer Payments.", reverse("kashflow:settings"))
    if one.has_kept_payment:
        return Step("Record its payment in KashFlow, and remove it here: it comes back by itself.", page)
    return Step("Press Update Invoice Paid Status.", reverse("kashflow:settings"))


class ComparisonFilters(forms.Form):
    """The filter bar of the comparison."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=100,
        widget=SearchInput("Number or company", attrs={"autofocus": True}),
    )
    kind = forms.ChoiceField(choices=[("", "Any difference"), *Kind.choices], required=False)


def narrowed(rows: QuerySet[LedgerDifference], wanted: dict[str, Any]) -> QuerySet[LedgerDifference]:
    """The differences that pass the filters."""
    if "kind" in wanted:
        rows = rows.filter(kind=wanted["kind"])
    for word in wanted.get("q", "").split():
        is_number = Q(number=int(word)) if word.isdecimal() and len(word) < 10 else Q()
        rows = rows.filter(
            Q(company__icontains=word) | is_number if is_number else Q(company__icontains=word)
        )
    return rows


def differences() -> QuerySet[LedgerDifference]:
    """Those of the latest comparison with a result, with what their next step depends on."""
    here = Payment.objects.filter(invoice=OuterRef("invoice")).counted_here()
    kept = Exists(Transfer.objects.filter(payment=OuterRef("pk"), state=State.DO_NOT_SEND))
    sent = Transfer.objects.filter(ledger_account__is_current=True)
    # By its number: what KashFlow made itself belongs to no invoice of ours, and may be in one's way.
    waiting = sent.documents().filter(invoice__number=OuterRef("number")).exclude(state__in=TERMINAL)
    return (
        services.differences()
        .select_related("invoice__credits")
        .annotate(
            has_waiting_payment=Exists(here.filter(~kept)),
            has_kept_payment=Exists(here.filter(kept)),
            own_state=Subquery(sent.documents().filter(invoice=OuterRef("invoice")).values("state")[:1]),
            waiting_transfer=Subquery(waiting.values("pk")[:1]),
            next_number=Subquery(NumberCounter.objects.values("next_number")[:1]),
        )
    )


class Comparison(FilteredList):
    """The page; while a comparison runs it asks again by itself."""

    verb = services.VERB
    template_name = "invoicing/comparison.html"
    table_template_name = "invoicing/_comparison_table.html"
    filter_form = ComparisonFilters
    order: ClassVar[tuple[str, ...]] = ("id",)
    noun = ("difference", "differences")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if is_partial(request) and "progress" in request.GET:
            return self._progress()
        return super().get(request, **kwargs)

    def _progress(self) -> HttpResponse:
        """The panel while the run goes on; the whole page once it is over."""
        run = reads.last_run(services.KIND)
        if run and not run.is_over:
            return render(self.request, "invoicing/_comparison_run.html", {"run": run})
        whole = HttpResponse()
        whole["HX-Redirect"] = reverse(PAGE)
        return whole

    def rows(self) -> QuerySet[LedgerDifference]:
        return differences()

    def narrow(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
        return narrowed(rows, wanted)

    def decorate(self, rows: list[Any]) -> list[Any]:
        may_set_number = may(self.request.user, "settings_app.change_company")
        for row in rows:
            row.step = next_step(row, may_set_number=may_set_number)
            row.icon = ICONS[Kind(row.kind)]
        return rows

    def page_context(self, rows: QuerySet[Any]) -> dict[str, Any]:
        run = reads.last_run(services.KIND)
        is_running = run is not None and not run.is_over
        return {
            **super().page_context(rows),
            "latest": services.latest(),
            "run": run,
            "is_running": is_running,
            "mended_at": causes.page_of(run.cause) if run and run.cause else None,
        }

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        uses_kashflow = SystemDefaults.current().uses_kashflow
        missing = rows.filter(kind=Kind.MISSING, what=NOT_TRANSFERRED)
        return {
            "tabs": tabs(COMPARISON, uses_kashflow=uses_kashflow),
            "uses_kashflow": uses_kashflow,
            "not_transferred": missing.count(),
            "asked": self.request.GET.urlencode(),
        }


class LedgersCompare(Verb):
    """*Compare now*: makes the run and wakes a worker."""

    verb = services.VERB
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        with refusal_as_toast(request):
            run = services.compare_ledgers(by=self.by)
            wake(tasks.compare, run.pk)
        return redirect(PAGE)


class ComparisonExport(Verb):
    """*Export CSV*: the list as it is filtered; that it left the house is in the audit log."""

    verb = services.VERB
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ComparisonFilters(request.GET)
        form.is_valid()
        wanted = {name: value for name, value in form.cleaned_data.items() if value}
        audit.record("comparison.exported", self.by, by=self.by, after=dict(wanted))
        return csv_response("kashflow-comparison", HEAD, _cells(narrowed(differences(), wanted)))


def _cells(rows: QuerySet[LedgerDifference]) -> Iterator[tuple[Any, ...]]:
    for one in rows.iterator(chunk_size=1_000):
        yield one.number, one.get_kind_display(), one.company, one.what, next_step(one).words
