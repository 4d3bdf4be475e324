"""Starting, moving and ending runs. Every move is conditional, so a second worker or a late one changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from magmanager.common.models import Run, RunItem


def start(
    *, kind: str, title: str, by: Any, total: int = 0, connection_id: Any = None, only_one: str | None = None
) -> Run:
    """A new run, or the unfinished one under the same `only_one` key: a double press starts nothing twice."""
    try:
        with transaction.atomic():
            return Run.objects.create(
                kind=kind, title=title, by=by, total=total, connection_id=connection_id, only_one=only_one
            )
    except IntegrityError:
        return Run.objects.get(only_one=only_one)


def take(run: Run) -> bool:
    """Waiting or paused to running. False where somebody else has it or it is over."""
    return (
        Run.objects.filter(pk=run.pk, state__in=[Run.State.WAITING, Run.State.PAUSED]).update(
            state=Run.State.RUNNING, cause="", summary="", touched_at=timezone.now()
        )
        == 1
    )


def progress(run: Run, *, done: int, total: int | None = None) -> None:
    """How far a running run is; counts of items."""
    values = {"done": done} if total is None else {"done": done, "total": total}
    Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(touched_at=timezone.now(), **values)


def pause(run: Run, *, cause: str, summary: str) -> bool:
    """Stops a run that can go on later; `summary` says why and what to do."""
    return (
        Run.objects.filter(pk=run.pk, state__in=[Run.State.WAITING, Run.State.RUNNING]).update(
            state=Run.State.PAUSED, cause=cause, summary=summary, touched_at=timezone.now()
        )
        == 1
    )


def finish(run: Run, *, summary: str, failed: bool = False, cause: str = "") -> bool:
    """Ends a run with its result in a sentence and frees its `only_one` key."""
    now = timezone.now()
    return (
        Run.objects.filter(pk=run.pk, finished_at__isnull=True).update(
            state=Run.State.FAILED if failed else Run.State.FINISHED,
            summary=summary,
            cause=cause,
            finished_at=now,
            touched_at=now,
            only_one=None,
        )
        == 1
    )


def note(run: Run, items: Iterable[tuple[str, str]]) -> None:
    """Appends finished items (label, what happened) to a run."""
    at = run.items.count()
    RunItem.objects.bulk_create(
        [
            RunItem(run=run, position=at + n, label=label, what=what, state=RunItem.State.DONE)
            for n, (label, what) in enumerate(items)
        ],
        batch_size=500,
    )
