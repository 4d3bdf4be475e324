"""*Apply* and *Undo*: all the links of a list in one transaction, and back to how each was."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from clients import services
from clients.customer_links import values_of_many
from clients.matches.lists import BATCH, VERB
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from kashflow.models import LedgerAccount
from magmanager.common.errors import Gone
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import AuditEntry, User

Decision = CodeMatchRow.Decision
State = CustomerLink.State
# A link as it was, for *Undo*.
KEPT = (
    "state",
    "code",
    "customer_id",
    "how",
    "by_id",
    "linked_at",
    "read_at",
    "known",
    "theirs",
    "candidates",
    "cause",
)
MOMENTS = ("linked_at", "read_at")
# Ids in one statement: SQLite takes 32,766.
AT_ONCE = 5_000


@dataclass(frozen=True)
class Applied:
    """What was done: clients linked, of them made new; `left_out` were decided and could not be."""

    linked: int = 0
    made: int = 0
    left_out: int = 0


def apply(*, by: User, match: CodeMatch) -> Applied:
    """Links what was decided, all or nothing but for what changed meanwhile, which is left out with its reason.

    What is still to decide stays open.

    Raises Gone where the list is not open any more.
    """
    allow(by, VERB)
    with transaction.atomic():
        _lock(match)
        moved = CodeMatch.objects.filter(pk=match.pk, state=CodeMatch.State.OPEN)
        if not moved.update(state=CodeMatch.State.APPLIED, settled_by=by, settled_at=timezone.now()):
            raise Gone(
                "This list was applied or replaced meanwhile, so nothing was done. Open the page again."
            )
        rest = match.rows.filter(decision=Decision.NONE)
        if rest.exists():
            rest.update(match=_opened(match))
        try:
            done = _apply(by, match)
        except IntegrityError as error:
            raise Gone(
                "Somebody linked one of these clients in the same moment. Nothing was done; press Apply again."
            ) from error
    return done


def _lock(match: CodeMatch) -> None:
    """The account's row is the lock of its lists: an upload that comes in the same moment waits."""
    LedgerAccount.objects.select_for_update().get(pk=match.ledger_account_id)


def _opened(match: CodeMatch) -> CodeMatch:
    """An open list of the same reading as `match`, for what is not decided or is to be decided again."""
    names = ("ledger_account", "source", "file_name", "by", "bad_lines")
    new = CodeMatch.objects.create(**{name: getattr(match, name) for name in names})
    CodeMatch.objects.filter(pk=new.pk).update(at=match.at)
    return new


def _apply(by: User, match: CodeMatch) -> Applied:
    rows = list(match.rows.select_related("client").filter(decision__in=[Decision.LINK, Decision.CREATE]))
    links = _links(match)
    in_use = _in_use(match)
    for row in rows:
        row.left_out = _why_not(row, links, in_use)
    made = _make_clients(by, [row for row in rows if row.decision == Decision.CREATE and not row.left_out])
    values = values_of_many([row.client for row in rows if row.client and not row.left_out])
    done: list[tuple[CodeMatchRow, CustomerLink]] = []
    for row in rows:
        if row.left_out or row.client_id is None or _is_so(row, links):
            continue
        link = links.get(row.client_id) or CustomerLink(
            client_id=row.client_id, ledger_account=match.ledger_account
        )
        row.before = {} if link._state.adding else _kept(link)
        _point(link, row, by, match)
        link.known = values[row.client_id]
        done.append((row, link))
    _write([link for _, link in done])
    _keep(rows)
    audit.record_all([_entry(by, row, link) for row, link in done])
    result = Applied(len(done), made, sum(bool(row.left_out) for row in rows))
    audit.record(
        "customer_codes.applied", match, by=by, after={name: str(n) for name, n in vars(result).items()}
    )
    return result


def undo(*, by: User, match: CodeMatch) -> Applied:
    """Puts every link back as it was and takes the clients that were made away again.

    Left as it is what was used since: a link an invoice went to or somebody changed, a client with bookings.
    What was undone can be decided again, with the ticks it had, unless another list came meanwhile.
    Raises Gone where the list is not applied.
    """
    allow(by, VERB)
    with transaction.atomic():
        _lock(match)
        moved = CodeMatch.objects.filter(pk=match.pk, state=CodeMatch.State.APPLIED)
        if not moved.update(state=CodeMatch.State.UNDONE, settled_by=by, settled_at=timezone.now()):
            raise Gone("This list is not applied any more, so nothing was undone. Open the page again.")
        done = _undo(by, match)
        _decide_again(match)
    return done


def _decide_again(match: CodeMatch) -> None:
    """The rows go back to the open list of their reading, or to one of their own; not beside those of another file."""
    rows = match.rows.filter(left_out="")
    opened = CodeMatch.objects.filter(
        ledger_account=match.ledger_account_id, state=CodeMatch.State.OPEN
    ).first()
    if not rows.exists() or (opened and (opened.at, opened.by_id) != (match.at, match.by_id)):
        return
    # A client that was made and has bookings by now is one of ours: it is linked, not made twice.
    rows.filter(made_client=True, client__isnull=False).update(decision=Decision.LINK)
    if opened:
        chosen = opened.rows.filter(decision=Decision.LINK).order_by().values("client")
        rows.filter(client__in=chosen).update(decision=Decision.NONE)
    rows.update(match=opened or _opened(match), before=None, made_client=False)


def _undo(by: User, match: CodeMatch) -> Applied:
    rows = list(match.rows.select_related("client").filter(before__isnull=False))
    links = _links(match)
    gone: list[int] = []
    back: list[CustomerLink] = []
    unmade: list[Client] = []
    for row in rows:
        link = links.get(row.client_id or 0)
        if link is None or link.used_at or (link.code, link.state) != (row.code, State.LINKED):
            row.left_out = "Used or changed since, so it stays linked."
        elif row.before:
            for name, value in row.before.items():
                setattr(link, name, parse_datetime(value) if name in MOMENTS and value else value)
            back.append(link)
        else:
            gone.append(link.pk)
            unmade += [row.client] if row.made_client and row.client else []
    CustomerLink.objects.filter(pk__in=gone).delete()
    _write(back)
    taken_away = _unmake(by, unmade)
    left_out = [row for row in rows if row.left_out]
    CodeMatchRow.objects.bulk_update(left_out, ["left_out"], batch_size=BATCH)
    result = Applied(len(gone) + len(back), taken_away, len(left_out))
    audit.record(
        "customer_codes.undone", match, by=by, after={name: str(n) for name, n in vars(result).items()}
    )
    return result


# --- Clients that are made ----------------------------------------------------------------------------------


def _make_clients(by: User, rows: list[CodeMatchRow]) -> int:
    for row in rows:
        values = {"name": row.name[:100], "postcode": row.postcode, "phone": row.phone}
        row.client = services.add_client(by=by, values={**values, "email": _first_email(row.email)})
        row.made_client = True
    return len(rows)


def _first_email(text: str) -> str:
    """KashFlow keeps several addresses in one field; a client here has one, and it must be one."""
    for part in text.replace(";", " ").replace(",", " ").split():
        with suppress(ValidationError):
            validate_email(part)
            return part
    return ""


def _unmake(by: User, clients: Iterable[Client]) -> int:
    untouched = [one for one in clients if one.revision == 1 and one.first_booked_at is None]
    kept = Client.objects.filter(pk__in=[one.pk for one in untouched], contacts__isnull=True)
    taken = list(kept.filter(first_booked_at=None, managed_clients__isnull=True, customer_links__isnull=True))
    for client in taken:
        audit.record("client.removed", client, by=by, before={"name": client.name})
    CodeMatchRow.objects.filter(client__in=taken).update(client=None)
    Client.objects.filter(pk__in=[one.pk for one in taken]).delete()
    return len(taken)


# --- Links --------------------------------------------------------------------------------------------------


def _links(match: CodeMatch) -> dict[int, CustomerLink]:
    """The links in this account of every client on the list, locked. Asked for by the list, not by 50,000 ids."""
    clients = match.rows.filter(client__isnull=False).order_by().values("client")
    found = CustomerLink.objects.select_for_update().filter(
        ledger_account=match.ledger_account_id, client__in=clients
    )
    return {link.client_id: link for link in found}


def _in_use(match: CodeMatch) -> dict[str | int, int]:
    """Whose each code and each CustomerID is; KashFlow's codes are one however they are written."""
    links = CustomerLink.objects.filter(ledger_account=match.ledger_account_id, code__isnull=False)
    found: dict[str | int, int] = {}
    for client, code, customer_id in links.values_list("client_id", "code", "customer_id"):
        found[str(code).casefold()] = client
        if customer_id:
            found[customer_id] = client
    return found


def _is_so(row: CodeMatchRow, links: dict[int, CustomerLink]) -> bool:
    """Whether the client is linked to this very code already: nothing to do, and nothing to undo."""
    link = links.get(row.client_id) if row.client_id else None
    return (
        link is not None
        and link.state == State.LINKED
        and (link.code or "").casefold() == row.code.casefold()
    )


def _why_not(row: CodeMatchRow, links: dict[int, CustomerLink], in_use: dict[str | int, int]) -> str:
    if row.client_id is None and row.decision == Decision.LINK:
        return "The client is not there any more."
    holders = {
        in_use.get(row.code.casefold(), row.client_id),
        in_use.get(row.customer_id or 0, row.client_id),
    }
    if holders != {row.client_id}:
        return f"{row.code} is linked to another client."
    if row.client_id is None:
        return ""
    link = links.get(row.client_id)
    if link and link.state == State.LINKED and (link.code or "").casefold() != row.code.casefold():
        return f"The client was linked to {link.code} meanwhile."
    if link and link.state != State.LINKED and link.code and link.code.casefold() != row.code.casefold():
        return f"Customer {link.code} is being created in KashFlow for this client."
    return ""


def _point(link: CustomerLink, row: CodeMatchRow, by: User, match: CodeMatch) -> None:
    link.state, link.code, link.customer_id = State.LINKED, row.code, row.customer_id
    is_file = match.source == CodeMatch.Source.FILE
    link.how = CustomerLink.How.CSV if is_file else CustomerLink.How.API
    link.by, link.linked_at, link.read_at = by, timezone.now(), None
    link.theirs, link.candidates, link.cause = {}, [], ""


def _kept(link: CustomerLink) -> dict[str, Any]:
    values = {name: getattr(link, name) for name in KEPT}
    return {name: value.isoformat() if name in MOMENTS and value else value for name, value in values.items()}


def _write(links: list[CustomerLink]) -> None:
    fresh = [link for link in links if link._state.adding]
    changed = [link for link in links if not link._state.adding]
    columns = [name.removesuffix("_id") if name == "by_id" else name for name in KEPT]
    CustomerLink.objects.bulk_create(fresh, batch_size=BATCH)
    CustomerLink.objects.bulk_update(changed, columns, batch_size=BATCH)


def _keep(rows: list[CodeMatchRow]) -> None:
    """What *Undo* needs. Most rows say only that there was no link before: one statement does for thousands."""
    plain = [row.pk for row in rows if row.before == {} and not row.made_client]
    for n in range(0, len(plain), AT_ONCE):
        CodeMatchRow.objects.filter(pk__in=plain[n : n + AT_ONCE]).update(before={})
    others = [row for row in rows if row.before or row.made_client or row.left_out]
    CodeMatchRow.objects.bulk_update(
        others, ["client", "before", "made_client", "left_out"], batch_size=BATCH
    )


def _entry(by: User, row: CodeMatchRow, link: CustomerLink) -> AuditEntry:
    return audit.entry(
        "customer.linked",
        link,
        by=by,
        before={"kashflow_id": (row.before or {}).get("code") or ""},
        after={"kashflow_id": row.code, "how": str(link.how)},
    )
