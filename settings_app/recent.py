"""Whether the person at the screen typed their own password lately: asked again before what a borrowed screen must not do.

The page asks beside what was typed. Nothing of a press is kept for afterwards, because a press may carry a KashFlow
password, and a session is no place for one.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from magmanager.common.errors import DomainError

KEY, SECONDS, FIELD = "password_confirmed_at", 600, "own_password"


class PasswordNeeded(DomainError):
    """The person's own password is asked for first."""

    code = "password_needed"


def is_recent(request: HttpRequest) -> bool:
    """Whether this session's person typed their password within the last ten minutes, at the login or since."""
    since: float = timezone.now().timestamp() - request.session.get(KEY, 0)
    return 0 <= since < SECONDS


def mark(request: HttpRequest) -> None:
    """Their password was right just now."""
    request.session[KEY] = timezone.now().timestamp()


def demand(request: HttpRequest) -> None:
    """Lets a recent one pass, else takes FIELD of the form; a right password counts for ten minutes.

    Raises PasswordNeeded. Wrong ones are counted together with those of the login page.
    """
    if is_recent(request):
        return
    typed = request.POST.get(FIELD, "")
    if not typed:
        raise _needed("Type your MagManager password to do this.")
    if not _is_right(request, typed):
        raise _needed("This is not your MagManager password, so nothing was changed. Type it again.")
    mark(request)


def _is_right(request: HttpRequest, typed: str) -> bool:
    try:
        return bool(get_adapter(request).reauthenticate(request.user, typed))
    except ValidationError:
        raise _needed(
            "Too many wrong passwords, so nothing was changed. Wait five minutes, then type it again."
        ) from None


def _needed(message: str) -> PasswordNeeded:
    return PasswordNeeded(message, field=FIELD)


class OwnPasswordInput(forms.PasswordInput):
    """The browser does not insist on it: not every button of a form needs it."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class OwnPasswordField(forms.CharField):
    """The person's own password; `why` is the sentence below it. `demand` asks for it, the form itself does not."""

    def __init__(self, why: str, **attrs: str) -> None:
        widget = OwnPasswordInput(attrs={"autocomplete": "current-password", **attrs})
        super().__init__(
            label="Your MagManager password", help_text=why, max_length=128, strip=False, widget=widget
        )

    def validate(self, value: str) -> None:
        """Empty is for `demand` to judge."""
