"""Forms of Settings and of one's own details."""

from __future__ import annotations

from django import forms

from magmanager.common.fields import MoneyFormField
from magmanager.common.widgets import MoneyInput, SwitchInput
from settings_app import recent, services
from settings_app.models import CompanyDetails, SystemDefaults, User


class SystemDefaultsForm(forms.ModelForm):
    """The switches of the house."""

    second_person_above = MoneyFormField(
        label="Linking needs a second person above",
        min_value=0,
        required=False,
        widget=MoneyInput,
        help_text="On the Transfer desk, with VAT: above this amount one person proposes linking a document of "
        "KashFlow's and another confirms it. Empty: one person is enough.",
    )

    class Meta:
        model = SystemDefaults
        fields = services.DEFAULTS_FIELDS
        widgets = {"use_account_codes": SwitchInput()}
        help_texts = {
            "accounts_package": "Where invoices go once they are raised. Nothing is sent while this is None.",
            "use_account_codes": "Publications choose an account code, advert sizes an inventory code; "
            "invoice lines carry both to KashFlow. Off: the default sales code is used.",
        }


class CompanyForm(forms.ModelForm):
    """The publisher, as it stands on invoices."""

    class Meta:
        model = CompanyDetails
        fields = services.COMPANY_FIELDS
        labels = {
            "address1": "Address",
            "address2": "Address, second line",
            "payment_terms_days": "Payment terms",
        }
        help_texts = {"vat_rate": "For clients that are not exempt."}

    # Beside the database's own rule, so that the message stands at the field.
    payment_terms_days = forms.IntegerField(
        label="Payment terms",
        min_value=0,
        max_value=365,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Enter a number of days from 0 to 365."
        ),
        help_text="Days from the invoice date; a client may have its own.",
    )


class OwnDetailsForm(forms.ModelForm):
    """What a person may change about themselves."""

    own_password = recent.OwnPasswordField(
        "Asked again because you log in with this address, and last typed your password over ten minutes ago."
    )

    class Meta:
        model = User
        fields = services.OWN_FIELDS
        labels = {"name": "Name", "email": "E-mail", "theme": "Appearance"}
        help_texts = {"email": "Used to log in"}
        widgets = {"theme": forms.RadioSelect()}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody else logs in with this e-mail address. Use another one.")
        return email
