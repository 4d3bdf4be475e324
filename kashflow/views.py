"""Settings › KashFlow: the connection, the syncs and the account's defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from kashflow import connections, help, panels, syncs, tasks
from kashflow.account import change_kashflow_settings, resume_account
from kashflow.forms import AccountForm
from kashflow.payment_methods import mapped_counts
from magmanager.common.errors import DomainError, NotAllowed
from magmanager.common.models import Run
from magmanager.common.permissions import allow, may
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from magmanager.common.wake import wake
from settings_app.models import SystemDefaults, User

PAGE = "kashflow:settings"


class KashFlowVerb(Verb):
    """A page of the link; while KashFlow is not the accounts package it only says where to switch it on."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        allow(request.user, self.verb)
        if not SystemDefaults.current().uses_kashflow:
            return render(request, "kashflow/switched_off.html")
        return super().dispatch(request, *args, **kwargs)


class ChangeKashFlowSettings(KashFlowVerb):
    """The page itself; *Save* on its Defaults card changes the account."""

    verb = "kashflow.view_kashflow"

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.htmx:  # type: ignore[attr-defined]
            asked = request.GET.get("live", "").split(",")
            return render(request, "kashflow/_sync_poll.html", panels.sync_card(self.by, asked))
        account = connections.current_account()
        return self._page(AccountForm(instance=account) if account else None)

    def post(self, request: HttpRequest) -> HttpResponse:
        allow(self.by, "kashflow.change_kashflow_settings")
        account = connections.current_account()
        if account is None:
            return redirect(PAGE)
        form = AccountForm(request.POST, instance=account)
        if form.is_valid():
            with refusals(form):
                change_kashflow_settings(by=self.by, account=account, values=form.cleaned_data)
                toast(request, "KashFlow defaults saved.")
                return redirect(PAGE)
        return self._page(form)

    def _page(self, form: AccountForm | None) -> HttpResponse:
        by = self.by
        mapped, enabled = mapped_counts(connections.current_account())
        context = {
            "methods_mapped": mapped,
            "methods_enabled": enabled,
            "form": form,
            "card": panels.connection_card(by),
            **panels.sync_card(by),
            "may_change": may(by, "kashflow.change_kashflow_settings"),
        }
        return render(self.request, "kashflow/settings.html", context)


class ResumeAccount(KashFlowVerb):
    """*Let transfers go on*, after an admin has read what stopped them."""

    verb = "kashflow.resume_account"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        account = connections.current_account()
        try:
            if account:
                resume_account(by=self.by, account=account)
                toast(request, "Transfers go on within a minute.")
        except NotAllowed:
            raise
        except DomainError as error:
            _tell(request, error)
        return redirect(PAGE)


class CheckConnection(KashFlowVerb):
    """Checks the saved login that this person's work would use."""

    verb = "kashflow.check_connection"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        given = None
        try:
            given = connections.check_saved(connections.login_for(self.by), by=self.by)
        except NotAllowed:
            raise
        except DomainError as error:
            _tell(request, error)
        if request.htmx and given:  # type: ignore[attr-defined]
            return render(
                request, "kashflow/_connection.html", {"card": panels.connection_card(self.by, given)}
            )
        if given and not given.ok:
            toast(request, given.title, level=messages.ERROR, detail=given.sentence)
        return _to_page(request)


class StartSync(KashFlowVerb):
    """A sync button: makes the run, wakes a worker, shows its row and no other: somebody may stand on another button."""

    http_method_names = ["post"]
    start: ClassVar[Callable[..., Run]]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            run = type(self).start(by=self.by)
        except NotAllowed:
            raise
        except DomainError as error:
            _tell(request, error)
            return _to_page(request)
        self.wake(run)
        if request.htmx:  # type: ignore[attr-defined]
            moved = panels.sync_card(self.by, [run.kind]) | {"is_press": True}
            return render(request, "kashflow/_sync_poll.html", moved)
        return redirect(PAGE)

    def wake(self, run: Run) -> None:
        """Calls the worker that carries the run."""
        wake(tasks.sync, run.pk)


class SyncBankAccounts(StartSync):
    verb = "kashflow.sync_bank_accounts"
    start = staticmethod(syncs.sync_bank_accounts)


class SyncSalesCodes(StartSync):
    verb = "kashflow.sync_sales_codes"
    start = staticmethod(syncs.sync_sales_codes)


class SyncAccountCodes(StartSync):
    verb = "kashflow.sync_account_codes"
    start = staticmethod(syncs.sync_account_codes)


class Help(Verb):
    """*Enabling the API in KashFlow*: what to set there, a line for each refusal; open to every role."""

    verb = "kashflow.check_connection"

    def get(self, request: HttpRequest) -> HttpResponse:
        own = connections.own_login(self.by)
        context = {
            "sections": help.SECTIONS,
            "username": own.username if own else "",
            "address": help.seen_address(self.by),
        }
        return render(request, "kashflow/help.html", context)


def _tell(request: HttpRequest, error: DomainError) -> None:
    toast(request, error.message, level=messages.ERROR, action=error.link_label, url=error.link)


def _to_page(request: HttpRequest) -> HttpResponse:
    """Back to the page; htmx is told to load it whole, so that the message is seen."""
    user: User = request.user  # type: ignore[assignment]
    target = PAGE if may(user, "kashflow.view_kashflow") else "my_details"
    response = redirect(target)
    if request.htmx:  # type: ignore[attr-defined]
        whole = HttpResponse()
        whole["HX-Redirect"] = response["Location"]
        return whole
    return response
