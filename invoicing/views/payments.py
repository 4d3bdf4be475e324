"""Payments: recording one, removing one, the two buttons of Settings › KashFlow, and one client's *as of*."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from clients.models import Client
from invoicing import credits, payments, tasks
from invoicing.forms import PaymentForm, RemovePaymentForm
from invoicing.models import Invoice, Payment
from invoicing.paid_status import as_of, refreshing, runs
from invoicing.transfer import payments as sending
from invoicing.transfer import services
from kashflow.answer import anchor_of
from kashflow.connections import current_account
from kashflow.views import StartSync
from magmanager.common.errors import DomainError, NotAllowed
from magmanager.common.models import Run
from magmanager.common.money import ZERO
from magmanager.common.templatetags.formats import pounds
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from magmanager.common.wake import wake
from settings_app.models import SystemDefaults


class PaymentRecord(Verb):
    """A payment received for one invoice, with the balance filled in."""

    verb = payments.VERB

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        invoice = self._invoice(number)
        return self._page(invoice, PaymentForm(invoice=invoice, account=_account()))

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        invoice = self._invoice(number)
        form = PaymentForm(request.POST, invoice=invoice, account=_account())
        if form.is_valid():
            with refusals(form):
                payment = payments.record_payment(by=self.by, invoice=invoice, **form.cleaned_data)
                toast(request, f"£{payment.amount:,.2f} recorded on invoice {number}.")
                return redirect("invoicing:invoice", number)
        return self._page(invoice, form)

    def _invoice(self, number: int) -> Invoice:
        return get_object_or_404(Invoice.objects.select_related("payer"), number=number)

    def _page(self, invoice: Invoice, form: PaymentForm) -> HttpResponse:
        uses = SystemDefaults.current().uses_kashflow
        context = {"form": form, "uses_kashflow": uses, **_about(invoice)}
        return render(
            self.request, "invoicing/payment_record.html", context, status=422 if form.errors else 200
        )


class PaymentRemove(Verb):
    """Asks for the reason, then takes a payment back that was recorded by mistake."""

    verb = payments.VERB

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(self._payment(pk), RemovePaymentForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        payment, form = self._payment(pk), RemovePaymentForm(request.POST)
        if form.is_valid():
            with refusals(form):
                payments.remove_payment(by=self.by, payment=payment, **form.cleaned_data)
                toast(request, f"£{payment.amount:,.2f} removed from invoice {payment.invoice.number}.")
                return redirect("invoicing:invoice", payment.invoice.number)
        return self._page(payment, form)

    def _payment(self, pk: int) -> Payment:
        return get_object_or_404(Payment.objects.select_related("invoice", "method"), pk=pk)

    def _page(self, payment: Payment, form: RemovePaymentForm) -> HttpResponse:
        context = {"payment": payment, "form": form, **_about(payment.invoice)}
        return render(
            self.request, "invoicing/payment_remove.html", context, status=422 if form.errors else 200
        )


class UpdatePaidStatus(StartSync):
    """The button *Update Invoice Paid Status*."""

    verb = runs.VERB
    start = staticmethod(runs.update_paid_status)

    def wake(self, run: Run) -> None:
        wake(tasks.update_paid_status, run.pk)


class TransferPayments(StartSync):
    """The button *Transfer Payments*."""

    verb = sending.VERB
    start = staticmethod(sending.transfer_payments)

    def wake(self, run: Run) -> None:
        if account_id := services.account_of(run):
            wake(tasks.work, account_id)


class ClientPaidStatus(Verb):
    """One client's *as of*, for the Financial tab: a post asks KashFlow, a get says how far that is.

    Whoever pays now is asked about, and the client itself where it paid before it had an agency. Once the answers are
    in, the header `HX-Trigger: paid-status` tells the tab to show its rows anew.
    """

    verb = refreshing.VERB

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = get_object_or_404(Client, pk=pk)
        answer = render(request, "invoicing/_paid_as_of.html", paid_context(client))
        if not _is_asking(client):
            answer["HX-Trigger"] = "paid-status"
        return answer

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = get_object_or_404(Client, pk=pk)
        refused = None
        try:
            readings = [refreshing.refresh_client(by=self.by, client=payer) for payer in _payers(client)]
        except NotAllowed:
            raise
        except DomainError as error:
            readings, refused = [], error
        for reading in readings:
            if reading and reading.wanted_at:
                wake(tasks.refresh_client, reading.pk)
        context = {**paid_context(client), "refused": refused}
        return render(request, "invoicing/_paid_as_of.html", context)


def paid_context(client: Client, *, asks: bool = False) -> dict[str, Any]:
    """What `invoicing/_paid_as_of.html` needs; a page that `asks` has KashFlow asked once it is there."""
    uses = SystemDefaults.current().uses_kashflow
    readings = [(payer, refreshing.reading_of(payer)) for payer in _payers(client)]
    asked = [one for one in readings if not (one[1] and refreshing.found_nothing_to_ask(one[1]))]
    moments = [as_of.of_client(payer) if uses else None for payer, _ in asked]
    failed = next((one for _, one in asked if one and one.cause), None)
    return {
        "paid_url": reverse("invoicing:client_paid_status", args=[client.pk]),
        # The older one is true of all that is listed.
        "as_of": None if None in moments else min(filter(None, moments), default=None),
        "asks": asks and uses,
        "is_asking": uses and any(one.wanted_at for _, one in asked if one),
        "cause": failed.cause if uses and failed else "",
        "nothing_there": not asked and not asks,
        "help_anchor": anchor_of(failed.cause_code) if failed else "",
        "uses_kashflow": uses,
    }


def _about(invoice: Invoice) -> dict[str, Any]:
    """The head of a page about a payment: whose invoice it is, what it comes to, and what is owed of it."""
    owed = pounds(max(invoice.total - invoice.paid_amount - credits.not_in_paid(invoice), ZERO))
    return {
        "invoice": invoice,
        "back_label": f"Invoice {invoice.number}",
        "facts": f"{invoice.company_name} · {owed} owed of {pounds(invoice.total)}",
    }


def _is_asking(client: Client) -> bool:
    readings = map(refreshing.reading_of, _payers(client))
    return any(one and one.wanted_at for one in readings)


def _payers(client: Client) -> list[Client]:
    """Who paid or pays for the documents that its Financial tab lists: its agency now, itself before that."""
    if client.agency_id and Invoice.objects.filter(payer=client).exists():
        return [client.payer, client]
    return [client.payer]


def _account() -> Any:
    return current_account() if SystemDefaults.current().uses_kashflow else None
