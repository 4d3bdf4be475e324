"""A breadth-first search through every world that can come about, and what must be true in each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from invoicing.transfer.states import NEEDS_YOU, State
from tests.proof.model import around, work
from tests.proof.model.rules import Setting
from tests.proof.model.world import World, first

# With faults off: what is under way ends, then everybody works, and only then time passes.
CONVERGING = (around.carry_out, work.act, around.sweep, work.claim, around.pass_time)
LONGEST_WAY = 200
# Calls under way that nobody waits for. With every rule on there are never more; without one, no end of them.
MOST_ORPHANS = 2
Kind = Callable[[World, Setting], work.Steps]


@dataclass
class Result:
    """What a search found. `broken` is the invariant that failed, with the shortest way there."""

    worlds: int = 0
    broken: str = ""
    way: list[str] = field(default_factory=list)
    replaced_in_window: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([f"{self.worlds:,} worlds. {self.broken or 'Nothing broken.'}", *self.way])


def explore(setting: Setting, trouble: tuple[Kind, ...] = around.TROUBLE, *, most: int = 2_000_000) -> Result:
    """Searches until something is broken or everything was seen. Raises MemoryError beyond `most` worlds."""
    start = first(setting)
    came_from: dict[World, tuple[World, str] | None] = {start.alike(): None}
    waiting, result, ends = deque([start]), Result(), Ends(setting)
    while waiting:
        world = waiting.popleft()
        if fault := broken(world) or ends.fault(world):
            result.broken, result.way = fault, [*way_to(came_from, world), *ends.way(world)]
            break
        if world.replaced and not result.replaced_in_window:
            result.replaced_in_window = way_to(came_from, world)
        for what, after in steps(world, setting, (*CONVERGING, *trouble)):
            assert _keeps_verified(world, after) or "backup" in what, (what, world)
            key = after.alike()
            if key not in came_from and len(after.orphans) <= MOST_ORPHANS:
                came_from[key] = (world, what)
                waiting.append(after)
        if len(came_from) > most:
            raise MemoryError(f"more than {most:,} worlds for {setting}")
    result.worlds = len(came_from)
    return result


def steps(world: World, setting: Setting, kinds: tuple[Kind, ...]) -> Iterator[tuple[str, World]]:
    """Everything that can happen next."""
    return chain.from_iterable(kind(world, setting) for kind in kinds)


def way_to(came_from: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    """The steps from the start to `world`."""
    found: list[str] = []
    while (step := came_from[world.alike()]) is not None:
        world, what = step
        found.append(what)
    return found[::-1]


def _keeps_verified(before: World, after: World) -> bool:
    """There is no way out of VERIFIED."""
    pairs = zip(before.rows, after.rows, strict=True)
    return all(then.state is State.VERIFIED for now, then in pairs if now.state is State.VERIFIED)


def broken(world: World) -> str:
    """What must never be, even for a moment."""
    for invoice, row in enumerate(world.rows):
        ours = sum(document.owner == invoice for document in world.documents)
        if ours > 1:
            return f"Invoice {invoice} has {ours} documents."
        if row.state is State.VERIFIED and not ours:
            return f"Invoice {invoice} is VERIFIED and not in KashFlow."
    if world.replaced == "no window":
        return "A document somebody typed was replaced, outside the window that is documented."
    return ""


class Ends:
    """Where every world comes to when faults stop; worlds on the way share the answer."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.known: dict[World, str] = {}

    def fault(self, world: World) -> str:
        """Why `world` does not come to a good end; "" where it does."""
        way: list[World] = []
        while world not in self.known:
            way.append(world)
            _, after = self._next(world)
            if after == world or len(way) > LONGEST_WAY:
                self.known[world] = _why_not_ended(world)
                break
            world = after
        found = self.known[world]
        self.known.update(dict.fromkeys(way, found))
        return found

    def way(self, world: World) -> list[str]:
        """The steps to that end, up to where something is broken."""
        found: list[str] = []
        while not broken(world) and len(found) < LONGEST_WAY:
            what, after = self._next(world)
            if after == world:
                break
            found.append(what)
            world = after
        return found

    def _next(self, world: World) -> tuple[str, World]:
        """The one step that comes next with faults off; the same world where none does."""
        return next(steps(world, self.setting, CONVERGING), ("nothing happens any more", world))


def _why_not_ended(world: World) -> str:
    for invoice, row in enumerate(world.rows):
        waits_for_person = row.state in NEEDS_YOU or (row.state is State.READY and world.paused)
        if row.state is not State.VERIFIED and not waits_for_person:
            return f"Invoice {invoice} stays {row.state.name}, and nobody is told."
    return broken(world)
