"""What is typed on Create invoice."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.forms.formsets import formset_factory

from bookings.models import Booking
from invoicing.adhoc import TypedLine
from invoicing.documents import DESCRIPTION_LENGTH
from invoicing.forms import BatchForm, number_in
from kashflow.forms import CodeField
from kashflow.models import AccountCode, LedgerAccount, ProductCode
from magmanager.common.fields import MoneyFormField, SendableTexts
from magmanager.common.widgets import MoneyInput

MOST_LINES = 20
MONEY_BACK = "Money that goes back is a credit note. Enter 0.00 or more."


class RaiseForm(BatchForm):
    """The head of one invoice."""

    po_number = forms.CharField(
        label="PO number", required=False, max_length=Booking._meta.get_field("po_number").max_length
    )


class LineForm(SendableTexts, forms.Form):
    """A free line. Left empty as a whole it does not count."""

    text = forms.CharField(
        label="Description",
        max_length=DESCRIPTION_LENGTH,
        error_messages={"required": "Say what is charged."},
    )
    quantity = forms.IntegerField(label="Quantity", min_value=1, max_value=9_999, initial=1)
    rate = MoneyFormField(
        label="Rate before VAT",
        min_value=0,
        max_value=999_999,
        widget=MoneyInput,
        error_messages={"required": "Enter the price of one.", "min_value": MONEY_BACK},
    )
    is_vat_exempt = forms.BooleanField(label="VAT exempt", required=False)
    account_code = CodeField(
        AccountCode.objects.none(),
        label="Account code",
        empty_label="Choose",
        error_messages={"required": "Choose an account code."},
    )
    product_code = CodeField(
        ProductCode.objects.none(), label="Inventory code", required=False, empty_label="None"
    )

    def __init__(self, *args: Any, account: LedgerAccount | None, with_codes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_codes:
            del self.fields["account_code"], self.fields["product_code"]
            return
        chosen, product = self._typed_id("account_code"), self._typed_id("product_code")
        accounts = cast(forms.ModelChoiceField, self.fields["account_code"])
        accounts.queryset = AccountCode.objects.offered(account, chosen=chosen)
        products = cast(forms.ModelChoiceField, self.fields["product_code"])
        products.queryset = ProductCode.objects.of(chosen, chosen=product)

    def _typed_id(self, name: str) -> int | None:
        return (number_in(self.data.get(self.add_prefix(name), "")) or None) if self.is_bound else None

    def has_changed(self) -> bool:
        """Whether anything was typed; a quantity alone is nothing."""
        return bool(set(self.changed_data) - {"quantity"})

    @property
    def line(self) -> TypedLine:
        """What was typed; only of a form that is valid and not empty."""
        return TypedLine(**self.cleaned_data)


LineForms = formset_factory(
    LineForm, extra=1, max_num=MOST_LINES, absolute_max=MOST_LINES + 1, validate_max=True
)
