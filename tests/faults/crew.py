"""Real Celery workers forked from the test, with a queue that no other test shares: ready in half a second."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import signals
from kombu import pools

from invoicing import tasks
from magmanager.celery import app
from tests.faults.house import wait_for
from tests.faults.lane import Lane

# After so many seconds Redis hands out again what was taken and not acknowledged.
VISIBLE = 1
WAIT = 30


class Crew:
    """Its messages, its workers, and what those took."""

    def __init__(
        self, folder: Path, lane: Callable[..., Lane], patch: pytest.MonkeyPatch, *, visible: float = VISIBLE
    ) -> None:
        self._lane, self._diary = lane, folder / "taken"
        self._prefix = f"{uuid.uuid4().hex}:"
        self.visible = visible
        self._broker = folder / "crew"
        self._broker.mkdir()
        patch.setitem(app.conf, "broker_transport_options", self._options())
        self._diary.touch()

    def _options(self) -> dict[str, Any]:
        if self.has_redis:
            mine = {"global_keyprefix": self._prefix, "visibility_timeout": self.visible}
        else:
            queue = str(self._broker)
            mine = {"data_folder_in": queue, "data_folder_out": queue, "control_folder": queue}
        return {**app.conf.broker_transport_options, **mine}

    @property
    def has_redis(self) -> bool:
        return str(app.conf.broker_url).startswith("redis")

    def wake(self, account_id: int, times: int = 1) -> None:
        """So many messages for the account."""
        with app.connection_for_write() as connection:
            for _ in range(times):
                tasks.work.apply_async((str(account_id),), connection=connection, ignore_result=True)

    def worker(self, *, acks_late: bool = True, first: Callable[[], None] = lambda: None) -> Lane:
        """A worker in a process of its own, in which `first` is done before it begins."""

        def live() -> None:
            first()
            self._work(acks_late)

        return self._lane(live)

    def _work(self, acks_late: bool) -> None:
        pools.reset()
        app._after_fork()
        for task in app.tasks.values():
            task.acks_late = acks_late
        signals.task_prerun.connect(self._began, weak=False)
        signals.task_postrun.connect(self._ended, weak=False)
        quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        app.worker_main(["worker", "-P", "threads", "-c", "4", "-n", f"{uuid.uuid4().hex}@here", *quiet])

    def _began(self, task: Any, **_: Any) -> None:
        again = bool((task.request.delivery_info or {}).get("redelivered"))
        self.write("redelivered" if again else "began")

    def _ended(self, **_: Any) -> None:
        self.write("ended")

    def write(self, word: str) -> None:
        """What a worker has to say."""
        with self._diary.open("a") as diary:
            diary.write(f"{word}\n")

    def wrote(self, word: str) -> int:
        """How often a worker wrote `word`; of messages it writes that one `began`, was `redelivered`, or `ended`."""
        return self._diary.read_text().split().count(word)

    def until(self, word: str, times: int) -> None:
        wait_for(lambda: self.wrote(word) >= times, WAIT, lambda: f"{word}: {self.wrote(word)} of {times}")

    def left(self) -> int:
        """Messages that wait, or were taken and not acknowledged."""
        if not self.has_redis:
            return len(list(self._broker.glob("*.celery.msg")))
        with self._redis() as server:
            return server.llen(f"{self._prefix}celery") + server.hlen(f"{self._prefix}unacked")

    def until_handed_out_again(self) -> None:
        """Waits until what was taken and not acknowledged is due to be handed out again."""
        with self._redis() as server:
            index = f"{self._prefix}unacked_index"
            wait_for(lambda: bool(server.zcount(index, 0, time.time() - self.visible)), WAIT)

    def _redis(self) -> redis.Redis:
        return redis.Redis.from_url(app.conf.broker_url)

    def close(self) -> None:
        """Leaves nothing in the broker."""
        if self.has_redis:
            with self._redis() as server:
                for key in server.scan_iter(f"{self._prefix}*"):
                    server.delete(key)
