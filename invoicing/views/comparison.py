"""Our books beside KashFlow's: the differences of the latest comparison, each with its next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from invoicing import tasks
from invoicing.comparison import services
from invoicing.models import Invoice, LedgerDifference, Payment, Transfer
from invoicing.tabs import COMPARISON, tabs
from invoicing.transfer.states import State
from kashflow import reads
from magmanager.common.exports import csv_response
from magmanager.common.toasts import refusal_as_toast
from magmanager.common.views import FilteredList, Verb, is_partial
from magmanager.common.wake import wake
from magmanager.common.widgets import SearchInput
from settings_app import audit
from settings_app.models import SystemDefaults

Kind = LedgerDifference.Kind
PAGE = "invoicing:comparison"
HEAD = ("Number", "Difference", "Company", "What", "What to do")
VOIDED, SET_OFF = "Open it to see how far its voiding is.", "Open it to see how far setting it off is."
STEPS = {
    Kind.MISSING: "Open it: transfer it, or see why it waits.",
    Kind.DELETED: "If it was meant, cancel it here; else bring it back in KashFlow.",
    Kind.EDITED: "Put it right in KashFlow, or credit it here.",
    Kind.PENNY: "Put the penny right in KashFlow.",
    Kind.EXTRA: "Look at the document in KashFlow.",
}
ICONS = {Kind.PAID: "cash", Kind.EXTRA: "file-plus", Kind.DELETED: "trash"}


class Step(NamedTuple):
    """What to do about a difference, and the page where it is done ("" where that is KashFlow)."""

    words: str
    url: str = ""


def next_step(one: LedgerDifference) -> Step:
    """The next step for one of `differences()`."""
    ours, kind = one.invoice, Kind(one.kind)
    page = reverse("invoicing:invoice", args=[ours.number]) if ours else ""
    if kind == Kind.PAID:
        return _settled_differently(one, page)
    if ours and kind == Kind.DELETED and ours.credits:
        return _deleted_note(ours, ours.credits, page)
    if ours and kind == Kind.EXTRA and ours.state == Invoice.State.CANCELLED:
        return Step(f"{VOIDED} If nothing is under way, set it off or delete it in KashFlow.", page)
    return Step(STEPS[kind], page)


def _deleted_note(note: Invoice, credited: Invoice, page: str) -> Step:
    if note.is_voiding:
        return Step(f"Delete invoice {credited.number} in KashFlow as well: it is cancelled here.", page)
    cancel = reverse("invoicing:invoice_cancel", args=[note.number])
    return Step("Cancel it here; then credit again what is still to be taken back.", cancel)


def _settled_differently(one: Any, page: str) -> Step:
    if one.invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return Step(f"{SET_OFF} If nothing is under way, set it off in KashFlow.", page)
    if one.has_waiting_payment:
        return Step("Press Transfer Payments.", reverse("kashflow:settings"))
    if one.has_kept_payment:
        return Step("Record its payment in KashFlow, and remove it here: it comes back by itself.", page)
    return Step("Press Update Invoice Paid Status.", reverse("kashflow:settings"))


class ComparisonFilters(forms.Form):
    """The filter bar of the comparison."""

    q = forms.CharField(
        label="Search", required=False, max_length=100, widget=SearchInput("Number or company")
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
    return (
        services.differences()
        .select_related("invoice__credits")
        .annotate(has_waiting_payment=Exists(here.filter(~kept)), has_kept_payment=Exists(here.filter(kept)))
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
        for row in rows:
            row.step, row.icon = next_step(row), ICONS.get(Kind(row.kind), "equal-not")
        return rows

    def page_context(self, rows: QuerySet[Any]) -> dict[str, Any]:
        return {**super().page_context(rows), "latest": services.latest()}

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        uses_kashflow = SystemDefaults.current().uses_kashflow
        counts = dict(rows.order_by().values_list("kind").annotate(Count("pk")))
        return {
            "tabs": tabs(COMPARISON, uses_kashflow=uses_kashflow),
            "uses_kashflow": uses_kashflow,
            "run": reads.last_run(services.KIND),
            "counts": [(kind.label, counts[kind]) for kind in Kind if counts.get(kind)],
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
