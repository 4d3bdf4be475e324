"""What a page asks of the request: who presses, and whether htmx wants a part of the page alone."""

from __future__ import annotations

from django.http import HttpRequest

from settings_app.models import User


def person(request: HttpRequest) -> User:
    """Who is logged in; strangers never come this far."""
    return request.user  # type: ignore[return-value]


def is_partial(request: HttpRequest) -> bool:
    """Whether a part of the page is asked for; going back in the browser's history wants all of it."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx and not htmx.history_restore_request)
