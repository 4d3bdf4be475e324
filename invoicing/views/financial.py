"""The Financial tab of a client: its documents, what can be invoiced, and its statement."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from clients.header import header
from clients.models import Client
from invoicing import credits, financial, picking
from invoicing.models import Invoice
from invoicing.paid_status import as_of
from invoicing.statement import HEAD, Statement, statement
from invoicing.views.invoices import with_states
from invoicing.views.payments import paid_context
from magmanager.common.exports import csv_response
from magmanager.common.money import total
from magmanager.common.permissions import may
from magmanager.common.views import FilteredList, Verb
from settings_app import audit
from settings_app.models import CompanyDetails, SystemDefaults

TAB = "Financial"
CLIENTS = Client.objects.select_related("agency", "salesperson")
COLUMNS = (
    "number", "kind", "invoice_date", "due_on", "item_count", "total", "paid_amount", "paid_state", "state",
    "payer_id", "cancelled_reason", "credits", "is_voiding", "payment_flag", "paid_as_of",
)  # fmt: skip
# Bookings in the panel; Create invoice lists the others.
READY = 8
# The latest payments are looked for among the invoices for which something came in last.
LATEST, LATEST_OF = 4, 20
RAISE = "invoicing.raise_invoice"
CREDIT = "invoicing.raise_credit_note"
SEGMENTS = (
    ("Invoices", "invoicing:client"),
    ("Payments", "invoicing:client_payments"),
    ("Statement", "invoicing:client_statement"),
)


class PeriodForm(forms.Form):
    """How far back the list goes."""

    period = forms.ChoiceField(label="Show", required=False, choices=[("", "Last 12 months"), ("all", "All")])
    # The list as *Credit note* opens it: each number leads to the credit note over that invoice.
    choose = forms.ChoiceField(required=False, widget=forms.HiddenInput, choices=[("credit", "Credit note")])


class SinceForm(forms.Form):
    """Which open documents a statement lists one by one."""

    since = forms.TypedChoiceField(
        label="Period",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "All that is open"), ("3", "Last 3 months"), ("12", "Last 12 months")],
    )


class Financial(FilteredList):
    """The documents of a client, newest first; a list with a transfer under way looks again by itself."""

    verb = "invoicing.view_invoices"
    template_name = "invoicing/financial.html"
    table_template_name = "invoicing/_financial_results.html"
    filter_form = PeriodForm
    order = ("-number",)
    noun = ("invoice", "invoices")

    def rows(self) -> QuerySet[Invoice]:
        self.client = get_object_or_404(CLIENTS, pk=self.kwargs["pk"])
        self.today = timezone.localdate()
        self.uses_kashflow = SystemDefaults.current().uses_kashflow
        return financial.documents_of(self.client).only(*COLUMNS).annotate(came_in=credits.received())

    def narrow(self, rows: QuerySet[Invoice], wanted: dict[str, Any]) -> QuerySet[Invoice]:
        if "period" in wanted:
            return rows
        return rows.filter(invoice_date__gt=self.today - financial.A_YEAR)

    def decorate(self, rows: list[Invoice]) -> list[Any]:
        return financial.with_standing(with_states(rows), self.today, uses_kashflow=self.uses_kashflow)

    def page_context(self, rows: QuerySet[Any]) -> dict[str, Any]:
        context = super().page_context(rows)
        return {
            **context,
            "client": self.client,
            "uses_kashflow": self.uses_kashflow,
            "figures": financial.figures(self.client, self.today),
            "latest": self.latest(),
            "ask_again_after": financial.ask_again_after(context["rows"]) if self.uses_kashflow else 0,
            "chooses_credit": self.request.GET.get("choose") == "credit" and may(self.by, CREDIT),
        }

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        ready, more = financial.ready(self.client, self.today, most=READY)
        return {
            **header(self.client, self.by, active=TAB),
            "segments": segments(self.client, "Invoices"),
            **paid_context(self.client, asks=True),
            "ready": ready,
            "ready_more": more,
            "ready_total": total(one.line.total for one in ready if one.is_ticked),
            "may_raise": may(self.by, RAISE),
            "may_credit": may(self.by, CREDIT),
        }

    def latest(self) -> list[financial.Received]:
        """The payments that came in last."""
        rows = financial.with_money(financial.documents_of(self.client).only(*COLUMNS))
        paid = list(financial.latest_first(rows)[:LATEST_OF])
        return financial.received(paid, uses_kashflow=self.uses_kashflow)[:LATEST]


class ClientPayments(Financial):
    """What came in, payment by payment, invoice by invoice."""

    template_name = "invoicing/client_payments.html"
    table_template_name = "invoicing/_client_payments.html"

    def narrow(self, rows: QuerySet[Invoice], wanted: dict[str, Any]) -> QuerySet[Invoice]:
        return financial.with_money(super().narrow(rows, wanted))

    def decorate(self, rows: list[Invoice]) -> list[Any]:
        return financial.received(rows, uses_kashflow=self.uses_kashflow)

    def page_context(self, rows: QuerySet[Any]) -> dict[str, Any]:
        return {
            **FilteredList.page_context(self, rows),
            "client": self.client,
            "uses_kashflow": self.uses_kashflow,
        }

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        return {
            **header(self.client, self.by, active=TAB),
            "segments": segments(self.client, "Payments"),
            **paid_context(self.client),
        }


class ClientStatement(Verb):
    """What a payer owes, to print or send."""

    verb = "invoicing.view_invoices"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = get_object_or_404(CLIENTS, pk=pk)
        form, head = SinceForm(request.GET), header(client, self.by, active=TAB)
        context = {
            **head,
            "segments": segments(client, "Statement"),
            "form": form,
            "statement": None if client.agency_id else _statement(client, form),
            "house": CompanyDetails.current(),
            # There is a card where KashFlow is the package.
            "as_of": as_of.of_client(client) if head["card"] else None,
            "address": picking.payers({pk})[pk].address,
            "export_url": f"{reverse('invoicing:client_statement_export', args=[pk])}?{request.GET.urlencode()}",
        }
        return render(request, "invoicing/statement.html", context)


class ClientStatementExport(Verb):
    """*Export CSV* of a statement; that it left the house is in the audit log."""

    verb = "invoicing.view_invoices"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        client = get_object_or_404(CLIENTS, pk=pk).payer
        made = _statement(client, SinceForm(request.GET))
        audit.record("statement.exported", client, by=self.by, after={"documents": len(made.entries)})
        return csv_response(f"statement-{slugify(client.name) or client.pk}", HEAD, _lines(made))


def segments(client: Client, active: str) -> list[dict[str, Any]]:
    """The views of the tab."""
    return [
        {"label": label, "url": reverse(name, args=[client.pk]), "active": label == active}
        for label, name in SEGMENTS
    ]


def _statement(payer: Client, form: SinceForm) -> Statement:
    today = timezone.localdate()
    months = form.cleaned_data["since"] if form.is_valid() else None
    return statement(payer, today, _months_before(today, months) if months else None)


def _months_before(day: dt.date, months: int) -> dt.date:
    """The first day of the month that many months back."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(years, month + 1, 1)


def _lines(made: Statement) -> Any:
    if made.since:
        yield (made.since.isoformat(), "Brought forward", *[""] * 6, made.brought_forward)
    for entry in made.entries:
        yield entry.cells
