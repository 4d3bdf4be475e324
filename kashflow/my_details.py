"""My Details: one's own details, and in a form of its own the KashFlow login (product.md, KashFlow 5)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kashflow import connections
from kashflow.answer import Answer
from kashflow.forms import LoginForm
from magmanager.common.errors import DomainError, NotAllowed
from magmanager.common.permissions import may
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from settings_app import recent, services
from settings_app.forms import OwnDetailsForm
from settings_app.models import SystemDefaults, User

NOT_TICKED = Answer(
    False,
    "not_kept",
    "Nothing was stored",
    "Save Login is not ticked, so this login serves Check Connection only. "
    "Tick it and press Save to keep the login.",
)
STILL_SAVED = Answer(
    False,
    "not_kept",
    "Nothing was changed",
    "Save Login is not ticked, so what you typed was not kept. The login that was saved before stays and is "
    "used: press Forget login to remove it, or tick Save Login and press Save to keep what you typed.",
)


class MyDetails(Verb):
    """The page and its forms; the button pressed says which one was meant."""

    verb = "settings_app.change_own_details"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest) -> HttpResponse:
        acts = {"check_connection": self._check, "save_login": self._save, "forget_login": self._forget}
        acts |= {
            "same_books": lambda: self._save(connections.RENAMED),
            "other_books": lambda: self._save(connections.ANOTHER),
        }
        act = acts.get(request.POST.get("action", "")) if self._has_kashflow() else None
        return act() if act else self._save_details()

    # One's own details

    def _save_details(self) -> HttpResponse:
        form = OwnDetailsForm(self.request.POST, instance=self._fresh())
        if form.is_valid():
            with refusals(form):
                if "email" in form.changed_data:
                    recent.demand(self.request)
                services.change_own_details(
                    by=self.by, **{name: form.cleaned_data[name] for name in services.OWN_FIELDS}
                )
                toast(self.request, "Your details are saved.")
                return redirect("my_details")
        return self._page(details=form)

    # The KashFlow login

    def _check(self) -> HttpResponse:
        form = self._login_form(self.request.POST)
        if not form.is_valid():
            return self._answered(form, None)
        try:
            return self._answered(form, self._asked(form))
        except NotAllowed:
            raise
        except DomainError as error:
            return self._refused(form, error)

    def _asked(self, form: LoginForm) -> Answer:
        typed = form.cleaned_data
        if saved := form.saved_one_meant:
            return connections.check_saved(saved, by=self.by)
        return connections.check_connection(
            by=self.by, username=typed["username"], password=typed["password"]
        )

    def _save(self, books: str = "") -> HttpResponse:
        form = self._login_form(self.request.POST)
        if not form.is_valid():
            return self._answered(form, None)
        if not form.cleaned_data["keep"]:
            return self._answered(form, STILL_SAVED if form.saved else NOT_TICKED)
        try:
            recent.demand(self.request)
            return self._kept(form, books)
        except NotAllowed:
            raise
        except connections.LoginRefused as error:
            return self._answered(form, error.answer)
        except DomainError as error:
            return self._refused(form, error)

    def _kept(self, form: LoginForm, books: str) -> HttpResponse:
        typed = form.cleaned_data
        if (saved := form.saved_one_meant) and not books:
            given = connections.check_saved(saved, by=self.by)
            if not given.ok:
                raise connections.LoginRefused(given)
            return self._leave("Your KashFlow login is saved and works.")
        connection = connections.save_login(
            by=self.by, username=typed["username"], password=typed["password"] or _password(form), books=books
        )
        return self._leave(
            f"KashFlow login saved, stored encrypted. Connected as {connection.ledger_account}."
        )

    def _forget(self) -> HttpResponse:
        try:
            recent.demand(self.request)
        except recent.PasswordNeeded as error:
            return self._refused(self._login_form(), error)
        connections.forget_login(by=self.by)
        return self._leave("Your KashFlow login is forgotten.")

    # Answers

    def _refused(self, form: LoginForm, error: DomainError) -> HttpResponse:
        return self._answered(form, Answer(False, error.code, "Nothing was changed", error.message))

    def _answered(self, form: LoginForm, given: Answer | None) -> HttpResponse:
        """htmx gets the answer and the buttons alone, so that what was typed stays in the browser."""
        if self.request.htmx:  # type: ignore[attr-defined]
            return render(self.request, "kashflow/_login_answer.html", self._login_context(form, given))
        return self._page(login=form, given=given)

    def _leave(self, told: str) -> HttpResponse:
        toast(self.request, told)
        if not self.request.htmx:  # type: ignore[attr-defined]
            return redirect("my_details")
        response = HttpResponse()
        response["HX-Redirect"] = redirect("my_details")["Location"]
        return response

    def _page(
        self,
        details: OwnDetailsForm | None = None,
        login: LoginForm | None = None,
        given: Answer | None = None,
    ) -> HttpResponse:
        context: dict[str, Any] = {"details": details or OwnDetailsForm(instance=self._fresh())}
        if self._has_kashflow():
            context |= self._login_context(login or self._login_form(), given)
        return render(self.request, "kashflow/my_details.html", context)

    def _login_context(self, form: LoginForm, given: Answer | None) -> dict[str, Any]:
        return {
            "login": form,
            "given": given,
            # Read anew: what KashFlow just said may have switched it off or on.
            "saved": connections.own_login(self.by),
            "is_other": form.is_bound and form.is_valid() and form.saved_one_meant is None,
            "is_recent": recent.is_recent(self.request),
            "may_switch": may(self.by, "kashflow.switch_account"),
            "is_ticked": bool(form["keep"].value()) and not (given and given.error),
        }

    def _login_form(self, typed: Any = None) -> LoginForm:
        return LoginForm(typed, saved=connections.own_login(self.by), prefix="kashflow")

    def _has_kashflow(self) -> bool:
        return SystemDefaults.current().uses_kashflow and may(self.by, "kashflow.check_connection")

    def _fresh(self) -> User:
        """The form writes on its instance: the person of the request stays as they are."""
        return User.objects.get(pk=self.by.pk)


def _password(form: LoginForm) -> str:
    """The password of the saved login, where that one is meant. Raises NoLogin where no key reads it."""
    saved = form.saved_one_meant
    return connections.password_of(saved) if saved else ""
