"""Taking an invoice back: cancelling it, and raising a credit note."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from invoicing import cancelling, crediting, credits, tasks
from invoicing.cancel_words import consequences, paid_already, still_there
from invoicing.credit_forms import CancelForm, CreditForm
from invoicing.models import Invoice, Transfer
from kashflow.connections import current_account
from magmanager.common.money import ZERO
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from magmanager.common.wake import wake
from settings_app.models import SystemDefaults


class InvoiceCancel(Verb):
    """Asks once more, for a reason, and says before what can't be undone."""

    verb = "invoicing.cancel_invoice"

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        return self.page(request, _invoice(number), CancelForm())

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        invoice, form = _invoice(number), CancelForm(request.POST)
        if form.is_valid():
            with refusals(form):
                cancelling.cancel_invoice(by=self.by, invoice=invoice, reason=form.cleaned_data["reason"])
                wake_lanes()
                toast(request, f"{invoice.get_kind_display()} {number} cancelled.")
                return redirect("invoicing:invoice", number)
        return self.page(request, invoice, form)

    def page(self, request: HttpRequest, invoice: Invoice, form: CancelForm) -> HttpResponse:
        sent = Transfer.objects.documents().filter(invoice=invoice, ledger_account__is_current=True)
        transfer = sent.select_related("ledger_account").first()
        known = transfer if SystemDefaults.current().uses_kashflow else None
        return render(request, "invoicing/invoice_cancel.html", {
            "invoice": invoice,
            "form": form,
            "noun": invoice.get_kind_display().lower(),
            "lines": consequences(invoice, known),
            "paid_already": paid_already(invoice, known),
            "still_there": still_there(invoice, known),
            "taken_back": -invoice.total,
        })  # fmt: skip


class CreditNoteRaise(Verb):
    """Which lines are taken back and how much of each; htmx asks for the total of the same page."""

    verb = "invoicing.raise_credit_note"

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        invoice = _invoice(number)
        return self.page(request, invoice, _form(invoice, request.GET or None))

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        invoice = _invoice(number)
        form = _form(invoice, request.POST)
        if form.is_valid():
            with refusals(form):
                note = self.raise_credit_note(invoice, form)
                wake_lanes()
                toast(request, f"Credit note {note.number} raised.", detail=f"For invoice {number}")
                return redirect("invoicing:invoice", note.number)
        return self.page(request, invoice, form)

    def raise_credit_note(self, invoice: Invoice, form: CreditForm) -> Invoice:
        return crediting.raise_credit_note(
            by=self.by,
            key=form.cleaned_data["key"],
            invoice=invoice,
            amounts=form.amounts(),
            reason=form.cleaned_data["reason"],
            credit_date=form.cleaned_data["credit_date"],
            expected_total=form.cleaned_data["expected_total"],
        )

    def page(self, request: HttpRequest, invoice: Invoice, form: CreditForm) -> HttpResponse:
        context: dict[str, Any] = {"invoice": invoice, "form": form, "totals": form.totals()}
        is_raised = invoice.state == Invoice.State.RAISED and invoice.kind == Invoice.Kind.INVOICE
        context["why_not"] = "" if is_raised and form.open_ids else _why_not(invoice)
        context["paid"] = max(credits.came_in(invoice), ZERO)
        return render(request, "invoicing/credit_note.html", context)


def wake_lanes() -> None:
    """What was written for KashFlow is taken up once the transaction is committed."""
    account = current_account() if SystemDefaults.current().uses_kashflow else None
    if account is not None:
        wake(tasks.work, account.pk)


def _invoice(number: int) -> Invoice:
    return get_object_or_404(Invoice.objects.select_related("payer", "credits"), number=number)


def _form(invoice: Invoice, data: Any) -> CreditForm:
    lines = invoice.lines.select_related("issue__publication")
    return CreditForm(data, lines=list(lines), not_before=invoice.invoice_date)


def _why_not(invoice: Invoice) -> str:
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return f"{invoice.number} is a credit note itself. Raise an invoice instead."
    if invoice.state == Invoice.State.CANCELLED:
        return f"Invoice {invoice.number} is cancelled, so nothing of it is left to credit."
    return f"Invoice {invoice.number} is credited in whole already."
