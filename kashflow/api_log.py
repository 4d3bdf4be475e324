"""Every exchange with KashFlow as a row, without the login."""

from __future__ import annotations

from kashflow.gateway.exchange import Exchange
from kashflow.models import ApiCall, LedgerAccount
from settings_app.models import User


def record(exchange: Exchange, *, account: LedgerAccount | None, by: User | None, purpose: str) -> None:
    """Writes one line; the texts were masked and cut by the gateway."""
    ApiCall.objects.create(
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


def _kept(text: str) -> str:
    """PostgreSQL keeps no NUL, and a broken reply may hold one."""
    return text.replace("\0", "�")
