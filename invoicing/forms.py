"""What is asked for on the pages of Invoicing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from bookings.models import Booking
from clients.models import Client
from invoicing import credits
from invoicing.documents import Document, Preview
from invoicing.models import Invoice
from invoicing.transfer.acts import NEEDS_REASON
from kashflow.models import BankAccount, LedgerAccount
from magmanager.common.fields import MoneyFormField, SendableTexts
from magmanager.common.money import PENNY, ZERO, from_pence
from magmanager.common.widgets import DayInput, SearchInput
from settings_app import recent
from settings_app.models import PaymentMethod

A_YEAR = dt.timedelta(days=366)


def near(day: dt.date, what_to_do: str) -> dt.date:
    """`day` again. A date further off than a year is a typing mistake: raises ValidationError."""
    if abs(day - timezone.localdate()) > A_YEAR:
        raise ValidationError(f"This date is more than a year away. {what_to_do}")
    return day


@dataclass(frozen=True)
class Ticked:
    """One ticked document of a preview, as its tick box says it: who pays, the total shown, what is on it."""

    payer_id: int
    total: Decimal
    instalment_ids: tuple[int, ...]

    @classmethod
    def read(cls, text: str) -> Ticked:
        """Raises ValueError for what no page of ours wrote."""
        payer_id, pence, ids = text.split(":")
        return cls(int(payer_id), from_pence(int(pence)), tuple(map(int, ids.split(","))))

    @staticmethod
    def write(document: Document) -> str:
        return f"{document.payer.id}:{document.total_pence}:{','.join(map(str, document.instalment_ids))}"


class BatchForm(SendableTexts, forms.Form):
    """The preview: the date of the invoices, and the key that makes a second press harmless."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    invoice_date = forms.DateField(
        label="Invoice date", widget=DayInput, error_messages={"required": "Choose the date of the invoices."}
    )

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"key": uuid4(), "invoice_date": timezone.localdate()})
        super().__init__(data, **kwargs)

    def clean_invoice_date(self) -> dt.date:
        return near(self.cleaned_data["invoice_date"], "Choose the date of the invoices.")

    @property
    def date_shown(self) -> dt.date:
        """The date the preview is made for: the one asked for where it can be read, else today."""
        if self.is_bound and self.is_valid():
            return self.cleaned_data["invoice_date"]
        return timezone.localdate()


def ticked_documents(posted: QueryDict) -> list[Ticked] | None:
    """What is ticked on a preview; None where the page did not say."""
    if "is_preview" not in posted:
        return None
    try:
        return [Ticked.read(text) for text in posted.getlist("document")]
    except ValueError:
        return []


def ids_in(text: str) -> list[int]:
    """Ids out of "12,13,14"; what is no number is left out."""
    return [int(part) for part in text.split(",") if part.isdecimal() and len(part) < 16]


def number_in(text: str) -> int:
    """The whole number that `text` is; 0 where it is none."""
    return next(iter(ids_in(text)), 0)


class MendForm(SendableTexts, forms.Form):
    """The one field that mends a client's problem, on the preview."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"placeholder": "accounts@…", "autocomplete": "off"}),
        error_messages={"required": "Enter the e-mail address the invoices go to."},
    )
    po_number = forms.CharField(
        label="PO number",
        max_length=Booking._meta.get_field("po_number").max_length,
        widget=forms.TextInput(attrs={"placeholder": "PO number", "autocomplete": "off"}),
        error_messages={"required": "Enter the PO number of these bookings."},
    )

    def __init__(
        self, data: QueryDict | None = None, *, fix: str, payer_id: int, payer_name: str, typed: str = ""
    ) -> None:
        super().__init__(data, prefix=f"{fix}-{payer_id}", initial={fix: typed}, use_required_attribute=False)
        self.payer_id = payer_id
        for name in set(self.fields) - {fix}:
            del self.fields[name]
        self.fields[fix].widget.attrs["aria-label"] = f"{self.fields[fix].label} for {payer_name}"

    @property
    def only_field(self) -> forms.BoundField:
        return next(iter(self))


def mend_forms(preview: Preview, posted: QueryDict) -> dict[int, MendForm]:
    """A MendForm per held payer whose problem is mended here, by payer id, keeping what was typed."""
    made = {}
    for document in preview.held:
        fix = next((problem.fix for problem in document.problems if problem.fix), "")
        if fix:
            payer = document.payer
            typed = posted.get(f"{fix}-{payer.id}-{fix}", "")
            made[payer.id] = MendForm(fix=fix, payer_id=payer.id, payer_name=payer.name, typed=typed)
    return made


class InvoicedFilters(forms.Form):
    """The filters of Invoiced beside its sidebar."""

    q = forms.CharField(
        label="Invoice number or client",
        required=False,
        max_length=80,
        widget=SearchInput("Invoice number or client"),
    )
    delivery = forms.ChoiceField(
        label="Delivery", required=False, choices=[("", "Any delivery"), *Client.Delivery.choices]
    )
    show = forms.ChoiceField(
        required=False,
        widget=forms.HiddenInput,
        choices=[
            ("", "All"),
            ("not_transferred", "Not transferred"),
            ("unpaid", "Unpaid"),
            ("look", "Payment needs a look"),
        ],
    )
    batch = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)


class PaymentForm(SendableTexts, forms.Form):
    """A payment received: its amount begins as what is still owed."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    amount = MoneyFormField(
        label="Amount received",
        min_value=PENNY,
        error_messages={
            "required": "Enter the amount that came in.",
            "min_value": "Enter an amount above £0.00.",
        },
    )
    paid_on = forms.DateField(
        label="Date received",
        widget=DayInput,
        error_messages={"required": "Enter the day the money was received."},
    )
    method = forms.ModelChoiceField(
        label="Payment method",
        queryset=PaymentMethod.objects.filter(is_enabled=True),
        empty_label="Choose one",
        error_messages={"required": "Choose how it was paid."},
    )
    bank_account = forms.ModelChoiceField(
        label="Bank account", queryset=BankAccount.objects.none(), required=False
    )
    note = forms.CharField(
        label="Note", max_length=60, required=False, help_text="Such as the cheque's number."
    )
    may_overpay = forms.BooleanField(
        label="Yes, it is more than is owed", required=False, widget=forms.HiddenInput
    )

    def __init__(
        self, data: QueryDict | None = None, *, invoice: Invoice, account: LedgerAccount | None
    ) -> None:
        owed = max(invoice.total - invoice.paid_amount - credits.not_in_paid(invoice), ZERO)
        first = {"key": uuid4(), "amount": owed or None, "paid_on": timezone.localdate()}
        super().__init__(data, initial=first)
        if account is None:
            del self.fields["bank_account"]
            return
        banks = cast(forms.ModelChoiceField, self.fields["bank_account"])
        banks.queryset = BankAccount.objects.still_there(account)
        banks.empty_label = f"The default one: {account.bank_account or 'none is chosen'}"

    def clean_paid_on(self) -> dt.date:
        """Money that was received did so by today, and a date further back than two years is a typing mistake."""
        found: dt.date = self.cleaned_data["paid_on"]
        if found > timezone.localdate():
            raise ValidationError("This day is still to come. Enter the day the money was received.")
        if timezone.localdate() - found > 2 * A_YEAR:
            raise ValidationError("This is more than two years ago. Enter the day the money was received.")
        return found

    def add_error(self, field: str | None, error: Any) -> None:
        """An overpayment is asked about: the box that says it is meant appears beside the amount."""
        super().add_error(field, error)
        if field == "amount" and "still owed" in str(error):
            self.fields["may_overpay"].widget = forms.CheckboxInput()


class RemovePaymentForm(forms.Form):
    """Why a payment is taken back."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Such as: recorded on the wrong invoice.",
        error_messages={
            "required": "Say why it is removed: the reason stays with the payment, and an auditor will ask."
        },
    )


class TransferFilters(forms.Form):
    """The filters of the Transfer desk."""

    q = forms.CharField(
        label="Number or client", required=False, max_length=80, widget=SearchInput("Number or client")
    )
    show = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    cause = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class DecisionForm(forms.Form):
    """What goes along with a decision about a transfer: why, and which document of KashFlow's was looked at."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        error_messages={"required": "Say why: it stays in the history of this invoice."},
    )
    document = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    seen = forms.CharField(required=False, max_length=32)
    own_password = recent.OwnPasswordField(
        "A link can't be undone, and you last typed your password over ten minutes ago."
    )

    def __init__(self, data: QueryDict | None = None, *, act: str) -> None:
        super().__init__(data)
        self.act = act
        self.fields["reason"].required = act in NEEDS_REASON
