"""The Celery application: workers and beat start with `-A magmanager.celery`."""

import logging
import os
from pathlib import Path
from typing import Any

import celery
from celery import Celery
from celery.schedules import crontab
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.transport import TRANSPORT_ALIASES

from magmanager.common import schema

log = logging.getLogger(__name__)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "magmanager.settings")

TRANSPORT_ALIASES["filesystem"] = "magmanager.broker:Transport"


class Task(celery.Task):
    """Refuses a database that does not belong to this program: after an update an old worker may still run.

    Nothing is lost by it: what there is to do is in the rows, and the sweep of a worker that fits finds it.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if why := schema.problem():
            log.error("%s was not begun. %s", self.name, why)
            return None
        return super().__call__(*args, **kwargs)


app = Celery("magmanager", task_cls=Task)
# In every thread: Celery's "current app" is only that of the thread that made it.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


def every(task: str, seconds: float) -> dict[str, object]:
    """A beat that nobody needs any more once later ones are due; it expires by the clock of whoever sent it, which
    may be slow by minutes."""
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds * 0.9, A_WHILE)}}


SWEEP = 60 * settings.TIME_SCALE
A_WHILE = 3600
app.conf.beat_schedule = {
    "transfers": every("invoicing.sweep", SWEEP),
    "paid_status": every("invoicing.sweep_paid_status", SWEEP),
    # Settings › KashFlow names the hour.
    "paid_status_at_night": {
        "task": "invoicing.update_paid_status_at_night",
        "schedule": crontab(hour=2, minute=15),
        "options": {"expires": 3600},
    },
    "syncs": every("kashflow.sweep", SWEEP),
    "matches": every("clients.sweep", SWEEP),
    "customers": every("clients.resolve_wanted", 5 * SWEEP),
    "api_log": every("kashflow.forget_old_calls", 1440 * SWEEP),
    "reads": every("invoicing.sweep_reads", SWEEP),
    # After what is paid was asked, so that payments are no difference any more.
    "comparison": {
        "task": "invoicing.compare_nightly",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    },
}

if settings.CELERY_BROKER_URL.startswith("filesystem:"):
    for folder in ("queue", "control"):
        Path(settings.BROKER_DIR, folder).mkdir(parents=True, exist_ok=True)
