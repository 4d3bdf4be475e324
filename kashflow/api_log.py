"""Every exchange with KashFlow as a row, without the login; kept for KEPT_DAYS."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from kashflow.gateway.exchange import Exchange
from kashflow.models import ApiCall, LedgerAccount
from magmanager.common import rows
from settings_app.models import User

KEPT_DAYS = 90
FORGET_AT_ONCE = 1_000


def record(exchange: Exchange, *, account: LedgerAccount | None, by: User | None, purpose: str) -> None:
    """Writes one line; the texts were masked and cut by the gateway."""
    call = ApiCall(
        at=exchange.started_at,
        ledger_account=account,
        by=by,
        operation=exchange.operation,
        milliseconds=round(exchange.seconds * 1000),
        outcome=exchange.outcome,
        detail=_kept(exchange.detail)[:300],
        purpose=purpose[:120],
        request_xml=_kept(exchange.request_xml),
        response_xml=_kept(exchange.response_xml),
    )
    rows.insert(call)


def forget_old_calls() -> int:
    """Deletes what is older than KEPT_DAYS, a thousand rows at a time, and returns how many went."""
    before, gone = timezone.now() - timedelta(days=KEPT_DAYS), 0
    while some := _oldest(before):
        gone += ApiCall.objects.filter(pk__in=some).delete()[0]
    return gone


def _oldest(before: datetime) -> list[int]:
    old = ApiCall.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)
    return list(old[:FORGET_AT_ONCE])


def _kept(text: str) -> str:
    """PostgreSQL keeps no NUL, and a broken reply may hold one."""
    return text.replace("\0", "�")
