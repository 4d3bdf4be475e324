"""Short results at the bottom right, told by Django's messages. What needs work later belongs on a page."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest


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
