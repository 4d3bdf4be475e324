"""What a client owes, stored beside it for the lists; written by the floor above in its own transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import connection

from clients.models import Client
from magmanager.common import many
from magmanager.common.money import to_pence

Owed = Mapping[int, tuple[Decimal, dt.date | None]]
"""By client id: pounds to add (less than nothing where money came in), and a due date."""

# One statement for a whole batch: a save per client costs more than raising its invoice.
UPDATE = """
    UPDATE clients_client SET balance_amount = balance_amount + owed.pence, oldest_due_on = {oldest}
    FROM ({rows}) AS owed
    WHERE clients_client.id = owed.id
"""
COLUMNS = {"id": "bigint", "pence": "bigint", "due_on": "date"}
EARLIER = {
    "sqlite": "min(coalesce(oldest_due_on, owed.due_on), owed.due_on)",
    "postgresql": "least(oldest_due_on, owed.due_on)",
}


def add_to_balances(owed: Owed) -> None:
    """Adds pounds to each client id's balance, and lets its oldest due date reach back to the new one."""
    _update(EARLIER[connection.vendor], owed)


def lock_balances(client_ids: Iterable[int]) -> None:
    """Holds the rows of these clients until the transaction ends: what is read of their invoices stays true."""
    rows = Client.objects.select_for_update(no_key=True).filter(pk__in=many.among(client_ids))
    list(rows.order_by("pk").values_list("pk"))


def change_balances(owed: Owed) -> None:
    """Adds pounds and sets the oldest due date of clients that were locked before it was looked up."""
    _update("owed.due_on", owed)


def _update(oldest: str, owed: Owed) -> None:
    rows = sorted(
        (client_id, to_pence(amount), due_on.isoformat() if due_on else None)
        for client_id, (amount, due_on) in owed.items()
    )
    many.execute(UPDATE.replace("{oldest}", oldest), COLUMNS, rows)


def set_balance(client_id: int, amount: Decimal, oldest_due_on: dt.date | None) -> None:
    """Writes anew what a client owes, in pounds, and since when; the caller holds the row (`hold_balance`)."""
    Client.objects.filter(pk=client_id).update(balance_amount=amount, oldest_due_on=oldest_due_on)


def hold_balance(client_id: int) -> None:
    """Locks a client's row until the transaction ends, so that what is counted for it now stays true."""
    Client.objects.select_for_update(no_key=True).get(pk=client_id)
