"""What stands around every page of Invoicing: the three tabs with their counts, and the sidebar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from invoicing.choice import ISSUES, MONTHS, Choice, Group, to_invoice
from invoicing.models import Invoice, Transfer
from invoicing.transfer.states import NEEDS_YOU
from magmanager.common.paging import count

TO_INVOICE, INVOICED, TRANSFERS, COMPARISON = "To Invoice", "Invoiced", "Transfers", "Comparison"


def tabs(active: str, choice: Choice | None = None, *, uses_kashflow: bool) -> list[dict[str, Any]]:
    """The tabs, each counting what its list shows when it is opened.

    A choice somebody made goes along between To Invoice and Invoiced; without one, To Invoice has what is due and
    Invoiced every document.
    """
    choice = choice or Choice()
    query = f"?{choice.query}" if choice.narrows else ""
    here = choice if choice.narrows or active == TO_INVOICE else to_invoice(Choice())[0]
    made = [
        {
            "label": TO_INVOICE,
            "url": reverse("invoicing:to_invoice") + query,
            "count": count(here.instalments()),
        },
        {
            "label": INVOICED,
            "url": reverse("invoicing:invoiced") + query,
            "count": count(choice.invoices() if choice.narrows else Invoice.objects.all()),
        },
    ]
    if uses_kashflow:
        needs = Transfer.objects.filter(state__in=NEEDS_YOU, ledger_account__is_current=True).count()
        made.append(
            {
                "label": TRANSFERS,
                "url": reverse("invoicing:transfers"),
                "needs": f"{needs} need{'s' if needs == 1 else ''} you" if needs else "",
            }
        )
        made.append({"label": COMPARISON, "url": reverse("invoicing:comparison")})
    return [{**tab, "active": tab["label"] == active} for tab in made]


def sidebar(
    choice: Choice,
    groups: Sequence[Group],
    *,
    url_name: str,
    keep: Iterable[tuple[str, str]] = (),
    none: str,
    unchosen: str,
) -> dict[str, Any]:
    """The sidebar of the list `url_name`; `keep` are that list's filters, `none` says why it is empty,
    `unchosen` what is shown while nothing is ticked."""
    url, kept = reverse(url_name), list(keep)
    views = [("Issues", ISSUES, kept), ("Months", MONTHS, [*kept, ("by", MONTHS)])]
    return {
        "choice": choice,
        "groups": groups,
        "sidebar_url": url,
        "keep_filters": kept,
        "sidebar_none": none,
        "unchosen": unchosen,
        "sidebar_views": [
            {"label": label, "url": f"{url}?{urlencode(address)}", "active": choice.by == by}
            for label, by, address in views
        ],
    }
