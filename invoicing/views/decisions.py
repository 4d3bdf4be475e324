"""The acts of the Transfer desk: recheck, retry, link, cancel and raise again, do not send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from invoicing import forms, tasks
from invoicing.cancelling import raise_again
from invoicing.desk_rows import of_current_account, one_of
from invoicing.models import Transfer
from invoicing.transfer import desk
from invoicing.views.desk import TransferDetail
from kashflow.connections import current_account
from magmanager.common.errors import DomainError, NotAllowed
from magmanager.common.models import Run
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from magmanager.common.wake import wake
from settings_app import recent


class Act(TransferDetail):
    """An act on one transfer; a refusal shows it anew with the reason, and with what was typed."""

    http_method_names = ["post"]
    said = ""

    def post(self, request: HttpRequest, transfer_id: UUID) -> HttpResponse:
        self.opened = one_of(transfer_id)
        self.form = forms.DecisionForm(request.POST, act=self.verb.partition(".")[2])
        if self.form.is_valid():
            with refusals(self.form):
                return self._done(self.act(self.opened, self.form.cleaned_data))
        self.opened = one_of(transfer_id)
        response = super(TransferDetail, self).get(request)
        response.status_code = 409 if self.form.non_field_errors() else 200
        return response

    def _done(self, where: HttpResponse) -> HttpResponse:
        _wake_lanes()
        number = self.opened.invoice.number if self.opened else ""
        toast(self.request, self.said.format(number=number))
        return where

    def act(self, transfer: Transfer, typed: dict[str, Any]) -> HttpResponse:
        """Does it, and says where to go. Raises DomainError."""
        raise NotImplementedError


class TransferRecheck(Act):
    """Looks for it in KashFlow again."""

    verb = desk.RECHECK
    said = "{number} is looked for in KashFlow again"

    def act(self, transfer: Transfer, typed: dict[str, Any]) -> HttpResponse:
        desk.recheck(by=self.by, transfer=transfer)
        return redirect("invoicing:transfer_detail", transfer.pk)


class TransferRetry(Act):
    """Makes one that waits due at once."""

    verb = desk.RETRY
    said = "{number} is tried again now"

    def act(self, transfer: Transfer, typed: dict[str, Any]) -> HttpResponse:
        desk.retry(by=self.by, transfer=transfer)
        return redirect("invoicing:transfer_detail", transfer.pk)


class TransferAdopt(Act):
    """Link, and keep both numbers: KashFlow's document is this invoice."""

    verb = desk.ADOPT
    said = "{number} is linked; it is read once more"

    def act(self, transfer: Transfer, typed: dict[str, Any]) -> HttpResponse:
        recent.demand(self.request)
        run = desk.adopt(
            by=self.by,
            transfer=transfer,
            dbid=typed["document"] or 0,
            seen=typed["seen"],
            reason=typed["reason"],
        )
        if run is None:
            self.said = "The link of {number} waits for a second person"
        return redirect("invoicing:transfer_detail", transfer.pk)


class TransferRaiseAgain(Act):
    """Cancels the invoice and raises its lines under the next number."""

    verb = "invoicing.raise_again"
    said = "{number} is cancelled and raised again"

    def act(self, transfer: Transfer, typed: dict[str, Any]) -> HttpResponse:
        new = raise_again(by=self.by, invoice=transfer.invoice, reason=typed["reason"])
        self.said = f"{{number}} is cancelled and raised again as {new.number}"
        sent = of_current_account().documents().filter(invoice=new).first()
        return (
            redirect("invoicing:transfer_detail", sent.pk)
            if sent
            else redirect("invoicing:invoice", new.number)
        )


class TransferDoNotSend(Act):
    """Keeps it here alone."""

    verb = desk.DO_NOT_SEND
    said = "{number} is not sent"

    def act(self, transfer: Transfer, typed: dict[str, Any]) -> HttpResponse:
        desk.do_not_send(by=self.by, transfer=transfer, reason=typed["reason"])
        return redirect("invoicing:transfer_detail", transfer.pk)


class TransfersRecheck(Verb):
    """Looks again for all that need somebody for one cause."""

    verb = desk.RECHECK
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        cause = request.POST.get("cause", "")[:40]
        return _run_of(
            request, lambda: desk.recheck_all(by=self.by, cause=cause), show="needs_you", cause=cause
        )


class TransfersRetry(Verb):
    """Makes everything that waits after a failure due at once."""

    verb = desk.RETRY
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        return _run_of(request, lambda: desk.retry_all(by=self.by), show="waiting")


def _run_of(request: HttpRequest, act: Callable[[], Run], **rows: str) -> HttpResponse:
    """Opens the run that `act` began; a refusal is a toast on the desk, where the rows are that it was for."""
    try:
        run = act()
    except NotAllowed:
        raise
    except DomainError as error:
        label = error.link_label or ("My Details" if error.link else "")
        toast(request, error.message, level=messages.ERROR, action=label, url=error.link)
        return redirect(f"{reverse('invoicing:transfers')}?{urlencode(rows)}")
    _wake_lanes()
    return redirect("invoicing:run", run.pk)


def _wake_lanes() -> None:
    account = current_account()
    if account is not None:
        wake(tasks.work, account.pk)
