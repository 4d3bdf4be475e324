"""Login and passwords, by allauth's views and names. Sign-up is there to say that it is closed."""

from __future__ import annotations

from allauth.account import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, re_path

from settings_app import first_start


@login_not_required
def login(request: HttpRequest) -> HttpResponseBase:
    """The login page; where nobody can log in yet, the first start."""
    if first_start.is_due():
        return redirect("first_start")
    answer: HttpResponse = views.login(request)
    return answer


urlpatterns = [
    path("login/", login, name="account_login"),
    path("first-start/", first_start.FirstStart.as_view(), name="first_start"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
