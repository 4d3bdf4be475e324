"""Letting time pass for transfers."""

from __future__ import annotations

import datetime as dt

from invoicing.models import Transfer

MOMENTS = ("not_before", "lease_until", "ambiguous_since", "absent_first_at", "sent_at")


def skip(seconds: float) -> None:
    """Every moment the transfers keep moves into the past by as much."""
    by = dt.timedelta(seconds=seconds)
    for transfer in Transfer.objects.exclude(state__in=["verified", "cancelled", "do_not_send"]):
        moved = {name: getattr(transfer, name) - by for name in MOMENTS if getattr(transfer, name)}
        rows = Transfer.objects.filter(pk=transfer.pk, epoch=transfer.epoch, state=transfer.state)
        if moved:
            rows.update(**moved)
