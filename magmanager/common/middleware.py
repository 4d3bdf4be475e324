"""What every answer has in common."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from magmanager.common.errors import NotAllowed


class RefusalMiddleware:
    """A refused verb answers 403; pages for people who logged in are never kept by a cache.

    Where the session ended, htmx loads the login page whole instead of putting it into the middle of another.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.htmx and _leads_to_login(response):  # type: ignore[attr-defined]
            response = _log_in_first(request)
        if request.user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, NotAllowed):
            raise PermissionDenied(exception.message) from exception


def _leads_to_login(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith(resolve_url(settings.LOGIN_URL))


def _log_in_first(request: HttpRequest) -> HttpResponse:
    """An answer that takes the browser to the login page, and afterwards back to where it is."""
    here = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
    answer = HttpResponse()
    answer["HX-Redirect"] = redirect_to_login(here)["Location"]
    return answer
