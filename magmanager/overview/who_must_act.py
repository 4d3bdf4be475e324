"""Who must act, for Home: transfers that need someone, customers to match, the connection's light."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count
from django.urls import reverse

from clients.models import CustomerLink
from invoicing.comparison import services as comparison
from invoicing.models import Transfer
from invoicing.transfer.pauses import RUN_KINDS
from invoicing.transfer.states import NEEDS_YOU, WORD_OF, State
from kashflow.models import LedgerAccount
from magmanager.common.models import Run
from magmanager.common.templatetags.formats import moment

SHOWN = 5


@dataclass(frozen=True)
class Item:
    """One thing somebody must see to: whose, which, why, and where."""

    name: str
    which: str
    cause: str
    url: str
    url_label: str


@dataclass(frozen=True)
class Light:
    """The connection in one sentence, by the classes good, warn and bad."""

    tone: str
    word: str
    detail: str = ""
    url: str = ""
    url_label: str = ""


@dataclass(frozen=True)
class Waiting:
    """What needs someone, and how many transfers are in the states that do not."""

    needs_count: int
    items: list[Item]
    counts: dict[str, int] = field(default_factory=dict)


def account() -> LedgerAccount | None:
    """The KashFlow account in use, with its office login."""
    return LedgerAccount.objects.select_related("office_login").filter(is_current=True).first()


def light(current: LedgerAccount | None) -> Light:
    """How the connection stands, from what is stored: nothing is asked of KashFlow while a page waits."""
    login = current.office_login if current else None
    if current is None or login is None:
        return Light(
            "warn", "KashFlow is not connected", "No login is saved.", reverse("my_details"), "My Details"
        )
    if login.refusal:
        return Light(
            "bad", "KashFlow refused the login", login.refusal_detail, reverse("my_details"), "My Details"
        )
    if current.paused_reason:
        return Light("bad", "Transfers are paused", current.paused_reason)
    return Light("good", "KashFlow connected", f"checked {moment(login.checked_at or login.saved_at)}")


def waiting(current: LedgerAccount | None) -> Waiting:
    """Transfers by what people call their state, and those that need someone; five queries."""
    if current is None:
        return Waiting(0, [])
    transfers = Transfer.objects.filter(ledger_account=current).exclude(
        state__in=[State.VERIFIED, State.DO_NOT_SEND, State.CANCELLED]
    )
    counts: dict[str, int] = {}
    for state, number in transfers.order_by().values_list("state").annotate(Count("pk")):
        word = WORD_OF[State(state)]
        counts[word] = counts.get(word, 0) + number
    # A paused run has something left to send, else it would be over.
    paused = _paused() if counts.keys() & {"waiting", "sending"} else []
    matches = _matches(current)
    differing = _differing()
    needs_count = counts.get("needs_you", 0) + len(paused) + len(matches) + len(differing)
    return Waiting(needs_count, [*paused, *_needing(current), *matches, *differing][:SHOWN], counts)


def _paused() -> list[Item]:
    return [
        Item(
            run.title.removesuffix(" to KashFlow"),
            "paused",
            run.summary,
            reverse("invoicing:run", args=[run.pk]),
            "Open the run",
        )
        for run in Run.objects.filter(kind__in=RUN_KINDS, state=Run.State.PAUSED)[:SHOWN]
    ]


def _needing(current: LedgerAccount) -> list[Item]:
    rows = Transfer.objects.select_related("invoice").filter(ledger_account=current, state__in=NEEDS_YOU)
    return [
        Item(
            name=row.invoice.company_name,
            which=str(row.invoice.number),
            cause=row.last_cause,
            url=reverse("invoicing:transfer_detail", args=[row.pk]),
            url_label="Look at it",
        )
        for row in rows.order_by("invoice__number")[:SHOWN]
    ]


def _differing() -> list[Item]:
    """One line for what the latest comparison found; none where both books agree."""
    found = comparison.differences().count()
    if not found:
        return []
    which = "1 difference" if found == 1 else f"{found:,} differences"
    cause = "Our books and KashFlow's do not agree."
    return [Item("Comparison", which, cause, reverse("invoicing:comparison"), "Look at them")]


def _matches(current: LedgerAccount) -> list[Item]:
    links = CustomerLink.objects.select_related("client").filter(ledger_account=current, state="match")
    return [
        Item(
            name=link.client.name,
            which="new customer",
            cause=link.cause or "A customer in KashFlow looks like this client.",
            url=reverse("clients:details", args=[link.client_id]),
            url_label="Review match",
        )
        for link in links.order_by("pk")
    ]
