"""Short results at the bottom right, told by Django's messages. What needs work later belongs on a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest

from magmanager.common.errors import DomainError, NotAllowed


class HostCookie(CookieStorage):
    """A cookie that a browser takes from this very host alone, and over https alone."""

    cookie_name = "__Host-messages"


class HostStorage(FallbackStorage):
    """Production's: as Django keeps messages, under that name."""

    storage_classes = (HostCookie, SessionStorage)


def toast(
    request: HttpRequest,
    text: str,
    *,
    level: int = messages.SUCCESS,
    detail: str = "",
    action: str = "",
    url: str = "",
    post: bool = False,
) -> None:
    """Shows `text`, with `detail` under it, on the next page this person sees.

    `action` is the word of a link to `url`, or with `post` of a button that posts there ("Undo").
    """
    messages.add_message(
        request, level, text, extra_tags=pack(detail=detail, action=action, url=url, post=post)
    )


def pack(*, detail: str = "", action: str = "", url: str = "", post: bool = False) -> str:
    """What stands beside a message, in the one text field Django keeps with it."""
    return (
        json.dumps({"detail": detail, "action": action, "url": url, "post": post}) if detail or action else ""
    )


def extras_of(extra_tags: str | None) -> dict[str, Any]:
    """What `toast` laid beside a message; empty for a message of another making."""
    try:
        extras = json.loads(extra_tags or "{}")
    except ValueError:
        return {}
    return extras if isinstance(extras, dict) else {}


@contextmanager
def refusal_as_toast(request: HttpRequest) -> Iterator[None]:
    """Turns a DomainError inside the block into a toast with the link that mends it. NotAllowed stays a 403."""
    try:
        yield
    except NotAllowed:
        raise
    except DomainError as error:
        toast(request, error.message, level=messages.ERROR, action=error.link_label, url=error.link)
