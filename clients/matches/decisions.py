"""What people say of the proposals. Nothing outside the list is changed by it."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from clients.matches.lists import VERB
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from magmanager.common.errors import DomainError, Gone
from magmanager.common.permissions import allow
from settings_app.models import User

Decision = CodeMatchRow.Decision
# From this score on *All over 85 %* ticks the likely ones.
SURE_FROM = 85


class ClientChosenTwice(DomainError):
    """Another customer of the list has this client."""

    code = "client_chosen_twice"


class ClientLinkedAlready(DomainError):
    """The client is another customer of KashFlow."""

    code = "client_linked_already"


def decide(*, by: User, row: CodeMatchRow, decision: str, client: Client | None = None) -> None:
    """Sets what becomes of one customer; LINK needs a `client`, else the proposed one is meant.

    Raises ClientChosenTwice, ClientLinkedAlready, and Gone where the list is not open any more.
    """
    allow(by, VERB)
    chosen = client or row.client
    if decision == Decision.LINK and chosen is None:
        raise Gone("The client that was proposed is not there any more. Choose another one.")
    if decision == Decision.LINK and chosen and chosen.agency_id:
        chosen = chosen.agency
    if decision == Decision.LINK and chosen:
        _refuse_linked(row, chosen)
    values = {"decision": decision, "left_out": ""}
    rows = CodeMatchRow.objects.filter(pk=row.pk, match__state=CodeMatch.State.OPEN)
    try:
        with transaction.atomic():
            done = rows.update(**values, **({"client": chosen} if decision == Decision.LINK else {}))
    except IntegrityError as error:
        raise _twice(row, chosen) from error
    if not done:
        raise Gone("This list was applied or replaced meanwhile. Open the page again.")


def decide_all(*, by: User, match: CodeMatch, kind: str, decision: str) -> int:
    """Sets every customer of a group that a person has not decided; returns how many.

    LINK ticks the exact ones, and the likely ones from SURE_FROM on; NONE takes the ticks of a group away.
    """
    allow(by, VERB)
    rows = CodeMatchRow.objects.filter(match=match, match__state=CodeMatch.State.OPEN, kind=kind)
    if decision == Decision.NONE:
        return rows.exclude(decision=Decision.NONE).update(decision=Decision.NONE)
    rows = rows.filter(decision=Decision.NONE)
    if decision == Decision.LINK:
        # A client two customers hold, or one that is taken, is for a person to settle.
        held = match.rows.filter(client__isnull=False).values("client").annotate(held=Count("pk"))
        twice = list(held.filter(held__gt=1).order_by().values_list("client", flat=True))
        rows = rows.filter(client__isnull=False).exclude(client__in=twice)
        others = linked(match.ledger_account_id).filter(client=OuterRef("client"))
        rows = rows.exclude(Exists(others.exclude(code__iexact=OuterRef("code"))))
        if kind == CodeMatchRow.Kind.LIKELY:
            rows = rows.filter(score__gte=SURE_FROM)
    return rows.update(decision=decision)


def linked(account: int) -> QuerySet[CustomerLink]:
    """The links of a ledger account that stand."""
    return CustomerLink.objects.filter(ledger_account=account, state=CustomerLink.State.LINKED)


def _refuse_linked(row: CodeMatchRow, client: Client) -> None:
    others = linked(row.match.ledger_account_id).filter(client=client).exclude(code__iexact=row.code)
    if link := others.first():
        raise ClientLinkedAlready(
            f"{client} is linked to {link.code} already. Choose another client, or ignore this customer."
        )


def _twice(row: CodeMatchRow, client: Client | None) -> ClientChosenTwice:
    other = CodeMatchRow.objects.filter(match=row.match_id, client=client, decision=Decision.LINK).first()
    whose = f"{other.code} {other.name}" if other else "another customer"
    return ClientChosenTwice(
        f"{client} is chosen for {whose} already. A client is one customer: untick that one first."
    )
