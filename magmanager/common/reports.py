"""What an error page with DEBUG on, or a report of an error, may show: where it happened, not with what."""

from __future__ import annotations

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NoSecrets(SafeExceptionReporterFilter):
    """Hides passwords that were typed, with DEBUG on as well, and leaves local variables out (security: S-48).

    A KashFlow password passes through many variables, some of them whole messages, so none is shown.
    """

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        typed = {} if request is None else request.POST
        return {name: self.cleanse_setting(name, value) for name, value in typed.items()}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return ItemsView({})
