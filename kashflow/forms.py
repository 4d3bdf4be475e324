"""Forms of the KashFlow pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from kashflow import slots
from kashflow.models import AccountCode, BankAccount, Code, Connection, LedgerAccount
from settings_app import recent


class LoginForm(forms.Form):
    """A KashFlow login as typed. The password never goes back into a page."""

    username = forms.CharField(
        label="KashFlow username", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    password = forms.CharField(
        label="KashFlow password",
        max_length=120,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    own_password = recent.OwnPasswordField(
        "To save or forget a login, because you last typed it over ten minutes ago.", id="login-own-password"
    )
    keep = forms.BooleanField(label="Save Login", required=False)

    def __init__(self, *args: Any, saved: Connection | None = None, **kwargs: Any) -> None:
        """With a `saved` login an empty password means the saved one, as long as the username is the same."""
        super().__init__(*args, **kwargs)
        self.saved = saved
        if saved is not None:
            self.fields["username"].initial = saved.username
            self.fields["keep"].initial = True
            self.fields["password"].required = False
            self.fields["password"].widget.attrs["placeholder"] = "Saved, not shown"

    def add_prefix(self, field_name: str) -> str:
        """The person's own password has the same name on every page."""
        return field_name if field_name == recent.FIELD else super().add_prefix(field_name)

    @property
    def saved_one_meant(self) -> Connection | None:
        """The saved login, where its username was typed and the password left empty."""
        typed = self.cleaned_data
        is_meant = self.saved and not typed.get("password") and typed.get("username") == self.saved.username
        return self.saved if is_meant else None

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        is_empty = bool(typed.get("username")) and typed.get("password") == ""
        if is_empty and self.saved_one_meant is None:
            self.add_error("password", "Type the password that goes with this username.")
        return typed


class CodeField(forms.ModelChoiceField):
    """A choice of codes; one that is gone from KashFlow says so."""

    def label_from_instance(self, obj: Code) -> str:
        return obj.shown


class AccountForm(forms.ModelForm):
    """The Defaults card: what invoices and payments use where nothing else says so."""

    max_calls = forms.IntegerField(
        label="Calls at once",
        min_value=1,
        max_value=slots.MOST,
        help_text="How many transfers are on their way to KashFlow at the same time, 1 to 8. Three is right for most; "
        "fewer where KashFlow answers that it is too busy.",
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Enter a whole number from 1 to 8."
        ),
    )

    class Meta:
        model = LedgerAccount
        fields = ("bank_account", "sales_code", "office_login", "numbering", "voiding", "max_calls")
        field_classes = {"bank_account": CodeField, "sales_code": CodeField}
        labels = {"numbering": "Invoice numbers", "voiding": "Cancelling an invoice"}
        help_texts = {
            "bank_account": "For payments entered here",
            "sales_code": "For lines without an account code",
            "office_login": "Whose saved login background work uses",
            "numbering": "With our numbers, raise sales invoices here only: one typed into KashFlow under "
            "our next number within the two seconds of a transfer could be replaced there.",
            "voiding": "KashFlow has no void of its own. Deleting frees the number there, and KashFlow may hand "
            "it out again.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.instance
        choices: dict[str, QuerySet[Any]] = {
            "bank_account": BankAccount.objects.still_there(account, chosen=account.bank_account_id),
            "sales_code": AccountCode.objects.sales_types(account, chosen=account.sales_code_id),
            "office_login": Connection.objects.select_related("user").filter(
                ledger_account=account, user__is_active=True
            ),
        }
        for name, rows in choices.items():
            field = cast(forms.ModelChoiceField, self.fields[name])
            # What is chosen stays choosable, even when gone from KashFlow: saving must not lose it.
            field.queryset = rows | rows.model._default_manager.filter(pk=getattr(account, f"{name}_id"))
            field.empty_label = "The first one saved" if name == "office_login" else "None"
