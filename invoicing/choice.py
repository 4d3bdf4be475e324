"""The sidebar of Invoicing: which issues or months are looked at, kept in the address across its tabs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from bookings.models import Instalment
from invoicing.models import Invoice, InvoiceLine
from magmanager.common.templatetags.formats import short_issue

ISSUES, MONTHS = "issues", "months"
# Issues further ahead are not billed yet; invoiced issues further back are found by search and by month.
AHEAD, BACK = dt.timedelta(days=130), dt.timedelta(days=130)
# Issues of a title in sight: this many after what is due, and of those invoiced the newest; the rest is folded.
COMING, RECENT = 4, 6


@dataclass(frozen=True)
class Item:
    """One tick of the sidebar."""

    name: str
    value: str
    label: str
    count: int | None
    is_ticked: bool


@dataclass(frozen=True)
class Group:
    """A publication with its issues, or a year with its months."""

    code: str
    name: str
    items: tuple[Item, ...]
    more: tuple[Item, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether something is ticked in what is folded."""
        return any(item.is_ticked for item in self.more)


@dataclass(frozen=True)
class Choice:
    """What is ticked in the sidebar. `is_asked` is False where nobody chose: the address is silent, or `due` was ticked."""

    by: str = ISSUES
    issue_ids: frozenset[int] = frozenset()
    months: frozenset[dt.date] = frozenset()
    is_asked: bool = False

    @classmethod
    def read(cls, asked: QueryDict) -> Choice:
        """From an address; what cannot be read is left out."""
        by = MONTHS if asked.get("by") == MONTHS else ISSUES
        return cls(
            by=by,
            issue_ids=frozenset(
                int(text) for text in asked.getlist("issue") if text.isdecimal() and len(text) < 16
            ),
            months=frozenset(filter(None, map(_month, asked.getlist("month")))),
            is_asked="due" not in asked and bool({"by", "issue", "month"} & asked.keys()),
        )

    @property
    def is_empty(self) -> bool:
        return self.count == 0

    @property
    def narrows(self) -> bool:
        """Whether somebody chose something: what Invoiced is narrowed to, too."""
        return self.is_asked and not self.is_empty

    @property
    def count(self) -> int:
        return len(self.months if self.by == MONTHS else self.issue_ids)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(name, value) of its part of an address."""
        values = (
            sorted(f"{month:%Y-%m}" for month in self.months) if self.by == MONTHS else sorted(self.issue_ids)
        )
        due = [] if self.is_asked or self.is_empty else [("due", "1")]
        return [("by", self.by), *due, *((self.by.removesuffix("s"), str(value)) for value in values)]

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    def instalments(self) -> QuerySet[Any]:
        """Instalments to invoice in what is chosen; none where nothing is."""
        chosen = (
            _in_months("issue__on_sale_on", self.months) if self.by == MONTHS else Q(issue__in=self.issue_ids)
        )
        return (
            Instalment.objects.invoiceable().filter(chosen)
            if not self.is_empty
            else Instalment.objects.none()
        )

    def invoices(self) -> QuerySet[Invoice]:
        """Invoices with a line in a chosen issue, or of a chosen month; all where nothing is chosen."""
        every = Invoice.objects.all()
        if self.is_empty:
            return every
        if self.by == MONTHS:
            return every.filter(_in_months("invoice_date", self.months))
        return every.filter(pk__in=InvoiceLine.objects.filter(issue__in=self.issue_ids).values("invoice"))


def to_invoice(choice: Choice) -> tuple[Choice, list[Group]]:
    """The sidebar of To Invoice. Where nothing was asked, what is due is ticked: on sale by the end of this month.

    A title with nothing due has its first issue ticked; by months, the first month where none is due.
    """
    found = list(
        Instalment.objects.invoiceable()
        .filter(Q(issue__on_sale_on__lte=timezone.localdate() + AHEAD) | Q(issue__in=choice.issue_ids))
        .values_list(
            "issue_id",
            "issue__description",
            "issue__on_sale_on",
            "issue__publication__code",
            "issue__publication__name",
        )
        .annotate(count=Count("pk"))
        .order_by("issue__publication__name", "issue__on_sale_on")
    )
    if choice.is_empty and (not choice.is_asked or choice.by == MONTHS):
        choice = replace(_due_of(choice, found), is_asked=False)
    return choice, _groups(choice, found)


def invoiced(choice: Choice) -> list[Group]:
    """The sidebar of Invoiced: recent issues with how many invoices, or the months of the last year."""
    today = timezone.localdate()
    if choice.by == MONTHS:
        return _month_groups(choice, dict.fromkeys(_last_months(today) | choice.months))
    found = (
        InvoiceLine.objects.filter(
            Q(issue__on_sale_on__range=(today - BACK, today + AHEAD)) | Q(issue__in=choice.issue_ids)
        )
        .values_list(
            "issue_id",
            "issue__description",
            "issue__on_sale_on",
            "issue__publication__code",
            "issue__publication__name",
        )
        .annotate(count=Count("invoice", distinct=True))
        .order_by("issue__publication__name", "-issue__on_sale_on")
    )
    return _issue_groups(choice, list(found), lambda rows: RECENT)


def _due_of(choice: Choice, found: list[Any]) -> Choice:
    next_month = _next_month(timezone.localdate().replace(day=1))
    if choice.by == MONTHS:
        months = {row[2].replace(day=1) for row in found}
        due = {month for month in months if month < next_month}
        return replace(choice, months=frozenset(due or sorted(months)[:1]))
    ticked: list[int] = []
    for _title, group in groupby(found, key=lambda row: row[4]):
        issues = list(group)
        ticked += [row[0] for row in issues if row[2] < next_month] or [issues[0][0]]
    return replace(choice, issue_ids=frozenset(ticked))


def _groups(choice: Choice, found: list[Any]) -> list[Group]:
    if choice.by == ISSUES:
        return _issue_groups(choice, found, _in_sight)
    counts: dict[dt.date, int | None] = dict.fromkeys(choice.months, 0)
    for _, _, on_sale_on, _, _, count in found:
        month = on_sale_on.replace(day=1)
        counts[month] = (counts.get(month) or 0) + count
    return _month_groups(choice, counts)


def _in_sight(rows: list[Any]) -> int:
    next_month = _next_month(timezone.localdate().replace(day=1))
    return sum(row[2] < next_month for row in rows) + COMING


def _issue_groups(choice: Choice, found: Iterable[Any], in_sight: Callable[[list[Any]], int]) -> list[Group]:
    groups = []
    for (code, name), group in groupby(found, key=lambda row: (row[3], row[4])):
        rows = list(group)
        items = tuple(
            Item("issue", str(pk), short_issue(label), count, pk in choice.issue_ids)
            for pk, label, _, _, _, count in rows
        )
        cut = in_sight(rows)
        # A fold of one line would only be in the way.
        groups.append(
            Group(code, name, items[:cut], items[cut:]) if len(items) > cut + 1 else Group(code, name, items)
        )
    return groups


def _month_groups(choice: Choice, counts: dict[dt.date, int | None]) -> list[Group]:
    newest_first = sorted(counts, reverse=True)
    return [
        Group(
            "",
            str(year),
            tuple(
                Item("month", f"{month:%Y-%m}", f"{month:%B %Y}", counts[month], month in choice.months)
                for month in months
            ),
        )
        for year, months in groupby(newest_first, key=lambda month: month.year)
    ]


def _in_months(column: str, months: Iterable[dt.date]) -> Q:
    chosen = Q(pk__in=[])
    for first in months:
        chosen |= Q(**{f"{column}__gte": first, f"{column}__lt": _next_month(first)})
    return chosen


def _last_months(today: dt.date) -> frozenset[dt.date]:
    months, month = set(), _next_month(today.replace(day=1))
    for _ in range(13):
        months.add(month)
        month = (month - dt.timedelta(days=1)).replace(day=1)
    return frozenset(months)


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)


def _month(text: str) -> dt.date | None:
    try:
        found = dt.datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None
