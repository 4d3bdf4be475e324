"""What a worker does, one function per kind of step. Each yields (what happens, the world after it).

Between any two steps everybody else may act, time may pass, and the worker may die.
"""

from __future__ import annotations

from collections.abc import Iterator

from invoicing.transfer.states import TARGETS, Event, State
from invoicing.transfer.verdict import classify
from kashflow.gateway.errors import SendDeadlineMissed
from tests.proof.model.rules import LATE, LEASE, SETTLE, Setting
from tests.proof.model.world import (
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
    verdict,
)

Steps = Iterator[tuple[str, World]]
FIRST_ACT = {State.READY: At.LOOK, State.AMBIGUOUS: At.CHECK, State.SENT: At.READ_BACK}


def claim(world: World, setting: Setting) -> Steps:
    """A resting worker takes a due row: a new epoch, a lease."""
    resting = next((n for n, worker in enumerate(world.workers) if worker.at is At.REST), None)
    if resting is None:
        return
    for invoice, row in enumerate(world.rows):
        if row.state not in FIRST_ACT or row.lease or (row.state is State.AMBIGUOUS and row.wait):
            continue
        if row.state is State.READY and (world.paused or not _has_room(world, setting, invoice)):
            continue
        yield f"worker {resting} claims {invoice} ({row.state})", _claimed(world, setting, resting, invoice)


def _has_room(world: World, setting: Setting, invoice: int) -> bool:
    """As `claims._has_its_turn` for a READY row."""
    if not (setting.is_serial and setting.rules.one_create_at_a_time):
        return True
    others = [row for n, row in enumerate(world.rows) if n != invoice]
    if any(row.lease for row in others):
        return False
    uncertain = {State.CLAIMED, State.SENDING} if setting.rules.unswept_counts_as_held else set()
    if not setting.numbers_are_ours:
        uncertain.add(State.AMBIGUOUS)
    return not any(row.state in uncertain for row in others)


def _claimed(world: World, setting: Setting, n: int, invoice: int) -> World:
    row = world.rows[invoice]
    at = FIRST_ACT[row.state]
    if row.state is State.READY:
        row = moved(row, Event.CLAIM, setting)
        at = at if setting.rules.look_before_create else At.INTENT
    else:
        row = row._replace(lease=LEASE)
    world = world.row(invoice, row).take_away(invoice)
    return world.worker(n, Worker(at, invoice, row.state, holds=True, fresh=at is At.INTENT))


def act(world: World, setting: Setting) -> Steps:
    """Each worker's next own step, as it goes when nothing fails."""
    for n, worker in enumerate(world.workers):
        if do := ACTS.get(worker.at):
            what, after = do(world, setting, n, worker)
            yield f"worker {n} {what}", after


def _look(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    seen = _by_number(world, worker.invoice) if setting.numbers_are_ours else ()
    is_enough = setting.numbers_are_ours and not (
        setting.assigns and setting.rules.both_reads_until_numbers_are_proved
    )
    if not is_enough:
        seen = (*seen, *_by_marker(world, worker.invoice))
    event, number = verdict(worker.invoice, seen, setting.numbers_are_ours)
    if event is Event.NUMBER_TAKEN and not setting.rules.taken_number_is_a_conflict:
        event = None
    if event is None:
        return "looks: absent", world.worker(n, worker._replace(at=At.INTENT, fresh=True))
    return f"looks: {event}", world.worker(n, worker._replace(at=At.RECORD, event=event, number=number))


def _by_number(world: World, invoice: int) -> tuple[Document, ...]:
    """KashFlow answers with the oldest of several."""
    wanted = own_number(invoice)
    return next(((one,) for one in world.documents if one.number == wanted), ())


def _by_marker(world: World, invoice: int) -> tuple[Document, ...]:
    return tuple(one for one in world.documents if one.owner == invoice)


def _intend(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    if not setting.rules.intent_before_the_call:
        return "goes on", world.worker(n, worker._replace(at=At.WRITE))
    if _has_lost(world, setting, worker):
        return "has lost it", world.worker(n, RESTING)
    row = moved(world.rows[worker.invoice], Event.INTENT, setting)
    worker = worker._replace(at=At.WRITE, believed=row.state)
    return "stores its intent", world.row(worker.invoice, row).worker(n, worker)


def _has_lost(world: World, setting: Setting, worker: Worker) -> bool:
    """The conditional UPDATE touches no row: another epoch, or another state."""
    if setting.rules.token and not worker.holds:
        return True
    return world.rows[worker.invoice].state is not worker.believed


def _write(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    if setting.rules.send_deadline and not worker.fresh:
        event = classify(SendDeadlineMissed())
        return "missed the deadline", world.worker(n, worker._replace(at=At.RECORD, event=event))
    number = own_number(worker.invoice) if setting.numbers_are_ours and not setting.assigns else 0
    # Two calls that KashFlow carries out side by side may be given the same number.
    number = number or next_number(world.documents)
    request = Request(worker.invoice, number, LATE, worker.fresh)
    if not setting.rules.one_create_is_one_request:
        world = world._replace(orphans=(*world.orphans, request))
    return "sends the create", world.worker(n, worker._replace(at=At.REPLY, fresh=False, request=request))


def _take_reply(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    is_other = setting.numbers_are_ours and worker.number != own_number(worker.invoice)
    event = Event.CREATED_OTHER_NUMBER if is_other else Event.CREATED
    return f"hears number {worker.number}", world.worker(n, worker._replace(at=At.RECORD, event=event))


def _check(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    read = _by_number if setting.numbers_are_ours else _by_marker
    worker = worker._replace(found=read(world, worker.invoice), at=At.CHECK_LIST)
    if not setting.rules.two_kinds_of_read:
        return "checks by number only", world.worker(n, _checked(worker, setting))
    return "checks the one way", world.worker(n, worker)


def _check_list(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    found = tuple(dict.fromkeys((*worker.found, *_by_marker(world, worker.invoice))))
    return "checks the other way", world.worker(n, _checked(worker._replace(found=found), setting))


def _checked(worker: Worker, setting: Setting) -> Worker:
    event, number = verdict(worker.invoice, worker.found, setting.numbers_are_ours)
    return worker._replace(at=At.RECORD, event=event or Event.ABSENT_PROVED, number=number, found=())


def _read_back(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    number = world.rows[worker.invoice].number
    found = next((one for one in world.documents if one.number == number), None)
    is_equal = found is not None and found.owner == worker.invoice
    event = Event.READ_BACK_EQUAL if is_equal else Event.READ_BACK_DIFFERS
    return f"reads back: {event}", world.worker(n, worker._replace(at=At.RECORD, event=event))


def _record(world: World, setting: Setting, n: int, worker: Worker) -> tuple[str, World]:
    row, event = world.rows[worker.invoice], worker.event
    assert event is not None
    if _has_lost(world, setting, worker):
        return "has lost it", world.worker(n, RESTING)
    if not setting.rules.intent_before_the_call and (row.state, event) not in TARGETS:
        row = moved(row, Event.INTENT, setting)
    if event is Event.ABSENT_PROVED and (held_back := _not_proved_yet(world, setting, worker.invoice)):
        return "found nothing, which proves nothing yet", held_back.worker(n, RESTING)
    row = moved(row, event, setting, worker.number)
    is_paused = world.paused or _is_mismatch(event, worker, setting)
    world = world.row(worker.invoice, row)._replace(paused=is_paused)
    if row.state is State.SENT and event is not Event.READ_BACK_FAILED:
        reader = Worker(At.READ_BACK, worker.invoice, row.state, worker.holds)
        return "records SENT", world.worker(n, reader)
    return f"records {row.state.name}", world.worker(n, RESTING)


def _not_proved_yet(world: World, setting: Setting, invoice: int) -> World | None:
    """The first look that found nothing is noted; a clock that jumped starts the settle wait again."""
    row = world.rows[invoice]
    if setting.rules.clock_jump_starts_settle_again and world.jumped:
        return start_settle_again(world)
    return None if row.absent else world.row(invoice, row._replace(absent=True, lease=0))


def start_settle_again(world: World) -> World:
    """As `claims.wait_again`."""
    for invoice, row in enumerate(world.rows):
        if row.state is State.AMBIGUOUS:
            world = world.row(invoice, Row(State.AMBIGUOUS, 0, SETTLE)).take_away(invoice)
    return world._replace(jumped=False)


def _is_mismatch(event: Event, worker: Worker, setting: Setting) -> bool:
    if not setting.numbers_are_ours:
        return False
    is_other = worker.number not in (0, own_number(worker.invoice))
    return event is Event.CREATED_OTHER_NUMBER or (event is Event.FOUND_CHANGED and is_other)


ACTS = {
    At.LOOK: _look,
    At.INTENT: _intend,
    At.WRITE: _write,
    At.ANSWERED: _take_reply,
    At.CHECK: _check,
    At.CHECK_LIST: _check_list,
    At.READ_BACK: _read_back,
    At.RECORD: _record,
}
