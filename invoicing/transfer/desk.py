"""What a person decides about a transfer that cannot go on by itself: the verbs of the Transfer desk.

Each is one conditional move (or, for a retry, one conditional update), with who and why in the transfer's history
and in the audit log. None talks to KashFlow: a lane does what follows.

design: transfer.md, States (recheck, link, keep both numbers, do not send).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from invoicing.models import Invoice, Transfer
from invoicing.reasons import reason_of
from invoicing.transfer import acts, adoption, second_person
from invoicing.transfer.mapping import marker_of
from invoicing.transfer.record import Lost, note, record
from invoicing.transfer.services import look_again, refuse_if_off, start_run
from invoicing.transfer.states import NEEDS_YOU, WORD_OF, WORDS, Event, State
from kashflow.connections import login_for
from kashflow.models import Connection
from magmanager.common.errors import DomainError, Gone
from magmanager.common.models import Run
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User

RECHECK, RETRY, ADOPT, DO_NOT_SEND = (
    f"invoicing.{act}" for act in (acts.RECHECK, acts.RETRY, acts.ADOPT, acts.DO_NOT_SEND)
)
# A press works through at most this many; what is left stays listed, and the next press takes it.
MOST = 5_000
WHY = "Say why: it stays in the history of this invoice."


class NotInThisState(DomainError):
    """The transfer is in a state from which the state table knows no such move."""

    code = "not_in_this_state"


class DocumentChanged(DomainError):
    """What KashFlow has is not what the person looked at."""

    code = "document_changed"


class TotalsDiffer(DomainError):
    """Money that differs is not linked."""

    code = "totals_differ"


class DocumentTaken(DomainError):
    """KashFlow's document is another invoice of ours already."""

    code = "document_taken"


class NothingToDo(DomainError):
    """None of the transfers is in the state any more in which they were listed."""

    code = "nothing_to_do"


def recheck(*, by: User, transfer: Transfer) -> Run:
    """Looks for it in KashFlow again, reading only; sent only once it is proved absent. Returns the run.

    The caller wakes the workers. Raises NoLogin, TransfersStopped, NotInThisState, Gone.
    """
    allow(by, RECHECK)
    login = _login(by)
    row = _fresh(transfer, acts.RECHECK)
    with transaction.atomic():
        if not look_again(row, login, by):
            raise _gone(row)
        return _run(by, [row], login, "recheck", f"Recheck of {_named(row)}")


def recheck_all(*, by: User, cause: str) -> Run:
    """As `recheck`, of every transfer that needs a person for this cause (a code). Raises NothingToDo too."""
    allow(by, RECHECK)
    login = _login(by)
    waiting = Transfer.objects.filter(
        ledger_account=login.ledger_account_id, state__in=NEEDS_YOU, cause_code=cause
    )
    with transaction.atomic():
        found = [row for row in _in_order(waiting) if look_again(row, login, by)]
        return _run(by, found, login, "recheck", f"Recheck of {_many(found)}")


def retry(*, by: User, transfer: Transfer) -> Run:
    """Makes one that waits after a failure due at once. Returns its run; the caller wakes the workers.

    Raises NoLogin, TransfersStopped, NotInThisState, Gone.
    """
    allow(by, RETRY)
    login = _login(by)
    row = _fresh(transfer, acts.RETRY)
    with transaction.atomic():
        if not _due_at_once(row, login, by):
            raise _gone(row)
        return _run(by, [row], login, "retry", f"Retry of {_named(row)}")


def retry_all(*, by: User) -> Run:
    """As `retry`, of everything that waits after a failure. Raises NothingToDo too."""
    allow(by, RETRY)
    login = _login(by)
    waiting = Transfer.objects.filter(
        ledger_account=login.ledger_account_id, state=State.READY, not_before__isnull=False
    )
    with transaction.atomic():
        found = [row for row in _in_order(waiting) if _due_at_once(row, login, by)]
        return _run(by, found, login, "retry", f"Retry of {_many(found)}")


def adopt(*, by: User, transfer: Transfer, dbid: int, seen: str, reason: str) -> Run | None:
    """KashFlow's document `dbid` is this invoice: *Link*, and where it has another number *Keep both numbers*.

    `seen` is the fingerprint of what the page showed. Nothing is written into a document somebody else made, so our
    marker is not on it: it is known by its id. A lane reads it once more and accepts it only as it was seen.
    Above the amount of System Defaults the first press only proposes it, and None is returned.
    Raises NoLogin, TransfersStopped, NotInThisState, ReasonMissing, DocumentChanged, TotalsDiffer, DocumentTaken,
    SecondPersonNeeded, Gone.
    """
    allow(by, ADOPT)
    reason = reason_of(reason, WHY)
    login = _login(by)
    row = _fresh(transfer, acts.ADOPT)
    kept = _seen(row, dbid, seen)
    _refuse_other_money(row, kept)
    _refuse_taken(row, kept)
    proposed = second_person.proposal(row)
    if second_person.is_needed(row):
        if proposed is None or proposed.seen != seen:
            _propose(row, kept, by, reason)
            return None
        second_person.refuse_same(proposed, by)
    return _link(row, kept, login, by, reason, proposed)


def _link(
    row: Transfer,
    kept: dict[str, Any],
    login: Connection,
    by: User,
    reason: str,
    proposed: second_person.Proposal | None,
) -> Run:
    agreed = f", as {proposed.by} proposed" if proposed else ""
    what = f"Linked to number {kept['number']} in KashFlow{agreed}. {reason}"
    values: dict[str, Any] = {"lease_until": None, "not_before": None, "tries": 0, "connection": login}
    try:
        with transaction.atomic():
            record(row, Event.ADOPTED, what=what, by=by, **values, **adoption.accepted(row, kept))
            after = {name: kept[name] for name in ("number", "dbid", "differences")}
            after |= {"proposed_by": proposed.by.email} if proposed else {}
            audit.record("transfer.adopted", row, by=by, after={**after, "reason": reason})
            title = f"Link of {_named(row)} to number {kept['number']}"
            return start_run([row], by, login, title=title)
    except Lost:
        raise _gone(row) from None
    except IntegrityError:
        raise _taken() from None


def _propose(row: Transfer, kept: dict[str, Any], by: User, reason: str) -> None:
    what = f"Linking it to number {kept['number']} in KashFlow was proposed. {reason}"
    after = {"number": kept["number"], "dbid": kept["dbid"], "reason": reason}
    try:
        with transaction.atomic():
            note(row, outcome="link_proposed", what=what, by=by, **second_person.columns(kept, by))
            audit.record("transfer.link_proposed", row, by=by, after=after)
    except Lost:
        raise _gone(row) from None


def do_not_send(*, by: User, transfer: Transfer, reason: str) -> None:
    """Keeps it here alone, for good, and what waits for it. Raises ReasonMissing, NotInThisState, Gone."""
    allow(by, DO_NOT_SEND)
    reason = reason_of(reason, WHY)
    row = _fresh(transfer, acts.DO_NOT_SEND)
    try:
        with transaction.atomic():
            # The invoice's row first: a credit note raised meanwhile is among those that wait for it, or knows.
            Invoice.objects.select_for_update(no_key=True).get(pk=row.invoice_id)
            for one in [row, *_waiting_for(row)]:
                _keep_here(one, by, reason)
    except Lost:
        raise _gone(row) from None


def _keep_here(row: Transfer, by: User, reason: str) -> None:
    before = {"state": row.state}
    record(row, Event.DO_NOT_SEND, what=f"Not to be sent. {reason}", by=by)
    audit.record("transfer.do_not_send", row, by=by, before=before, after={"reason": reason})


def _waiting_for(row: Transfer) -> Iterable[Transfer]:
    """The errands that wait until KashFlow has the document of `row`: setting it off, and its credit notes whole."""
    if row.kind != Transfer.Kind.CREATE:
        return []
    own = Q(invoice=row.invoice_id, kind=Transfer.Kind.APPLY)
    waiting = Transfer.objects.filter(ledger_account=row.ledger_account_id, state=State.READY)
    return waiting.filter(own | Q(invoice__credits=row.invoice_id))


def _login(by: User) -> Connection:
    login = login_for(by)
    refuse_if_off(login)
    return login


def _fresh(transfer: Transfer, act: str) -> Transfer:
    """The row as it is now. Raises NotInThisState."""
    row = Transfer.objects.select_related("invoice").get(pk=transfer.pk)
    if not acts.is_possible(act, State(row.state)):
        word = WORDS[WORD_OF[State(row.state)]]
        raise NotInThisState(f"{_named(row)} is “{word}” by now, so nothing was changed. Look at it again.")
    return row


def _in_order(rows: Any) -> Iterable[Transfer]:
    return list(rows.select_related("invoice").order_by("invoice__number")[:MOST])


def _due_at_once(row: Transfer, login: Connection, by: User) -> bool:
    values: dict[str, Any] = {"not_before": None, "last_cause": "", "cause_code": "", "connection": login}
    try:
        note(row, outcome="retry", what="Tried again at once.", by=by, **values)
    except Lost:
        return False
    return True


def _run(by: User, found: list[Transfer], login: Connection, act: str, title: str) -> Run:
    if not found:
        raise NothingToDo("Somebody else was quicker: none of them is waiting for this any more.")
    run = start_run(found, by, login, title=title)
    audit.record(f"transfers.{act}", run, by=by, after={"transfers": len(found)})
    return run


def _seen(row: Transfer, dbid: int, seen: str) -> dict[str, Any]:
    kept = next((one for one in adoption.documents(row) if one["dbid"] == dbid), None)
    if kept is None or not adoption.is_whole(kept) or adoption.fingerprint(kept) != seen:
        raise DocumentChanged(
            "KashFlow's document is not the one you looked at any more, so nothing was linked. "
            "It is shown as it was read last; compare the two again."
        )
    return kept


def _refuse_other_money(row: Transfer, kept: dict[str, Any]) -> None:
    theirs = adoption.total_of(kept)
    if theirs != row.invoice.total:
        raise TotalsDiffer(
            f"The totals differ: £{row.invoice.total:,.2f} here, £{theirs:,.2f} in KashFlow. Money that differs is "
            "never linked. Put it right in KashFlow and recheck, cancel and raise again, or do not send it."
        )


def _refuse_taken(row: Transfer, kept: dict[str, Any]) -> None:
    marker = marker_of(kept["reference"])
    others = Invoice.objects.filter(marker=marker).exclude(pk=row.invoice_id)
    if (marker and others.exists()) or row.invoice.state == Invoice.State.CANCELLED:
        raise _taken()


def _taken() -> DocumentTaken:
    return DocumentTaken(
        "This invoice is cancelled, or KashFlow's document is another invoice of ours already, "
        "so it was not linked. Cancel and raise again, or do not send it."
    )


def _gone(row: Transfer) -> Gone:
    return Gone(f"Somebody else was quicker with {_named(row)}, so nothing was changed. Look at it again.")


def _named(row: Transfer) -> str:
    return f"{row.invoice.get_kind_display().lower()} {row.invoice.number}"


def _many(found: list[Transfer]) -> str:
    return "1 transfer" if len(found) == 1 else f"{len(found):,} transfers"
