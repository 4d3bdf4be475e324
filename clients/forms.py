"""What may be typed about clients and contacts, and how lists of clients are filtered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from stdnum.exceptions import ValidationError as NumberError
from stdnum.gb import vat

from clients.models import Client, Contact, Section
from clients.services import CLIENT_FIELDS, CONTACT_FIELDS
from magmanager.common.fields import SendableTexts
from magmanager.common.widgets import SearchInput, SwitchInput
from settings_app.models import User


class ClientFilters(forms.Form):
    """The filter bar of Clients; `tab` comes along hidden."""

    TABS = ("all", "active", "prospects", "inactive", "agencies")

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=100,
        widget=SearchInput("Name, contact, e-mail, postcode, KashFlow ID", attrs={"autofocus": True}),
    )
    salesperson = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        required=False,
        label="Salesperson",
        empty_label="All salespeople",
    )
    section = forms.ModelChoiceField(Section.objects.all(), required=False, empty_label="All sections")
    overdue = forms.BooleanField(label="Overdue only", required=False, widget=SwitchInput)
    tab = forms.ChoiceField(choices=[(tab, tab) for tab in TABS], required=False, widget=forms.HiddenInput)


class ClientForm(SendableTexts, forms.ModelForm):
    """The Details of a client; `revision` says which state of it the person saw."""

    payment_terms_days = forms.IntegerField(
        label="Payment terms in days",
        required=False,
        min_value=0,
        max_value=365,
        help_text="Empty: the terms of Company Details.",
    )
    # People leave the https:// out; a text box does not hold them up over it.
    website = forms.URLField(
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )
    is_closed = forms.BooleanField(
        label="Closed",
        required=False,
        widget=SwitchInput,
        help_text="Left out of the lists, still found by search.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    class Meta:
        model = Client
        fields = [*CLIENT_FIELDS, "categories"]
        widgets = {
            "is_agency": SwitchInput,
            "is_vat_exempt": SwitchInput,
            "is_po_required": SwitchInput,
            "categories": forms.CheckboxSelectMultiple,
            "notes": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "advertising_as": "Printed on artwork and flat plan; copied to new bookings.",
            "agency": "An agency receives the invoices and pays them.",
            "country_code": "Two letters: GB.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client = self.instance
        agencies = Client.objects.agencies().filter(Q(closed_at__isnull=True) | Q(pk=client.agency_id))
        fields: dict[str, Any] = self.fields
        fields["agency"].queryset = agencies.exclude(pk=client.pk)
        fields["agency"].empty_label = "None – invoiced directly"
        fields["salesperson"].queryset = User.objects.filter(Q(is_active=True) | Q(pk=client.salesperson_id))
        fields["salesperson"].empty_label = "Nobody"
        fields["section"].empty_label = "None"
        self.initial["revision"] = client.revision
        self.initial["is_closed"] = bool(client.closed_at)

    def chosen_categories(self) -> list[str]:
        """The names of the categories ticked, for the closed list."""
        field: Any = self["categories"]
        chosen = {str(getattr(value, "pk", value)) for value in field.value() or []}
        return [name for value, name in field.field.choices if str(value) in chosen]

    def clean_country_code(self) -> str:
        code = self.cleaned_data["country_code"].strip().upper()
        if len(code) != 2 or not code.isalpha() or not code.isascii():
            raise ValidationError("Two letters are needed, for example GB or IE.")
        return code

    def clean_postcode(self) -> str:
        return " ".join(self.cleaned_data["postcode"].upper().split())

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("is_agency") and values.get("agency"):
            self.add_error(
                "agency", "An agency cannot have an agency of its own. Choose None or untick the other."
            )
        if values.get("vat_number"):
            self._check_vat_number(values)
        return values

    def _check_vat_number(self, values: dict[str, Any]) -> None:
        """A British number must pass its own check digits; foreign ones are kept as typed."""
        if values.get("country_code") != "GB":
            return
        try:
            values["vat_number"] = f"GB {vat.format(vat.validate(values['vat_number']))}"
        except NumberError:
            self.add_error(
                "vat_number", "This is not a valid British VAT number. Compare it with their letterhead."
            )


class CandidateForm(forms.Form):
    """Which of the proposed KashFlow customers was pressed."""

    customer_id = forms.IntegerField(widget=forms.HiddenInput)


class KashFlowIdForm(forms.Form):
    """The code of a customer in KashFlow, typed by hand."""

    code = forms.CharField(
        label="KashFlow ID",
        max_length=20,
        help_text="The code the customer has in KashFlow, for example KERN01.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ContactForm(SendableTexts, forms.ModelForm):
    """A person at a client."""

    class Meta:
        model = Contact
        fields = list(CONTACT_FIELDS)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors and not (values.get("first_name") or values.get("last_name")):
            self.add_error("first_name", "A first or a last name is needed.")
        return values


class FirstContactForm(ContactForm):
    """The primary contact of a client that is being added; all of it may be left empty."""

    class Meta(ContactForm.Meta):
        fields = ["first_name", "last_name", "email", "phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"empty_permitted": True, "use_required_attribute": False, **kwargs})
