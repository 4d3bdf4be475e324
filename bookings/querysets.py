"""Questions about many bookings and instalments."""

from __future__ import annotations

from typing import Any, Self

from django.db import models


class InstalmentQuerySet(models.QuerySet[Any]):
    """What can still be billed."""

    def invoiceable(self) -> Self:
        """Open, of a confirmed booking that was not invoiced elsewhere."""
        return self.filter(
            is_open=True, booking__state="confirmed", booking__invoiced_elsewhere_at__isnull=True
        )
