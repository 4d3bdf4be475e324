"""What the matching page shows: four groups in order of certainty, and how many are decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from clients.matches.decisions import SURE_FROM, linked
from clients.matches.lists import BAD_LINES_KEPT
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from kashflow.models import LedgerAccount
from magmanager.common import paging
from magmanager.common.templatetags.formats import moment
from magmanager.common.views import PAGING_PARAMETERS

Decision, Kind = CodeMatchRow.Decision, CodeMatchRow.Kind
FEW, PAGE, FOUND = 5, 50, 12
ORDER = ("position",)


class About(NamedTuple):
    """A group: its icon, its tone, its colour in the bar, what is in it."""

    icon: str
    tone: str
    fill: str
    text: str


ABOUT = {
    Kind.EXACT: About("circle-check", "tone-good", "good", "same code, or same name with nothing against it"),
    Kind.LIKELY: About("arrows-right-left", "tone-accent", "accent", "one client is near; look and tick"),
    Kind.AMBIGUOUS: About("help-circle", "tone-warn", "warn", "more than one client fits: choose"),
    Kind.UNMATCHED: About("circle-dashed", "text-2", "quiet", "no client like it here"),
}


@dataclass
class Group:
    """One of the four. `rows` are those shown: a few, or a page where the group is open."""

    kind: CodeMatchRow.Kind
    count: int = 0
    undecided: int = 0
    rows: list[Any] = field(default_factory=list)
    is_open: bool = False
    # Where it is open: what of the address brings a person back to this page of it.
    place: dict[str, str] = field(default_factory=dict)
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


def facts(match: CodeMatch, count: int) -> list[dict[str, str]]:
    """Where the list comes from and how long it is, under the title."""
    bad = len(match.bad_lines)
    read = f"{match}, {count:,} customer{'' if count == 1 else 's'}"
    many = f"over {BAD_LINES_KEPT}" if bad > BAD_LINES_KEPT else str(bad)
    left_out = f", {many} bad line{'' if bad == 1 else 's'}" if bad else ""
    return [
        {"icon": "file-text", "text": f"{read}{left_out}"},
        {"icon": "user", "text": f"by {match.by.name} {moment(match.at)}"},
    ]


def pieces(found: list[Group]) -> list[tuple[Group, str, str]]:
    """The bar over the groups: each with its place and width of 1,000; the smallest still shows."""
    shown = [group for group in found if group.count]
    total = sum(max(group.count, 1) for group in shown)
    shares = [max(1000 * group.count / total, 6) for group in shown] if total else []
    scale, x, bar = 1000 / sum(shares) if shares else 0, 0.0, []
    for group, share in zip(shown, shares, strict=True):
        bar.append((group, f"{x:.2f}", f"{share * scale - 1.5:.2f}"))
        x += share * scale
    return bar


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
            group.rows = [] if asked.get("group") else _few(group, rows)
    _decorate([row for group in found for row in group.rows])
    return found


def _few(group: Group, rows: QuerySet[CodeMatchRow]) -> list[CodeMatchRow]:
    """Those to look at first, where not all have room; where they have, none moves when it is ticked."""
    if group.count > FEW:
        rows = rows.annotate(is_decided=~Q(decision=Decision.NONE)).order_by("is_decided", "position")
    return list(rows[:FEW])


def place(asked: Any) -> dict[str, str]:
    """The parameters of `asked` that say which group is open and which page of it."""
    if asked.get("group") not in Kind.values:
        return {}
    return {name: asked[name] for name in ("group", *PAGING_PARAMETERS) if asked.get(name)}


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
    group.is_open, group.rows, group.place = True, page.rows, place(asked)
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


def found_clients(row: CodeMatchRow, asked: str) -> list[Any]:
    """Clients a search finds for one customer, one more than is shown; `other_code` is what one is linked to already."""
    if not asked:
        return []
    found: list[Any] = list(Client.objects.filter(agency=None).matching(asked)[: FOUND + 1])
    links = linked(row.match.ledger_account_id).filter(client__in=found).exclude(code__iexact=row.code)
    codes = dict(links.values_list("client_id", "code"))
    for client in found:
        client.other_code = codes.get(client.pk, "")
    return found


def linked_counts(account: LedgerAccount | None) -> tuple[int, int]:
    """How many clients with bookings are linked to a KashFlow customer, and how many there are."""
    booked = Client.objects.filter(agency=None, first_booked_at__isnull=False)
    linked = CustomerLink.objects.filter(
        ledger_account=account, state=CustomerLink.State.LINKED, client__first_booked_at__isnull=False
    )
    return (linked.count() if account else 0), booked.count()
