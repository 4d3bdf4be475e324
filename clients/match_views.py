"""Settings › KashFlow › Customer codes: upload or read, decide, *Apply*, *Undo* (product.md, KashFlow 1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from clients import match_page, matches, tasks
from clients.customer_codes import names
from clients.match_forms import UploadForm
from clients.match_page import FOUND
from clients.matches.applying import Applied
from clients.matches.from_kashflow import last_run
from clients.matches.lists import VERB
from clients.models import Client, CodeMatch, CodeMatchRow
from kashflow.answer import anchor_of
from kashflow.connections import current_account
from kashflow.views import KashFlowVerb
from magmanager.common.errors import DomainError, NotAllowed
from magmanager.common.models import Run
from magmanager.common.toasts import toast
from magmanager.common.views import refusals
from magmanager.common.wake import wake

PAGE = "clients:customer_codes"
Decision = CodeMatchRow.Decision


class MatchVerb(KashFlowVerb):
    """A page of matching; a refusal is told above the page it goes back to."""

    verb = VERB

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotAllowed:
            raise
        except DomainError as error:
            toast(request, error.message, level=messages.ERROR, action=error.link_label, url=error.link)
            return self.back()

    def back(self) -> HttpResponse:
        """To where the person was: the page of the group they had open."""
        place = urlencode(match_page.place(self.request.POST))
        return redirect(f"{reverse(PAGE)}?{place}" if place else PAGE)


class CustomerCodes(MatchVerb):
    """The page: an upload where nothing is open, else the list being decided; the last one's result beside it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(UploadForm())

    def page(self, form: UploadForm) -> HttpResponse:
        account, run = current_account(), last_run()
        match = matches.open_match(account)
        linked, booked = match_page.linked_counts(account)
        context: dict[str, Any] = {
            "form": form,
            "match": match,
            "linked": linked,
            "booked": booked,
            "run": run,
            "is_reading": run is not None and not run.is_over,
            "help_anchor": anchor_of(run.cause) if run and run.state == Run.State.FAILED else "",
            "settled": _last_settled(account, match),
        }
        if context["settled"]:
            context["left_out"] = context["settled"].rows.exclude(left_out="")[:FOUND]
        if match:
            asked = self.request.GET
            context["groups"] = match_page.groups(match, asked, self.request.path)
            context["bar"] = match_page.pieces(context["groups"])
            context["totals"] = match_page.totals(match)
            context["facts"] = match_page.facts(match, sum(group.count for group in context["groups"]))
            context["group"] = asked.get("group", "")
        return render(self.request, "clients/customer_codes.html", context)


class MatchUpload(CustomerCodes):
    """*Upload*: the file is read and laid beside the clients at once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            with refusals(form):
                name = form.cleaned_data["file"].name
                matches.upload_customers(by=self.by, data=form.content(), name=name)
                return redirect(PAGE)
        return self.page(form)


class MatchFromKashFlow(MatchVerb):
    """*Match from KashFlow*: makes the run and wakes a worker; the page shows how far it is."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        run = matches.match_from_kashflow(by=self.by)
        wake(tasks.match_customers, run.pk)
        return redirect(PAGE)


class MatchDecide(MatchVerb):
    """What was ticked or chosen on the rows shown; other rows stay as they are."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if "all" in request.POST:
            self._decide_all(request.POST["all"])
        else:
            self._decide_shown()
        return self.back()

    def _decide_shown(self) -> None:
        """Each row by itself: one that is refused is told, and costs the others nothing."""
        for row in self._shown():
            try:
                self._decide(row, self.request.POST.get(f"row-{row.pk}", ""))
            except NotAllowed:
                raise
            except DomainError as error:
                toast(self.request, f"{row.code} {row.name}: {error.message}", level=messages.ERROR)

    def _shown(self) -> list[CodeMatchRow]:
        ids = [
            int(text) for text in self.request.POST.getlist("shown") if text.isdecimal() and len(text) < 16
        ]
        match = matches.open_match(current_account())
        return list(CodeMatchRow.objects.select_related("client").filter(match=match, pk__in=ids[:200]))

    def _decide(self, row: CodeMatchRow, choice: str) -> None:
        decision, _, pk = choice.partition(":")
        if decision not in ("", *Decision.values) or (pk and not pk.isdecimal()):
            raise BadRequest
        client = get_object_or_404(Client, pk=pk) if pk else None
        same_client = client is None or client.pk == row.client_id
        if (decision or Decision.NONE) != row.decision or not same_client:
            matches.decide(by=self.by, row=row, decision=decision or Decision.NONE, client=client)

    def _decide_all(self, what: str) -> None:
        kind, _, decision = what.partition(":")
        match = matches.open_match(current_account())
        if kind not in CodeMatchRow.Kind.values or decision not in Decision.values or match is None:
            raise BadRequest
        matches.decide_all(by=self.by, match=match, kind=kind, decision=decision)


class MatchFindClient(MatchVerb):
    """*Find a client* for one customer: a search, then the client itself is the button."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(CodeMatchRow.objects.select_related("match"), pk=pk, match__state="open")
        asked = request.GET.get("q", _telling(row.name))[:100].strip()
        found = match_page.found_clients(row, asked)
        context = {"row": row, "asked": asked, "clients": found[:FOUND], "more": len(found) > FOUND}
        return render(request, "clients/match_find_client.html", context)


class MatchApply(MatchVerb):
    """*Apply*: all the links at once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        match = get_object_or_404(CodeMatch, pk=_uuid(request.POST.get("match", "")))
        done = matches.apply(by=self.by, match=match)
        toast(request, f"{_count(done.linked)} linked.{_made(done)}{_left_out(done)}")
        return redirect(PAGE)


class MatchUndo(MatchVerb):
    """*Undo*: every link back as it was."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        match = get_object_or_404(CodeMatch, pk=_uuid(request.POST.get("match", "")))
        done = matches.undo(by=self.by, match=match)
        toast(request, f"{_count(done.linked)} as before.{_left_out(done)}")
        return redirect(PAGE)


def _last_settled(account: Any, match: CodeMatch | None) -> CodeMatch | None:
    """The list that was applied last, so that it can be undone; what was undone is told until another file comes."""
    settled = CodeMatch.objects.select_related("settled_by").filter(
        ledger_account=account, state__in=["applied", "undone"]
    )
    if match:
        settled = settled.filter(Q(state="applied") | Q(settled_at__gt=match.at))
    return settled.order_by("-settled_at").first()


def _telling(name: str) -> str:
    """The first word of a name that says whose it is: not "The"."""
    return next((word for word in name.split() if not names.IDLE.issuperset(names.words(word))), name)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest from None


def _count(number: int) -> str:
    return f"{number:,} client{'' if number == 1 else 's'}"


def _made(done: Applied) -> str:
    return f" {done.made:,} of them new." if done.made else ""


def _left_out(done: Applied) -> str:
    return f" {done.left_out:,} left as they are; the page says why." if done.left_out else ""
