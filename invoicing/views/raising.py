"""Create invoice: bookings ticked and lines typed for one client, looked at, then raised."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render

from clients.models import Client
from invoicing import adhoc, forms, tasks
from invoicing.models import Invoice, Transfer
from invoicing.raise_draft import Draft
from invoicing.transfer.pauses import NO_LOGIN
from invoicing.views.batches import mend
from kashflow.connections import current_account
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from magmanager.common.wake import wake
from settings_app.models import SystemDefaults


class InvoiceRaise(Verb):
    """The invoice as it would be raised. Only the button that names its total raises it; all else shows it anew."""

    verb = "invoicing.raise_invoice"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticked = forms.ids_in(",".join(request.GET.getlist("instalment")))
        return self.page(Draft(self._client(pk), ticked=ticked))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = Draft(self._client(pk), request.POST)
        press = request.POST.get("press", "")
        if press == "mend":
            return self.page(draft, mend(self.by, request.POST, [], draft.client.payer.pk))
        if press == "raise" and draft.is_sound:
            with refusals(draft.form):
                return self.raised(draft)
        return self.page(draft)

    def raised(self, draft: Draft) -> HttpResponseRedirect:
        """Raises what the draft says, wakes the lanes and leads to the tab that lists it."""
        invoice = adhoc.raise_invoice(
            by=self.by,
            key=draft.form.cleaned_data["key"],
            wanted=draft.wanted,
            expected_total=draft.expected_total,
        )
        toast(
            self.request, f"Invoice {invoice.number} raised for £{invoice.total:,.2f}.", detail=_sent(invoice)
        )
        # A line without a booking is its payer's alone.
        return redirect("invoicing:client", draft.client.pk if draft.ticked else invoice.payer_id)

    def page(self, draft: Draft, mended: forms.MendForm | None = None) -> HttpResponse:
        draft.form.is_valid()
        document = draft.document
        bookings, more = draft.bookings
        context: dict[str, Any] = {
            "draft": draft,
            "client": draft.client,
            "payer": draft.client.payer,
            "form": draft.form,
            "lines": draft.lines,
            "bookings": bookings,
            "more": more,
            "document": document,
            "mend": mended or self._mend_form(draft),
        }
        return render(self.request, "invoicing/invoice_raise.html", context)

    def _mend_form(self, draft: Draft) -> forms.MendForm | None:
        document = draft.document
        if document is None or not any(problem.fix == "email" for problem in document.problems):
            return None
        payer = document.payer
        typed = self.request.POST.get(f"email-{payer.id}-email", "")
        return forms.MendForm(fix="email", payer_id=payer.id, payer_name=payer.name, typed=typed)

    def _client(self, pk: int) -> Client:
        return get_object_or_404(Client.objects.select_related("agency"), pk=pk)


def _sent(invoice: Invoice) -> str:
    """Wakes the lanes for what was wanted in KashFlow; what is said of it under the toast."""
    account = current_account() if SystemDefaults.current().uses_kashflow else None
    if account is None:
        return ""
    wake(tasks.work, account.pk)
    if account.paused_reason:
        return f"It waits, because transfers to KashFlow are stopped. {account.paused_reason}"
    if Transfer.objects.filter(invoice=invoice, cause_code=NO_LOGIN).exists():
        return "It goes to KashFlow once a KashFlow login is saved in My Details."
    return "It goes to KashFlow at once."
