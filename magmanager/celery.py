"""The Celery application: workers and beat start with `-A magmanager.celery`."""

import os
from pathlib import Path

from celery import Celery
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "magmanager.settings")

app = Celery("magmanager")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()

if settings.CELERY_BROKER_URL.startswith("filesystem:"):
    for folder in ("queue", "control"):
        Path(settings.BROKER_DIR, folder).mkdir(parents=True, exist_ok=True)
