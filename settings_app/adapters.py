"""How people come in: accounts are made by an admin, nobody signs up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from settings_app import recent


class ClosedSignUp(DefaultAccountAdapter):
    """Sign-up is closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **login: Any) -> HttpResponse:
        """Who logs in has just typed their password."""
        recent.mark(request)
        return super().post_login(request, user, **login)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where *Change password* was pressed."""
        return reverse("my_details")
