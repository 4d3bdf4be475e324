"""Runs: one press of a button that works through many items, with progress that survives a restart."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Run(models.Model):
    """One press of a button. Its rows say how far it is; the broker only wakes a worker up."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        FINISHED = "finished", "Finished"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # The saved KashFlow login whose calls these are (transfer.md, Whose login); an id, since floor 0 knows no login.
    connection_id = models.UUIDField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # In a person's words: the result ("3 added, 1 renamed"), or what stopped it and what to do.
    summary = models.CharField(max_length=300, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    # A second press of the same button while one is under way opens the one that runs.
    # NULL once it is over, so that the next press starts anew.
    only_one = models.CharField(max_length=60, null=True, unique=True)  # noqa: DJ001

    class Meta:
        default_permissions = ()
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["kind", "-started_at"], name="run_by_kind")]
        constraints = [
            models.CheckConstraint(
                condition=Q(done__lte=F("total")) | Q(total=0), name="run_done_within_total"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["finished", "failed"]) | Q(finished_at__isnull=False),
                name="run_finished_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.FINISHED, self.State.FAILED}


class RunItem(models.Model):
    """One item of a run and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    what = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="run_item_position_once")]

    def __str__(self) -> str:
        return self.label


class ClockReading(models.Model):
    """How far the wall clock was ahead of the monotonic one, for each boot of a machine (common.clock)."""

    boot = models.CharField(max_length=64, unique=True)
    ahead_seconds = models.FloatField()
    read_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.boot
