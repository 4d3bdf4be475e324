"""The first person of an installation: made on a page, once, while there is nobody at all.

In production the page asks for a code that only who runs the server can read (`manage.py first_start_code`),
so that nobody who finds the address first owns the house.
"""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.decorators import method_decorator
from django.views import View

from magmanager.common.errors import DomainError, Gone
from magmanager.common.permissions import ADMIN
from magmanager.common.views import refusals
from settings_app import audit, recent
from settings_app.models import CompanyDetails, User

CODE_LENGTH = 16


class WrongCode(DomainError):
    """The set-up code is not this installation's."""

    code = "wrong_code"


def is_due() -> bool:
    """Whether nobody can log in yet, because there is nobody."""
    return not User.objects.exists()


def setup_code() -> str:
    """This installation's set-up code, the same until its SECRET_KEY changes: 64 bits in hexadecimal."""
    return salted_hmac("first start", settings.SECRET_KEY, algorithm="sha256").hexdigest()[:CODE_LENGTH]


def start(*, company: str, name: str, email: str, password: str, code: str = "") -> User:
    """Makes the first admin and names the company. Raises WrongCode, and Gone where somebody is there already."""
    if settings.IN_PRODUCTION and not constant_time_compare(code.strip().lower(), setup_code()):
        raise WrongCode(
            "This is not the set-up code. Run “python manage.py first_start_code” on the server and type what it prints.",
            field="code",
        )
    with transaction.atomic():
        # The one row of the company is the lock: of two presses at once only one finds nobody there.
        CompanyDetails.current()
        row = CompanyDetails.objects.select_for_update().get(pk=1)
        if not is_due():
            raise Gone("Somebody was quicker: this installation has its first person. Log in, or ask them.")
        row.name = company
        row.save(update_fields=["name"])
        return _add_admin(name, email, password)


def _add_admin(name: str, email: str, password: str) -> User:
    person = User.objects.create_user(email, password, name=name)
    person.groups.add(Group.objects.get(name=ADMIN))
    audit.record("user.added", person, by=None, after={"email": person.email, "role": ADMIN})
    return person


class FirstStartForm(forms.Form):
    """Who runs this installation."""

    company = forms.CharField(label="Company name", max_length=100, help_text="As it stands on invoices")
    name = forms.CharField(label="Your name", max_length=80)
    email = forms.EmailField(label="E-mail", max_length=254, help_text="Used to log in")
    password = forms.CharField(
        label="Password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=" ".join(password_validators_help_texts()[1:2]),
    )
    again = forms.CharField(
        label="Password again",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    code = forms.CharField(
        label="Set-up code",
        max_length=40,
        help_text="So that nobody else starts here: run “python manage.py first_start_code” on the server.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not settings.IN_PRODUCTION:
            del self.fields["code"]

    def clean(self) -> dict[str, str]:
        typed = super().clean() or self.cleaned_data
        if not {"password", "again"} <= typed.keys():
            return typed
        if typed["password"] != typed.pop("again"):
            self.add_error("again", "The two passwords differ. Type the same one twice.")
        try:
            validate_password(
                typed["password"], User(name=typed.get("name", ""), email=typed.get("email", ""))
            )
        except ValidationError as error:
            self.add_error("password", error)
        return typed


@method_decorator(login_not_required, name="dispatch")
class FirstStart(View):
    """The page; it is gone for ever once there is somebody."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self._refuse_later()
        return self._page(FirstStartForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        self._refuse_later()
        form = FirstStartForm(request.POST)
        if form.is_valid():
            with refusals(form):
                login(request, start(**form.cleaned_data), settings.AUTHENTICATION_BACKENDS[0])
                recent.mark(request)
                return redirect("home")
        return self._page(form)

    def _refuse_later(self) -> None:
        if not is_due():
            raise Http404("This installation has its first person.")

    def _page(self, form: FirstStartForm) -> HttpResponse:
        return render(self.request, "settings_app/first_start.html", {"form": form})
