"""Which transfers the desk lists, how many are in each state, and how a row is told in a few words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.shortcuts import get_object_or_404

from invoicing import causes, kinds
from invoicing.models import RunTransfer, Transfer
from invoicing.transfer.states import TERMINAL, WORD_OF, State
from magmanager.common.models import Run
from magmanager.common.paging import Count as Counted
from magmanager.common.paging import count

# As people see them, what needs somebody first.
GROUPS = ("needs_you", "uncertain", "sending", "waiting", "do_not_send", "in_kashflow")
UNSETTLED = GROUPS[:4]


def decorate(row: Transfer) -> Any:
    """The row with its key, its title and its cause in a few words."""
    shown: Any = row
    shown.key = WORD_OF[State(row.state)]
    shown.title = kinds.title(row)
    login = causes.refused_login(row)
    shown.waits_for_login = login is not None
    code = login.refusal if login else row.cause_code
    # Of what somebody decided the cause is history.
    shown.short = "" if row.state in TERMINAL else causes.SHORT.get(code, "")
    return shown


def of_current_account() -> Any:
    """Every transfer of the account in use, with its invoice and its payment."""
    return Transfer.objects.filter(ledger_account__is_current=True).select_related(
        "invoice", "payment", "connection"
    )


def one_of(transfer_id: UUID) -> Transfer:
    """One of them, with what its page needs. Raises Http404."""
    rows = of_current_account().select_related(
        "invoice__payer", "invoice__by", "ledger_account__sales_code", "connection__user", "payment__method"
    )
    found: Transfer = get_object_or_404(rows, pk=transfer_id)
    return found


def matching(rows: QuerySet[Transfer], words: str) -> QuerySet[Transfer]:
    """By number, ours or KashFlow's, where it is one; else every word in the client's name."""
    if words.isdecimal() and len(words) <= 10:
        number = int(words)
        return rows.filter(invoice__number=number) | rows.filter(kashflow_number=number)
    for word in words.split():
        rows = rows.filter(invoice__company_name__icontains=word)
    return rows


def states_of(key: str) -> list[State]:
    return [state for state in State if WORD_OF[state] == key]


def desk_counts(rows: QuerySet[Transfer]) -> dict[str, Counted]:
    """How many of `rows` are in each state people see; settled ones up to a limit."""
    counts = dict.fromkeys(GROUPS, 0)
    open_states = [state for state in State if state not in TERMINAL]
    plain = rows.order_by().filter(state__in=open_states)
    for state, number in plain.values_list("state").annotate(Count("pk")):
        counts[WORD_OF[State(state)]] += number
    counted = {key: Counted(number) for key, number in counts.items()}
    for state in (State.VERIFIED, State.DO_NOT_SEND):
        counted[WORD_OF[state]] = count(rows.filter(state=state))
    return counted


def by_cause(rows: QuerySet[Transfer]) -> list[dict[str, Any]]:
    """The causes that more than one of them shares, the most frequent first."""
    found = rows.order_by().values_list("cause_code").annotate(n=Count("pk")).filter(n__gt=1)
    return [
        {"code": code, "count": number, "short": causes.SHORT.get(code, "Other")}
        for code, number in sorted(found, key=lambda one: (-one[1], one[0]))
        if code
    ]


def named_runs(runs: list[Run]) -> list[Any]:
    """Each run with its name, of one document with that one's number, and how it stands in a sentence."""
    single = [run.pk for run in runs if run.total == 1]
    rows = RunTransfer.objects.filter(run__in=single).select_related("transfer__invoice") if single else []
    of_one = {row.run_id: kinds.title(row.transfer) for row in rows}
    shown: list[Any] = runs
    for run in shown:
        is_transfer = run.title.startswith("Transfer of 1 ")
        run.name = of_one.get(run.pk, run.title) if is_transfer else run.title
        run.told = run.summary if run.is_over else run.summary.partition(". ")[0]
    return shown


def some_wait() -> bool:
    return bool(of_current_account().filter(state=State.READY, not_before__isnull=False).exists())
