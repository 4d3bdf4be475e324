"""What happens around the workers: KashFlow carries calls out, time passes, things fail, people act."""

from __future__ import annotations

from invoicing.transfer.states import LEASED, NEEDS_YOU, Event, State
from invoicing.transfer.verdict import classify
from kashflow.gateway.answers import refusal
from kashflow.gateway.errors import EnvelopeRefused, GatewayError, NotSent, RateLimited, Unknown
from kashflow.sandbox.errors import NUMBER_NOT_UNIQUE
from tests.proof.model.rules import Setting
from tests.proof.model.work import Steps, start_settle_again
from tests.proof.model.world import (
    PERSON,
    RESTING,
    At,
    Document,
    Request,
    Row,
    Worker,
    World,
    moved,
    next_number,
    own_number,
)

# --- KashFlow -----------------------------------------------------------------------------------------------


def carry_out(world: World, setting: Setting) -> Steps:
    """A create that arrived is carried out, while somebody waits for its reply or after nobody does."""
    for n, worker in enumerate(world.workers):
        if worker.request:
            after, number = _stored(world, setting, worker.request)
            heard = worker._replace(at=At.ANSWERED, number=number, request=None)
            if not number:
                unknown = classify(refusal("InsertInvoice", NUMBER_NOT_UNIQUE))
                heard = heard._replace(at=At.RECORD, event=unknown)
            yield f"KashFlow carries out worker {n}'s create", after.worker(n, heard)
    for n, request in enumerate(world.orphans):
        after, _ = _stored(world, setting, request)
        yield "KashFlow carries out a create nobody waits for", _without_orphan(after, n)


def _stored(world: World, setting: Setting, request: Request) -> tuple[World, int]:
    """The ledger after a create, and the number it answers with; 0 where it refused."""
    documents, number = world.documents, request.number
    at = next((n for n, one in enumerate(documents) if one.number == number), None)
    if at is not None and not setting.numbers_are_ours and documents[at].owner == PERSON:
        # Its own screens and its own numbering know of each other.
        at, number = None, next_number(documents)
    ours = Document(request.invoice, number)
    if at is None or setting.taken == "duplicate":
        return world._replace(documents=(*documents, ours)), number
    if setting.taken == "refuse":
        return world, 0
    replaced = world.replaced
    if documents[at].owner == PERSON:
        explained = documents[at].in_window and request.in_time
        replaced = "window" if explained and replaced in ("", "window") else "no window"
    return world._replace(documents=(*documents[:at], ours, *documents[at + 1 :]), replaced=replaced), number


def _without_orphan(world: World, n: int) -> World:
    return world._replace(orphans=(*world.orphans[:n], *world.orphans[n + 1 :]))


# --- Time ---------------------------------------------------------------------------------------------------


def pass_time(world: World, setting: Setting) -> Steps:
    """One tick: a lease. What is still under way in KashFlow is carried out or lost in time."""
    requests = [*world.orphans, *(worker.request for worker in world.workers if worker.request)]
    if any(not request.left for request in requests):
        return
    rows = tuple(row._replace(lease=max(row.lease - 1, 0), wait=max(row.wait - 1, 0)) for row in world.rows)
    workers = tuple(worker._replace(fresh=False, request=_older(worker.request)) for worker in world.workers)
    orphans = tuple(request._replace(left=request.left - 1) for request in world.orphans)
    yield "time passes", world._replace(rows=rows, workers=workers, orphans=orphans)


def _older(request: Request | None) -> Request | None:
    return request and request._replace(left=request.left - 1)


def sweep(world: World, setting: Setting) -> Steps:
    """A clock that jumped starts the settle wait again; leases that ran out are freed."""
    if world.jumped and setting.rules.clock_jump_starts_settle_again:
        yield "the sweep notices the clock", start_settle_again(world)
    for invoice, row in enumerate(world.rows):
        if row.state in LEASED and not row.lease:
            after = world.row(invoice, moved(row, Event.LEASE_EXPIRED, setting)).take_away(invoice)
            yield f"the lease of {invoice} is found expired", after


def jump(world: World, setting: Setting) -> Steps:
    """The wall clock jumps ahead: leases and waits seem over; the monotonic send deadline is not touched."""
    rows = tuple(row._replace(lease=0, wait=0) for row in world.rows)
    if rows != world.rows:
        yield "the clock jumps", world._replace(rows=rows, jumped=True)


# --- What fails ---------------------------------------------------------------------------------------------


def crash(world: World, setting: Setting) -> Steps:
    """A worker dies anywhere; what it sent goes on without it."""
    for n, worker in enumerate(world.workers):
        if worker.at is not At.REST:
            orphans = (*world.orphans, worker.request) if worker.request else world.orphans
            yield f"worker {n} dies", world.worker(n, RESTING)._replace(orphans=orphans)


def fail(world: World, setting: Setting) -> Steps:
    """One fault in one call."""
    for n, worker in enumerate(world.workers):
        for what, after in _failures(world, setting, n, worker):
            yield f"worker {n}: {what}", after
    for n in range(len(world.orphans)):
        yield "a create nobody waits for is lost", _without_orphan(world, n)


def _failures(world: World, setting: Setting, n: int, worker: Worker) -> Steps:
    if worker.at in (At.LOOK, At.CHECK, At.CHECK_LIST, At.READ_BACK):
        yield "the read fails", world.worker(n, _read_failed(worker, setting))
    if worker.at is At.WRITE and worker.fresh:
        yield "no connection", world.worker(n, _heard(worker, NotSent()))
    if worker.at is At.REPLY:
        yield "429, not carried out", world.worker(n, _heard(worker, RateLimited()))
        yield "refused for certain", world.worker(n, _heard(worker, EnvelopeRefused()))
        yield "the create is lost", world.worker(n, _heard(worker, Unknown()))
        if worker.request:
            orphans = (*world.orphans, worker.request)
            yield "gives up waiting", world.worker(n, _heard(worker, Unknown()))._replace(orphans=orphans)
    if worker.at is At.ANSWERED:
        yield "the reply is lost", world.worker(n, _heard(worker, Unknown()))


def _heard(worker: Worker, error: GatewayError) -> Worker:
    return worker._replace(at=At.RECORD, event=classify(error), number=0, request=None)


def _read_failed(worker: Worker, setting: Setting) -> Worker:
    if worker.at is At.READ_BACK:
        return worker._replace(at=At.RECORD, event=Event.READ_BACK_FAILED)
    if setting.rules.failed_read_is_not_absent:
        return worker._replace(at=At.RECORD, event=Event.READ_FAILED, found=())
    if worker.at is At.LOOK:
        return worker._replace(at=At.INTENT, fresh=True)
    return worker._replace(at=At.RECORD, event=Event.ABSENT_PROVED, found=())


# --- People -------------------------------------------------------------------------------------------------


def type_in(world: World, setting: Setting) -> Steps:
    """A person types an invoice in KashFlow, under the first number we would use (or the next of theirs)."""
    if world.typed:
        return
    number = own_number(0) if setting.numbers_are_ours else next_number(world.documents)
    if any(one.number == number for one in world.documents):
        return
    document = Document(PERSON, number, in_window=_is_in_window(world))
    yield "a person types", world._replace(typed=True, documents=(*world.documents, document))


def _is_in_window(world: World) -> bool:
    """A look said absent and its create, which starts within the deadline, is still to be carried out."""
    looked = any(worker.fresh or (worker.request and worker.request.in_time) for worker in world.workers)
    return looked or any(request.in_time for request in world.orphans)


def renumber(world: World, setting: Setting) -> Steps:
    """A person gives our document another number in KashFlow."""
    for n, one in enumerate(world.documents):
        if one.owner != PERSON and one.number == own_number(one.owner):
            other = one._replace(number=next_number(world.documents))
            documents = (*world.documents[:n], other, *world.documents[n + 1 :])
            yield "a person renumbers our document", world._replace(documents=documents)


def recheck(world: World, setting: Setting) -> Steps:
    """A person asks to look again; no create is under way in these states."""
    for invoice, row in enumerate(world.rows):
        if row.state in NEEDS_YOU:
            again = moved(row, Event.RECHECK, setting)._replace(wait=0)
            yield f"a person rechecks {invoice}", world.row(invoice, again)


def restore(world: World, setting: Setting) -> Steps:
    """An older backup: one row is as it once was. The workers are stopped for it."""
    if any(worker.at is not At.REST for worker in world.workers):
        return
    if world.orphans and setting.rules.restore_outlasts_calls:
        return
    for invoice, row in enumerate(world.rows):
        for older in _BACKUPS:
            if row.state is not State.READY and row != older:
                after = world.row(invoice, older)._replace(paused=False, jumped=False)
                yield f"a backup with {invoice} {older.state} is restored", after


_BACKUPS = (Row(), Row(State.SENDING), Row(State.AMBIGUOUS, absent=True))

TROUBLE = (jump, crash, fail, type_in, recheck, restore)
