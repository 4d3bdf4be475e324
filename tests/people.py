"""Logging in without the login page, as somebody who typed their password just now or a while ago."""

from __future__ import annotations

import time

from django.test import Client as Browser

from settings_app import recent
from settings_app.models import User


def log_in(browser: Browser, person: User, *, seconds_ago: int = 0) -> None:
    """`person` is logged in, and typed their password `seconds_ago`."""
    browser.force_login(person)
    session = browser.session
    session[recent.KEY] = time.time() - seconds_ago
    session.save()
