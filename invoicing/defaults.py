"""System Defaults as people see it: what is waiting for KashFlow is said before the package is changed.

product.md, KashFlow 4: switching away keeps everything and sends nothing. What that means now is counted here,
since transfers are this floor's.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clients.models import CustomerLink
from invoicing.models import Transfer
from invoicing.transfer.states import WORD_OF, State
from kashflow.connections import current_account
from magmanager.common.models import Run
from settings_app import views
from settings_app.forms import SystemDefaultsForm
from settings_app.models import SystemDefaults

CONFIRMED = "confirmed"
NOT_OVER = (Run.State.WAITING, Run.State.RUNNING, Run.State.PAUSED)
SENTENCES = {
    "waiting": ("invoice waits to be sent", "invoices wait to be sent"),
    "sending": ("invoice is being sent", "invoices are being sent"),
    "uncertain": ("invoice is uncertain and being looked up", "invoices are uncertain and being looked up"),
    "needs_you": ("invoice needs somebody", "invoices need somebody"),
}


class Line(NamedTuple):
    """Something that waits, in a sentence, with where to look at it."""

    text: str
    url: str


def waiting() -> list[Line]:
    """What waits for KashFlow now; empty where nothing does."""
    account = current_account()
    if account is None:
        return []
    counts = dict.fromkeys(SENTENCES, 0)
    rows = Transfer.objects.filter(ledger_account=account, state__in=_open_states()).order_by()
    for state, number in rows.values_list("state").annotate(Count("pk")):
        counts[WORD_OF[State(state)]] += number
    desk = reverse("invoicing:transfers")
    lines = [Line(_sentence(counts[word], *SENTENCES[word]), desk) for word in SENTENCES if counts[word]]
    wanted = CustomerLink.objects.filter(ledger_account=account, state=CustomerLink.State.WANTED)
    if clients := wanted.filter(client__first_booked_at__isnull=False).count():
        told = _sentence(clients, "client waits to be created there", "clients wait to be created there")
        lines.append(Line(told, reverse("clients:list")))
    if runs := Run.objects.filter(state__in=NOT_OVER, connection_id__isnull=False).count():
        lines.append(Line(_sentence(runs, "run is under way", "runs are under way"), desk))
    return lines


def _open_states() -> list[str]:
    return [str(state) for state, word in WORD_OF.items() if word in SENTENCES]


def _sentence(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


class ChangeSystemDefaults(views.ChangeSystemDefaults):
    """*Update*; a change of the package with something waiting asks first, on a page of its own."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SystemDefaultsForm(request.POST, instance=SystemDefaults.current())
        changes = form.is_valid() and "accounts_package" in form.changed_data
        if changes and CONFIRMED not in request.POST and (lines := waiting()):
            to_kashflow = form.cleaned_data["accounts_package"] == SystemDefaults.Package.KASHFLOW
            context = {"lines": lines, "typed": form.cleaned_data, "to_kashflow": to_kashflow}
            return render(request, "invoicing/package_change.html", context)
        return super().post(request)
