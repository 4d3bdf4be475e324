"""The Transfer desk: every transfer by what it needs, one of them opened, and the acts of a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from invoicing import causes, decisions, forms, kinds, sides
from invoicing.desk_rows import (
    GROUPS,
    UNSETTLED,
    by_cause,
    decorate,
    desk_counts,
    matching,
    named_runs,
    of_current_account,
    one_of,
    some_wait,
    states_of,
)
from invoicing.models import Invoice, Transfer, TransferAttempt
from invoicing.stories import stories, who_asked
from invoicing.tabs import TRANSFERS, tabs
from invoicing.transfer import adoption, desk, stopping
from invoicing.transfer import progress as progressing
from invoicing.transfer.states import TERMINAL, WORD_OF, WORDS, State
from kashflow.connections import current_account
from magmanager.common.permissions import may
from magmanager.common.templatetags.formats import moment
from magmanager.common.views import FilteredList, is_partial
from settings_app import recent
from settings_app.models import SystemDefaults

LATEST_RUNS = 5
WHAT_IT_MEANS = {
    "needs_you": "Nothing more is sent until somebody decides.",
    "uncertain": "It is looked up in KashFlow before anything is sent again; nothing to do.",
    "sending": "It is on its way just now.",
    "waiting": "It is sent as soon as its turn comes.",
    "do_not_send": "It is kept here only.",
    "in_kashflow": "Read back from KashFlow: equal to the penny.",
}
DONE = {
    Transfer.Kind.APPLY: "It is set off in KashFlow.",
    Transfer.Kind.DELETE: "It is deleted: KashFlow has it no more.",
}
# By the state it led to: what somebody decided.
DECISIONS = {State.DO_NOT_SEND: "do_not_send", State.VERIFIED: "adopted"}
# What asks again for itself: the whole of the opened one, or its story beside the choices.
POLLS = ("transfer", "transfer-story")
# Shown live for so long after the last thing that happened.
LIVE = dt.timedelta(minutes=2)


class Transfers(FilteredList):
    """The list at the left, by state; the first one that needs somebody is opened beside it."""

    verb = "invoicing.view_invoices"
    template_name = "invoicing/transfers.html"
    table_template_name = "invoicing/_transfers_list.html"
    filter_form = forms.TransferFilters
    order = ("-invoice__number", "pk")
    page_size = 25
    noun = ("transfer", "transfers")
    opened: Transfer | None = None
    first: Transfer | None = None
    form: forms.DecisionForm | None = None

    def rows(self) -> QuerySet[Transfer]:
        return of_current_account()

    def narrow(self, rows: QuerySet[Transfer], wanted: dict[str, Any]) -> QuerySet[Transfer]:
        rows = matching(rows, wanted.get("q", ""))
        self.counts = desk_counts(rows)
        self.show = self._group(wanted.get("show", ""))
        self.cause = wanted.get("cause", "") if self.show == "needs_you" else ""
        rows = rows.filter(state__in=states_of(self.show))
        self.by_cause = by_cause(rows) if self.show == "needs_you" else []
        return rows.filter(cause_code=self.cause) if self.cause else rows

    def filters(self) -> Form:
        """The search has the focus where nothing was opened and no page turned: there the opened one has it."""
        form = super().filters()
        if not self.opened and not set(self.request.GET) - {"q"}:
            form.fields["q"].widget.attrs["autofocus"] = True
        return form

    def _group(self, asked: str) -> str:
        # What is searched for is shown, in whatever state it is.
        is_search = is_partial(self.request) and "q" in self.request.GET
        if asked in GROUPS and not (is_search and not self.counts[asked].number):
            return asked
        if self.opened and WORD_OF[State(self.opened.state)] in GROUPS:
            return WORD_OF[State(self.opened.state)]
        wanted = GROUPS if "q" in self.request.GET else UNSETTLED
        return next((key for key in wanted if self.counts[key].number), GROUPS[0])

    def decorate(self, rows: list[Transfer]) -> list[Any]:
        query = self._query(show=self.show)
        for row in rows:
            decorate(row)
            row.url = f"{reverse('invoicing:transfer_detail', args=[row.pk])}?{query}"  # type: ignore[attr-defined]
        self.first = rows[0] if rows else None
        return rows

    def _query(self, **changes: str) -> str:
        """The filters of the address with `changes`; paging stays only where nothing else changes."""
        asked = self.request.GET.copy()
        if changes.get("show", asked.get("show")) != self.show:
            for name in ("after", "before", "first", "cause"):
                asked.pop(name, None)
        for name, value in changes.items():
            asked[name] = value
        return asked.urlencode()

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        answer = super().get(request, **kwargs)
        if is_partial(request) and not self.opened:
            at = reverse("invoicing:transfers")
            answer.headers["HX-Push-Url"] = f"{at}?{self._query(show=self.show)}"
        return answer

    def address(self, **parameters: str) -> str:
        """Of the list, also beside an opened one: another page of it opens its own first."""
        asked = super().address(**parameters).partition("?")[2]
        at = reverse("invoicing:transfers")
        return f"{at}?{asked}" if asked else at

    def page_context(self, rows: QuerySet[Transfer]) -> dict[str, Any]:
        context = super().page_context(rows)
        if is_partial(self.request):
            self._open_what_was_found(context["rows"])
            context |= self._opened()
        at = reverse("invoicing:transfers")
        user = self.request.user
        return {
            **context,
            "groups_of_states": [
                {"key": key, "label": WORDS[key], "count": self.counts[key], "is_open": key == self.show,
                 "url": f"{at}?{self._query(show=key)}"}
                for key in GROUPS
            ],
            "show": self.show,
            "by_cause": [
                {**one, "url": f"{at}?{urlencode({'show': self.show, 'cause': one['code']})}",
                 "is_chosen": one["code"] == self.cause}
                for one in self.by_cause
            ],
            "may_recheck": may(user, desk.RECHECK),
            "may_retry": self.show == "waiting" and may(user, desk.RETRY) and some_wait(),
            "opened": self.opened or self.first,
        }  # fmt: skip

    def context(self, rows: QuerySet[Transfer], wanted: dict[str, Any]) -> dict[str, Any]:
        account = current_account()
        return {
            "tabs": tabs(TRANSFERS, uses_kashflow=SystemDefaults.current().uses_kashflow),
            "runs": named_runs(progressing.latest(LATEST_RUNS)),
            "account": account,
            "paused_link": causes.page_of_pause(account.paused_reason) if account else None,
            "is_asked_for": self.opened is not None,
            **self._opened(),
        }

    def _open_what_was_found(self, rows: list[Transfer]) -> None:
        """A search takes away what it did not find, also beside the list: nobody decides about that by mistake."""
        if self.opened and self.opened.pk not in {row.pk for row in rows}:
            self.opened = None

    def _opened(self) -> dict[str, Any]:
        shown = self.opened or (one_of(self.first.pk) if self.first else None)
        return detail(shown, self.request, self.form) if shown else {}


class TransferDetail(Transfers):
    """One transfer opened: its cause, both documents, the choices, its history. Refreshes itself while it moves."""

    def get(self, request: HttpRequest, transfer_id: UUID, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        self.opened = one_of(transfer_id)
        if is_partial(request) and request.htmx.target in POLLS:  # type: ignore[attr-defined]
            return self._polled()
        return super().get(request, **kwargs)

    def _polled(self) -> HttpResponse:
        """The opened one alone while it moves; the whole page anew once it stands elsewhere: its list changed too."""
        context, shown = self._opened(), self.request.GET.get("shown", "")
        if not context["is_moving"] and context["key"] != shown:
            return HttpResponse(headers={"HX-Refresh": "true"})
        if shown:
            # Beside choices: a reason that is being typed stays, whatever is tried meanwhile.
            return render(self.request, "invoicing/_transfer_live.html", {**context, "shown": shown})
        return render(self.request, "invoicing/_transfer.html", context)


def detail(
    transfer: Transfer, request: HttpRequest, form: forms.DecisionForm | None = None
) -> dict[str, Any]:
    """Template variables of one opened transfer."""
    found = adoption.documents(transfer)
    asked = request.GET.get("document", "")
    kept = next((one for one in found if str(one["dbid"]) == asked), found[0] if found else None)
    history = list(transfer.attempts.select_related("by"))
    key = WORD_OF[State(transfer.state)]
    row, login = decorate(transfer), causes.refused_login(transfer)
    choices = decisions.choices(transfer, request.user, kept)  # type: ignore[arg-type]
    return {
        "transfer": row,
        "desk_url": reverse("invoicing:transfers"),
        "key": key,
        "state_label": WORDS[key],
        "meaning_of_state": meaning(transfer, history),
        "refused_login": login,
        "is_own_login": login is not None and login.user_id == request.user.pk,
        "may_be_there": stopping.may_be_there(transfer),
        "title_of_transfer": f"{kinds.title(transfer)} · {transfer.invoice.company_name}",
        "story": stories([transfer]).get(transfer.pk, ""),
        "advice": causes.ADVICE.get(transfer.cause_code, "") if key == "needs_you" else "",
        "cause": causes.NOTHING if transfer.state in TERMINAL else causes.of_transfer(transfer),
        "sides": sides.of(transfer, _lines(transfer), kept) if kept else sides.of_payments(transfer),
        "documents": [
            {"label": f"Number {one['number']}", "url": f"?document={one['dbid']}", "active": one is kept}
            for one in found
        ]
        if len(found) > 1
        else [],
        "waits": decisions.waits(transfer),
        "kept": kept,
        "seen": adoption.fingerprint(kept) if kept else "",
        "choices": choices,
        "shown": key if choices else "",
        "why_not": decisions.why_not(transfer, kept),
        "form": form or forms.DecisionForm(act=""),
        "is_recent": recent.is_recent(request),
        "history": history,
        "asked": who_asked(transfer),
        "is_moving": is_moving(transfer, history[0].at if history else transfer.requested_at),
    }


def meaning(transfer: Transfer, history: Sequence[TransferAttempt]) -> str:
    """What its state means; where somebody decided it, who did and why."""
    decided = DECISIONS.get(State(transfer.state))
    act = next((one for one in history if one.outcome == decided), None)
    if act and act.by:
        return f"{act.by.name}, {moment(act.at)}: {act.what.rstrip('.')}."
    key = WORD_OF[State(transfer.state)]
    done = DONE.get(Transfer.Kind(transfer.kind)) if key == "in_kashflow" else None
    return done or WHAT_IT_MEANS.get(key, "")


def is_moving(transfer: Transfer, last_at: dt.datetime) -> bool:
    """Whether something will happen within seconds, so that the page is worth asking again for."""
    key, now = WORD_OF[State(transfer.state)], timezone.now()
    if transfer.state in TERMINAL or key == "needs_you":
        return False
    is_due = transfer.not_before is None or transfer.not_before < now + LIVE
    return is_due and now - last_at < LIVE


def _lines(transfer: Transfer) -> list[Any]:
    invoice: Invoice = transfer.invoice
    return list(invoice.lines.select_related("account_code", "product_code"))
