"""The two rows that invoicing adds to the Sync card of Settings › KashFlow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from invoicing.models import Invoice
from invoicing.paid_status import runs, shown
from invoicing.transfer import pauses, payments
from invoicing.transfer.progress import progress, summary
from kashflow import answer
from kashflow.buttons import Button
from kashflow.panels import SyncRow, sign_of
from magmanager.common.models import Run
from magmanager.common.permissions import may

SHOWN = 100
PAID_STATUS = Button(
    kind=runs.KIND,
    name="Invoice paid status",
    about="Marks what is paid in KashFlow as paid here; every night at 02:15 too",
    label=runs.TITLE,
    url_name="invoicing:update_paid_status",
    verb=runs.VERB,
)
PAYMENTS = Button(
    kind=pauses.PAYMENT_RUN_KIND,
    name="Payments",
    about="Sends payments recorded here to KashFlow",
    label="Transfer Payments",
    url_name="invoicing:transfer_payments",
    verb=payments.VERB,
)


def rows(by: Any) -> list[SyncRow]:
    """*Update Invoice Paid Status* and *Transfer Payments* with their last runs."""
    return [_paid_status(by), _payments(by)]


def _last(kind: str) -> Run | None:
    return Run.objects.select_related("by").filter(kind=kind).first()


def _paid_status(by: Any) -> SyncRow:
    run = _last(runs.KIND)
    notes = _linked(run.items.all()[: SHOWN + 1]) if run and run.is_over else []
    is_flagged = shown.to_look_at(Invoice.objects.all()).exists()
    is_unread = run is not None and run.items.filter(what=runs.UNREAD).exists()
    tone, icon = sign_of(run, needs_a_look=is_flagged or is_unread)
    return SyncRow(
        button=PAID_STATUS,
        run=run,
        tone=tone,
        icon=icon,
        may_start=may(by, runs.VERB),
        help_anchor=answer.anchor_of(run.cause) if run and run.cause else "",
        changes=tuple(notes[:SHOWN]),
        has_more=len(notes) > SHOWN,
        doing="Reading invoices",
        url=f"{reverse('invoicing:invoiced')}?show=look" if run and run.is_over and is_flagged else "",
        url_label="Look at what needs it",
        never="Never updated",
    )


def _linked(notes: Iterable[Any]) -> list[Any]:
    """Each with the page of the invoice whose number it names."""
    found = list(notes)
    for note in found:
        note.url = reverse("invoicing:invoice", args=[int(note.label)]) if note.label.isdecimal() else ""
    return found


def _payments(by: Any) -> SyncRow:
    """Its run is counted from the states of the payments, so that it is true after any crash."""
    run = _last(pauses.PAYMENT_RUN_KIND)
    now = progress(run) if run else None
    tone, icon = sign_of(run, needs_a_look=bool(now and now.counts["needs_you"] + now.counts["uncertain"]))
    return SyncRow(
        button=PAYMENTS,
        run=run,
        tone=tone,
        icon=icon,
        may_start=may(by, payments.VERB),
        doing="Recording payments in KashFlow",
        done=now.counts["in_kashflow"] if now else 0,
        summary=summary(now) if run and now and run.is_over else "",
        url=reverse("invoicing:run", args=[run.pk]) if run else "",
        never="None sent yet",
    )
