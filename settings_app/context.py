"""What every page needs of the settings: the company's name, the accounts package, the person's theme."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from settings_app.models import CompanyDetails, SystemDefaults


def company(request: HttpRequest) -> dict[str, Any]:
    """Template variables `company`, `system_defaults` (both read at first use), `theme` and `mark`, the tab's picture.

    A demo's is amber: with both open, nobody books in the wrong one.
    """
    user = getattr(request, "user", None)
    theme = user.theme if user and user.is_authenticated else request.COOKIES.get("theme", "computer")
    return {
        "company": SimpleLazyObject(CompanyDetails.current),
        "system_defaults": SimpleLazyObject(SystemDefaults.current),
        "theme": theme,
        "mark": "img/mark.svg" if settings.IN_PRODUCTION else "img/mark-practice.svg",
    }
