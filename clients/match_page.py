"""What the matching page shows: four groups in order of certainty, and how many are decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from clients.matches.decisions import SURE_FROM
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from kashflow.models import LedgerAccount
from magmanager.common import paging

Decision, Kind = CodeMatchRow.Decision, CodeMatchRow.Kind
FEW, PAGE = 5, 50
ORDER = ("position",)


class About(NamedTuple):
    """A group: its icon, its tone, what is in it."""

    icon: str
    tone: str
    text: str


ABOUT = {
    Kind.EXACT: About("circle-check", "tone-good", "same code, or same name with nothing against it"),
    Kind.LIKELY: About("arrows-right-left", "tone-accent", "one client is near; look and tick"),
    Kind.AMBIGUOUS: About("help-circle", "tone-warn", "more than one client fits: choose"),
    Kind.UNMATCHED: About("circle-dashed", "text-2", "no client like it here"),
}


@dataclass
class Group:
    """One of the four. `rows` are those shown: a few, or a page where the group is open."""

    kind: CodeMatchRow.Kind
    count: int = 0
    undecided: int = 0
    rows: list[Any] = field(default_factory=list)
    is_open: bool = False
    shown: str = ""
    previous_url: str = ""
    next_url: str = ""

    @property
    def label(self) -> str:
        return str(self.kind.label)

    @property
    def about(self) -> About:
        return ABOUT[self.kind]

    @property
    def decided(self) -> int:
        return self.count - self.undecided


@dataclass(frozen=True)
class Totals:
    """How far the list is: what *Apply* would do, and what is still to decide."""

    links: int
    creates: int
    ignored: int
    undecided: int

    @property
    def ready(self) -> int:
        return self.links + self.creates


def totals(match: CodeMatch) -> Totals:
    """Counted from the rows, in one query."""
    counted = match.rows.aggregate(
        links=Count("pk", filter=Q(decision=Decision.LINK)),
        creates=Count("pk", filter=Q(decision=Decision.CREATE)),
        ignored=Count("pk", filter=Q(decision=Decision.IGNORE)),
        undecided=Count("pk", filter=Q(decision=Decision.NONE)),
    )
    return Totals(**counted)


def groups(match: CodeMatch, asked: Any, path: str) -> list[Group]:
    """The groups with their rows; `asked` (the address's parameters) may open one and name its page."""
    counted = match.rows.values("kind").annotate(
        count=Count("pk"), undecided=Count("pk", filter=Q(decision=Decision.NONE))
    )
    by_kind: dict[str, Any] = {one["kind"]: one for one in counted.order_by()}
    found = [
        Group(kind, **{n: by_kind.get(kind, {}).get(n, 0) for n in ("count", "undecided")}) for kind in Kind
    ]
    for group in found:
        rows = match.rows.select_related("client").filter(kind=group.kind)
        if asked.get("group") == group.kind:
            _page(group, rows, asked, path)
        elif group.kind != Kind.EXACT or asked.get("group"):
            group.rows = [] if asked.get("group") else list(rows.order_by("decision", "position")[:FEW])
    _decorate([row for group in found for row in group.rows])
    return found


def _page(group: Group, rows: QuerySet[CodeMatchRow], asked: Any, path: str) -> None:
    first = asked.get("first", "1")
    page = paging.page(
        rows,
        order=ORDER,
        size=PAGE,
        after=asked.get("after", ""),
        before=asked.get("before", ""),
        first=int(first) if first.isdecimal() and len(first) < 9 else 1,
    )
    group.is_open, group.rows = True, page.rows
    group.shown = page.shown(paging.Count(group.count))
    if page.previous_key:
        group.previous_url = (
            f"{path}?group={group.kind}&before={page.previous_key}&first={max(page.first - PAGE, 1)}"
        )
    if page.next_key:
        group.next_url = f"{path}?group={group.kind}&after={page.next_key}&first={page.last + 1}"


def _decorate(rows: list[Any]) -> None:
    """Adds to each row its candidates as clients, the proposed one's evidence, and its choice as the form has it."""
    wanted = {one["client"] for row in rows for one in row.candidates}
    clients = {client.pk: client for client in Client.objects.filter(pk__in=wanted)}
    for row in rows:
        row.choices = [
            {**one, "client": clients[one["client"]]} for one in row.candidates if one["client"] in clients
        ]
        row.evidence = next((one for one in row.candidates if one["client"] == row.client_id), None)
        row.is_sure = row.score >= SURE_FROM
        row.is_chosen_elsewhere = row.client_id is not None and row.evidence is None


def linked_counts(account: LedgerAccount | None) -> tuple[int, int]:
    """How many clients with bookings are linked to a KashFlow customer, and how many there are."""
    booked = Client.objects.filter(agency=None, first_booked_at__isnull=False)
    linked = CustomerLink.objects.filter(
        ledger_account=account, state=CustomerLink.State.LINKED, client__first_booked_at__isnull=False
    )
    return (linked.count() if account else 0), booked.count()
