"""Asking KashFlow for one client's paid invoices while the page shows what is known (product.md, Screens, Client).

One row a client says what is wanted, by whom, and when KashFlow was asked last; a worker does the asking.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from clients.models import Client, CustomerLink
from invoicing.models import PaidReading
from invoicing.paid_status import ours
from invoicing.paid_status.reading import Seen, ask_for_customer, ask_for_each
from invoicing.paid_status.runs import failure
from invoicing.paid_status.writing import write
from invoicing.transfer.record import in_seconds
from kashflow.connections import current_account, login_for
from kashflow.gateway.errors import GatewayError
from kashflow.limits import times
from kashflow.models import Connection, LedgerAccount
from kashflow.services import get_gateway
from magmanager.common.permissions import allow, may
from settings_app.models import SystemDefaults, User

VERB = "invoicing.view_invoices"
# Opening the tab again within this many seconds shows the answer that is there.
PAUSE = 30.0


def refresh_client(*, by: User, client: Client) -> PaidReading | None:
    """Asks for KashFlow to be asked what this client paid; the caller wakes `tasks.refresh_client` with its id.

    None while KashFlow is not the package. One at a time per client, and none within PAUSE seconds of the last
    answer: the row that is there is returned then. Raises NotAllowed, NoLogin.
    """
    allow(by, VERB)
    if not SystemDefaults.current().uses_kashflow:
        return None
    login = login_for(by)
    reading, _ = PaidReading.objects.get_or_create(ledger_account=login.ledger_account, client=client)
    long_ago = Q(read_at=None) | Q(read_at__lt=in_seconds(-PAUSE)) | ~Q(cause="")
    idle = PaidReading.objects.filter(long_ago, pk=reading.pk, wanted_at=None)
    idle.update(wanted_at=timezone.now(), lease_until=None, by=by, connection=login)
    reading.refresh_from_db()
    return reading


def reading_of(client: Client) -> PaidReading | None:
    """What is known of asking about `client` in the current account."""
    account = current_account()
    return PaidReading.objects.filter(ledger_account=account, client=client).first() if account else None


def found_nothing_to_ask(reading: PaidReading) -> bool:
    """Whether it was wanted, and none of the client's invoices is in KashFlow, so that KashFlow was not asked."""
    return (reading.wanted_at, reading.read_at, reading.cause) == (None, None, "")


def carry(reading_id: int) -> None:
    """Does the asking that one row wants; nothing where somebody else is at it or nothing is wanted."""
    if not _take(reading_id):
        return
    reading = PaidReading.objects.select_related(
        "by", "client", "ledger_account", "connection__ledger_account", "connection__user"
    ).get(pk=reading_id)
    login, by = reading.connection, reading.by
    is_theirs = login is not None and login.ledger_account_id == reading.ledger_account_id
    if login is None or by is None or not (is_theirs and may(by, VERB)):
        words = "The KashFlow login this began with is gone, so KashFlow was not asked. Open the page again."
        _end(reading, cause=words, cause_code="no_login")
        return
    _carry(reading, login, by)


def forgotten() -> list[int]:
    """The rows that want asking and that nobody is at."""
    return list(_free(PaidReading.objects.exclude(wanted_at=None)).values_list("pk", flat=True))


def _free(rows: QuerySet[PaidReading]) -> QuerySet[PaidReading]:
    return rows.filter(Q(lease_until=None) | Q(lease_until__lte=timezone.now()))


def _take(reading_id: int) -> bool:
    rows = _free(PaidReading.objects.filter(pk=reading_id).exclude(wanted_at=None))
    return rows.update(lease_until=timezone.now() + timedelta(seconds=times().lease)) == 1


def _carry(reading: PaidReading, login: Connection, by: User) -> None:
    at = timezone.now()
    try:
        seen = _ask(reading.client, login, by)
    except GatewayError as error:
        words = failure(error, 0, "It is asked again when the page is opened.")
        _end(reading, cause=words[:300], cause_code=error.code)
        return
    if seen is None:
        _end(reading, changed_count=0)
    else:
        _keep(reading, seen, at)


def _keep(reading: PaidReading, seen: list[Seen], at: datetime) -> None:
    """Writes what KashFlow said at `at`; the moment counts as an answer only where all of it could be read."""
    changes = write(reading.ledger_account, seen, at=at)
    unclear = [str(one.ours.number) for one in seen if one.verdict is None]
    if unclear:
        words = f"KashFlow could not be read about {', '.join(unclear[:5])}; nothing was changed there."
        _end(reading, cause=words, cause_code="unclear", changed_count=len(changes))
    else:
        _end(reading, read_at=at, changed_count=len(changes))


def _ask(client: Client | None, login: Connection, by: User) -> list[Seen] | None:
    """All of it before anything is written: a client's invoices are few. None where there is nothing to ask about."""
    account = login.ledger_account
    here = ours.of_client(account, client) if client else []
    if not here:
        return None
    gateway = get_gateway(login, by=by, purpose=f"Paid invoices of {client}"[:120])
    customer_id = _customer_id(client, account)
    if not customer_id:
        # Its link waits for a person, or its customer is gone there: the invoices are there all the same.
        return list(ask_for_each(gateway, here))
    return list(ask_for_customer(gateway, here, customer_id))


def _customer_id(client: Client | None, account: LedgerAccount) -> int | None:
    links = CustomerLink.objects.filter(
        client=client, ledger_account=account, state=CustomerLink.State.LINKED
    )
    return links.values_list("customer_id", flat=True).first()


def _end(reading: PaidReading, *, cause: str = "", cause_code: str = "", **values: object) -> None:
    PaidReading.objects.filter(pk=reading.pk).update(
        wanted_at=None, lease_until=None, cause=cause, cause_code=cause_code, **values
    )
