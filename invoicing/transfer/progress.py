"""How far a run of transfers is: always counted from the rows' states, so it is true after any crash."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, QuerySet, Sum, Value, When

from invoicing.models import RunTransfer, Transfer
from invoicing.transfer import pauses
from invoicing.transfer.states import WORD_OF, WORDS, State
from kashflow.models import LedgerAccount
from magmanager.common import money, runs
from magmanager.common.fields import MoneyField
from magmanager.common.models import Run

# The order of a run's page: what needs a person first.
ORDER = ("needs_you", "uncertain", "sending", "waiting")
OPEN = ("waiting", "sending")
# What a transfer is about, in pounds: a payment's own amount, else its document's.
AMOUNT = Case(
    When(kind=Transfer.Kind.PAYMENT, then="payment__amount"),
    default="invoice__total",
    output_field=MoneyField(),
)


@dataclass(frozen=True)
class Progress:
    """`counts` has every key of `states.WORDS`; amounts are pounds, `verified_total` as KashFlow holds it."""

    total: int
    counts: dict[str, int]
    is_settled: bool
    amount_total: Decimal
    verified_total: Decimal


def progress(run: Run) -> Progress:
    """How far `run` is. Settled means that nothing waits and nothing is being sent."""
    counts = dict.fromkeys(WORDS, 0)
    amount, verified = money.ZERO, 0
    rows = Transfer.objects.filter(run_transfers__run=run).values("state").order_by()
    for row in rows.annotate(n=Count("pk"), pounds=Sum(AMOUNT), verified=Sum("verified_total")):
        counts[WORD_OF[State(row["state"])]] += row["n"]
        amount += row["pounds"]
        verified += row["verified"] or 0
    settled = not any(counts[word] for word in OPEN)
    return Progress(sum(counts.values()), counts, settled, amount, money.from_pence(verified))


def rows(run: Run) -> QuerySet[Transfer]:
    """The run's transfers with their invoices: needs you, uncertain, sending, waiting, the rest; by number."""
    place = {word: n for n, word in enumerate(ORDER)}
    order = Case(
        *(When(state=state, then=Value(place.get(word, len(ORDER)))) for state, word in WORD_OF.items()),
        output_field=IntegerField(),
    )
    found = Transfer.objects.filter(run_transfers__run=run).select_related("invoice__payer", "payment")
    return found.annotate(place=order).order_by("place", "invoice__number")


def latest(most: int) -> list[Run]:
    """The `most` latest runs with who pressed. The result of a finished one is counted anew.

    What was uncertain when it ended is settled later, and a stored "1 uncertain" would go on saying otherwise.
    """
    found = list(Run.objects.filter(kind__in=pauses.RUN_KINDS).select_related("by")[:most])
    for run in found:
        if run.is_over:
            run.summary = summary(progress(run))
    return found


def finish_runs(account: LedgerAccount) -> int:
    """Ends the runs of `account` in which nothing waits and nothing is being sent; returns how many.

    What is uncertain or needs a person does not keep a run open. A paused run stays paused while something
    waits.
    """
    at_work = [state for state, word in WORD_OF.items() if word in OPEN]
    unsettled = RunTransfer.objects.filter(run=OuterRef("pk"), transfer__state__in=at_work)
    settled = pauses.of_account(pauses.unfinished().filter(~Exists(unsettled)), account)
    return sum(runs.finish(run, summary=summary(progress(run))) for run in settled)


def summary(now: Progress) -> str:
    """A run's result in a sentence, such as "11 in KashFlow, 1 needs you"."""
    parts = [(now.counts["in_kashflow"], "in KashFlow"), (now.counts["uncertain"], "uncertain – checking")]
    parts.append((now.counts["needs_you"], "needs you" if now.counts["needs_you"] == 1 else "need you"))
    parts += [(now.counts["do_not_send"], "not to be sent"), (now.counts["cancelled"], "cancelled")]
    return ", ".join(f"{count} {words}" for count, words in parts if count) or "Nothing to transfer"
