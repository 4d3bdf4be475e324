"""The press of Transfer to KashFlow, and one run, live."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from invoicing import causes, tasks
from invoicing.models import Transfer
from invoicing.stories import stories
from invoicing.transfer import progress as progressing
from invoicing.transfer import services
from invoicing.transfer.pauses import PAYMENT_RUN_KIND, RUN_KINDS
from invoicing.transfer.progress import Progress
from invoicing.transfer.states import WORD_OF, State
from invoicing.views.invoices import STILL_TICKED
from magmanager.common.errors import DomainError, NotAllowed
from magmanager.common.models import Run
from magmanager.common.money import ZERO, from_pence
from magmanager.common.permissions import may
from magmanager.common.templatetags.formats import moment
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, is_partial
from magmanager.common.wake import wake

# A run of thousands shows these first; those that need someone come before all others.
SHOWN = 200
CHECKED_SOON = dt.timedelta(minutes=2)
BAR_ORDER = ("in_kashflow", "uncertain", "needs_you", "do_not_send", "cancelled", "sending", "waiting")


class TransferRequest(Verb):
    """Transfer to KashFlow: writes what is wanted, wakes the lanes and opens the run."""

    verb = "invoicing.transfer_invoices"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        ids = [int(text) for text in request.POST.getlist("invoice") if text.isdecimal() and len(text) < 16]
        run = _told(request, lambda: services.request_transfers(by=self.by, invoice_ids=ids))
        if run is None:
            request.session[STILL_TICKED] = ids
            return redirect("invoicing:invoiced")
        _wake_lanes(run)
        return redirect("invoicing:run", run.pk)


class RunDetail(Verb):
    """One press of Transfer to KashFlow, counted from its transfers' states; asks again while it moves."""

    verb = "invoicing.view_invoices"

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        run = get_object_or_404(Run.objects.select_related("by"), pk=run_id, kind__in=RUN_KINDS)
        context = run_context(run, may_act=may(request.user, "invoicing.transfer_invoices"))
        is_poll = is_partial(request)
        return render(request, "invoicing/_run.html" if is_poll else "invoicing/run.html", context)


class RunPause(Verb):
    """Nothing new is started; what is on its way is finished."""

    verb = "invoicing.transfer_invoices"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        run = get_object_or_404(Run, pk=run_id, kind__in=RUN_KINDS)
        _told(request, lambda: services.pause_run(by=self.by, run=run))
        return redirect("invoicing:run", run.pk)


class RunResume(Verb):
    """Goes on where a paused run stopped."""

    verb = "invoicing.transfer_invoices"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        run = get_object_or_404(Run, pk=run_id, kind__in=RUN_KINDS)
        _told(request, lambda: services.resume_run(by=self.by, run=run))
        _wake_lanes(run)
        return redirect("invoicing:run", run.pk)


def run_context(run: Run, *, may_act: bool) -> dict[str, Any]:
    """Template variables of a run: its sentence, bar and items, and whether it can be paused or resumed."""
    progress = progressing.progress(run)
    rows = decorated(progressing.rows(run)[:SHOWN])
    is_paused = run.state == Run.State.PAUSED
    if is_paused:
        _said_once(rows, run.summary)
    here, there = _compared(run) if progress.is_settled else (None, None)
    return {
        "run": run,
        "progress": progress,
        "facts": _facts(run, progress),
        "title": _title(run),
        "sentence": sentence(progress),
        "parts": [
            {"key": key, "count": progress.counts[key], "word": _word(key, progress)} for key in BAR_ORDER
        ],
        "rows": rows,
        "first_needing": next((row for row in rows if row.key == "needs_you"), None),
        "is_running": (not progress.is_settled or _is_checked_now(rows)) and not is_paused,
        "is_paused": is_paused,
        "may_act": may_act,
        "mended_at": causes.pages_of_run(run) if is_paused else [],
        "here_total": here,
        "there_total": there,
    }


def _title(run: Run) -> str:
    """The button that was pressed; of a recheck, a retry or a link what it was of."""
    if run.kind == PAYMENT_RUN_KIND:
        return "Transfer Payments"
    return "Transfer to KashFlow" if run.title.startswith("Transfer of") else run.title


def sentence(progress: Progress) -> str:
    """7 of 12 in KashFlow; once it is settled the result: 10 of 12 in KashFlow, 1 needs you."""
    done, needs = progress.counts["in_kashflow"], progress.counts["needs_you"]
    text = f"{done:,} of {progress.total:,} in KashFlow"
    if not (progress.is_settled and needs):
        return text
    return f"{text}, {needs:,} need{'s' if needs == 1 else ''} you"


def decorated(rows: Iterable[Transfer]) -> list[Any]:
    """Transfers with the key of their word, their story and the link to where their cause is mended."""
    found: list[Any] = list(rows)
    told = stories(found)
    for row in found:
        row.story = told.get(row.pk, "")
        row.key = WORD_OF[State(row.state)]
        row.link = causes.page_of_transfer(row)
    return found


def _is_checked_now(rows: Iterable[Any]) -> bool:
    """Whether something uncertain is looked up within a minute or two, as after a recheck."""
    soon = timezone.now() + CHECKED_SOON
    return any(row.key == "uncertain" and (row.not_before is None or row.not_before < soon) for row in rows)


def _said_once(rows: Iterable[Any], reason: str) -> None:
    """What stopped the whole run stands over it; the rows do not repeat it."""
    for row in rows:
        if row.last_cause == reason:
            row.last_cause, row.link = "", None


def _facts(run: Run, progress: Progress) -> str:
    is_payments = run.kind == PAYMENT_RUN_KIND
    noun = "payment" if is_payments else "invoice"
    many = f"{progress.total:,} {noun}{'' if progress.total == 1 else 's'}"
    parts = [
        f"{many}, £{progress.amount_total:,.2f}{'' if is_payments else ' with VAT'}",
        f"started by {run.by}, {moment(run.started_at)}",
    ]
    if run.finished_at:
        parts.append(_duration(run.finished_at - run.started_at))
    return " · ".join(parts)


def _duration(took: dt.timedelta) -> str:
    seconds = round(took.total_seconds())
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _compared(run: Run) -> tuple[Decimal, Decimal]:
    """Pounds of the documents that were read back: here, and in KashFlow. They must be equal."""
    done = Transfer.objects.filter(run_transfers__run=run, state=State.VERIFIED)
    sums = done.aggregate(here=Sum(progressing.AMOUNT), there=Sum("verified_total"))
    return sums["here"] or ZERO, from_pence(sums["there"] or 0)


def _word(key: str, progress: Progress) -> str:
    """The word beside a count where it is not the state's own: 2 need you, nothing to do."""
    if key == "needs_you" and progress.counts[key] > 1:
        return "need you"
    return "uncertain – checking, nothing to do" if key == "uncertain" and progress.is_settled else ""


def _told(request: HttpRequest, act: Callable[[], Run | None]) -> Run | None:
    """What `act` returns; a refusal becomes a toast with the link that mends it."""
    try:
        return act()
    except NotAllowed:
        raise
    except DomainError as error:
        label = error.link_label or ("My Details" if error.link else "")
        toast(request, error.message, level=messages.ERROR, action=label, url=error.link)
        return None


def _wake_lanes(run: Run) -> None:
    account_id = services.account_of(run)
    if account_id:
        wake(tasks.work, account_id)
