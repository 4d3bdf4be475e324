"""Waking a worker: after the commit, with ids only, and never the page's problem when the broker is away."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from django.db import transaction

log = logging.getLogger(__name__)


class Task(Protocol):
    name: str

    def apply_async(self, args: tuple[Any, ...], **options: Any) -> Any: ...


def wake(task: Task, *ids: Any, expires: float | None = None) -> None:
    """Queues `task(*ids)` once the transaction has committed. A broker that is down is logged: the sweep finds the row."""

    def send() -> None:
        try:
            task.apply_async(tuple(str(one) for one in ids), retry=False, expires=expires, ignore_result=True)
        except Exception as error:
            log.warning("The broker could not be reached for %s %s: %s", task.name, ids, type(error).__name__)

    transaction.on_commit(send, robust=True)
