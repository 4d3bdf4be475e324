"""What every errand does with an answer that is no answer: later, off, uncertain, absent.

An errand is one write into KashFlow with its row: a document, a payment, a credit note set off, a deletion. The
rules for what failed are the same for all of them (transfer.md, What an answer means; The other writes).
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from clients.models import CustomerLink
from invoicing.models import Invoice, Transfer
from invoicing.transfer import causes, claims, pauses
from invoicing.transfer.record import Lost, Phase, in_seconds, note, record
from invoicing.transfer.refusals import words_said_twice
from invoicing.transfer.states import NEEDS_YOU, Event, State
from invoicing.transfer.verdict import classify
from invoicing.transfer.waits import wait_after
from invoicing.transfer.work import Work
from kashflow.gateway.errors import Busy, ConnectionOff, GatewayError, NotSent, RateLimited, SaidNo, Unknown
from kashflow.limits import times
from kashflow.models import LedgerAccount

log = logging.getLogger(__name__)
A_DAY = 24 * 60 * 60
CUSTOMER_UNRESOLVED = "customer_unresolved"


@dataclass(frozen=True)
class NotDone:
    """What is said of a write that was looked for and not found: seen once, proved, and cancelled meanwhile."""

    seen: str = "Not in KashFlow."
    proved: str = "It never reached KashFlow: absent in two reads of different kinds, twice. It can be sent."
    cancelled: str = "It never reached KashFlow, and is cancelled now."


DOCUMENT = NotDone()


def read_failed(work: Work, error: GatewayError, phase: Phase) -> None:
    """A look failed: nothing was learned, and nothing is sent. CLAIMED goes back to READY, AMBIGUOUS stays."""
    transfer = work.transfer
    if _is_uncertain_too_long(transfer):
        _give_up(transfer, phase)
    elif isinstance(error, ConnectionOff):
        event = Event.READ_FAILED if transfer.state == State.AMBIGUOUS else Event.CONNECTION_OFF
        off(transfer, event, error, phase)
        pauses.stop_runs(transfer, work.login, error)
    else:
        later(transfer, Event.READ_FAILED, error, phase)


def not_written(work: Work, error: GatewayError, phase: Phase) -> None:
    """SENDING: the write did not answer with success. What that means is `verdict.classify`'s."""
    event = classify(error)
    if event is Event.NOT_SENT:
        later(work.transfer, event, error, phase)
        return
    why = causes.cause(error.sentence, error.code)
    record(work.transfer, event, what=error.sentence, phase=phase, **why)
    if isinstance(error, ConnectionOff):
        pauses.stop_runs(work.transfer, work.login, error)


def not_read_back(work: Work, error: GatewayError, phase: Phase) -> None:
    """SENT stays SENT, and is read back again later."""
    if isinstance(error, ConnectionOff):
        off(work.transfer, Event.READ_BACK_FAILED, error, phase)
        pauses.stop_runs(work.transfer, work.login, error)
    else:
        later(work.transfer, Event.READ_BACK_FAILED, error, phase)


def absent(work: Work, phase: Phase, words: NotDone = DOCUMENT) -> None:
    """Absent once is looked for again; absent twice, far enough apart, is proof."""
    transfer, wait = work.transfer, times().between_looks
    if not transfer.absent_seen or transfer.absent_first_at is None:
        what = f"{words.seen} It is looked for once more before anything is sent."
        values: dict[str, Any] = {
            "absent_seen": 1,
            "absent_first_at": timezone.now(),
            "not_before": in_seconds(wait),
            "lease_until": None,
        }
        note(transfer, outcome="absent_once", what=what, phase=phase, **values)
    elif timezone.now() - transfer.absent_first_at < dt.timedelta(seconds=wait):
        again_at = transfer.absent_first_at + dt.timedelta(seconds=wait)
        note(
            transfer,
            outcome="absent_too_soon",
            what=words.seen,
            not_before=again_at,
            lease_until=None,
        )
    elif claims.wait_again_if_jumped(work.account):
        log.info("The clock jumped, so that %s is absent proves nothing yet.", transfer.pk)
    elif work.is_cancelled:
        record(transfer, Event.CANCEL_REQUESTED, what=words.cancelled, phase=phase)
    elif said := words_said_twice(transfer):
        cause = (
            f"KashFlow refused it twice: “{said}”. Nothing was done there. Mend what it says, then recheck."
        )
        record(transfer, Event.REFUSED_TWICE, what=cause, phase=phase, **causes.cause(cause, SaidNo.code))
    else:
        clear: dict[str, Any] = {"last_cause": "", "cause_code": ""}
        record(transfer, Event.ABSENT_PROVED, what=words.proved, phase=phase, **clear)


def off(transfer: Transfer, event: Event, error: ConnectionOff, phase: Phase | None) -> None:
    """Back to where it was, no try counted: nothing is wrong with this one."""
    # Not at once: where no run holds it back, a lane would take it up again without end.
    again_at = in_seconds(times().sweep)
    why = causes.cause(error.sentence, error.code, lease_until=None, not_before=again_at)
    record(transfer, event, what=error.sentence, phase=phase, **why)


def later(transfer: Transfer, event: Event, error: GatewayError, phase: Phase) -> None:
    """Tried again after a wait; where KashFlow as a whole is away, the others of the account wait with it."""
    tries = transfer.tries + 1
    wait = wait_after(error, transfer.pk, tries) * settings.TIME_SCALE
    columns = {"tries": tries, "not_before": in_seconds(wait), "lease_until": None}
    words = _words(transfer, error)
    record(transfer, event, what=words, phase=phase, **causes.cause(words, error.code, **columns))
    if isinstance(error, NotSent | RateLimited) and not isinstance(error, Busy):
        pauses.hold_others(transfer, error)


def _words(transfer: Transfer, error: GatewayError) -> str:
    """An unclear answer to a read leaves no doubt about what was written: nothing was."""
    if not isinstance(error, Unknown):
        return error.sentence
    said = (
        f"KashFlow said no: “{error.words[:120]}”"
        if isinstance(error, SaidNo)
        else "KashFlow gave no clear answer"
    )
    if transfer.state == State.CLAIMED:
        return f"{said} before anything was sent. Nothing was sent; it is tried again by itself."
    return f"{said} when it was looked at. Nothing is sent; it is looked at again by itself."


def switched_off(transfer: Transfer, error: ConnectionOff) -> None:
    """No login to work with, found before any call."""
    event = Event.CONNECTION_OFF if transfer.state == State.CLAIMED else Event.READ_FAILED
    if transfer.state == State.SENT:
        event = Event.READ_BACK_FAILED
    try:
        if _is_uncertain_too_long(transfer):
            _give_up(transfer)
        else:
            off(transfer, event, error, None)
    except Lost:
        return
    pauses.stop_runs(transfer, None, error)


def ask_about_unreadable(account: LedgerAccount) -> int:
    """Hands a person what is uncertain for a day under a login that is off; returns how many.

    Nobody takes these up (`claims.due`), so no look of theirs fails and says so.
    """
    rows = Transfer.objects.filter(
        ~Q(connection__refusal=""),
        ledger_account=account,
        connection__isnull=False,
        state=State.AMBIGUOUS,
        ambiguous_since__lt=timezone.now() - _a_day(),
    )
    return sum(_asked_about(transfer) for transfer in rows)


def go_on_with_known_customers(account: LedgerAccount) -> int:
    """Looks again at what waited for a person to say who its customer is, once that was said; returns how many."""
    undecided = CustomerLink.objects.filter(ledger_account=account, state=CustomerLink.State.MATCH)
    waiting = Transfer.objects.filter(
        ledger_account=account,
        state__in=NEEDS_YOU,
        cause_code=CUSTOMER_UNRESOLVED,
        invoice__state=Invoice.State.RAISED,
    )
    return sum(
        _looked_for_again(one) for one in waiting.exclude(invoice__payer__in=undecided.values("client"))
    )


def _looked_for_again(transfer: Transfer) -> bool:
    values: dict[str, Any] = {
        # No create is in flight where a person was asked: the settle wait is over.
        "ambiguous_since": in_seconds(-times().settle),
        "not_before": None,
        "tries": 0,
        "last_cause": "",
        "cause_code": "",
    }
    try:
        record(
            transfer,
            Event.RECHECK,
            what="Its customer was settled. It is looked for, and then sent.",
            **values,
        )
    except Lost:
        return False
    return True


def _asked_about(transfer: Transfer) -> bool:
    try:
        _give_up(transfer)
    except Lost:
        return False
    return True


def _give_up(transfer: Transfer, phase: Phase | None = None) -> None:
    cause = "Uncertain for a day, because KashFlow could not be read. Look there, then recheck."
    why = causes.cause(cause, "uncertain_too_long")
    record(transfer, Event.UNCERTAIN_TOO_LONG, what=cause, phase=phase, **why)


def is_settling(transfer: Transfer) -> bool:
    """Whether what KashFlow took may still come to be seen there."""
    sent_at = transfer.sent_at or timezone.now()
    return timezone.now() - sent_at < dt.timedelta(seconds=times().settle)


def _is_uncertain_too_long(transfer: Transfer) -> bool:
    since = transfer.ambiguous_since
    return transfer.state == State.AMBIGUOUS and since is not None and timezone.now() - since > _a_day()


def _a_day() -> dt.timedelta:
    return dt.timedelta(seconds=A_DAY * settings.TIME_SCALE)
