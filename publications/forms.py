"""Forms of Settings › Publications."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from kashflow.forms import CodeField
from kashflow.models import AccountCode, Code, LedgerAccount, ProductCode
from magmanager.common.fields import MoneyFormField, SendableTexts
from magmanager.common.money import ZERO
from magmanager.common.widgets import DayInput, MoneyInput, SwitchInput
from publications import services
from publications.models import Issue, MiscellaneousItem, Publication, RateCardEntry

NO_CODE = "None, use the account code only"


class PublicationForm(SendableTexts, forms.ModelForm):
    """A magazine title."""

    class Meta:
        model = Publication
        fields = services.PUBLICATION_FIELDS
        widgets = {"is_active": SwitchInput(), "sales_target_amount": MoneyInput()}
        help_texts = {
            "code": "Up to four capital letters or digits. Left empty it is made from the name.",
            "group_code": "Titles that are sold together",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = self.instance.pk is not None
        self.fields["code"].widget.attrs["autocapitalize"] = "characters"


class AccountCodeForm(forms.Form):
    """Where the lines of a title are booked in KashFlow."""

    account_code = CodeField(
        AccountCode.objects.none(),
        label="Account code",
        required=False,
        empty_label="None, use the default sales code",
    )

    def __init__(
        self, *args: Any, publication: Publication, account: LedgerAccount | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["account_code"])
        field.queryset = AccountCode.objects.offered(account, chosen=publication.account_code_id)
        field.initial = publication.account_code_id


class RateForm(forms.Form):
    """One size of a rate card; `codes` are the inventory codes of the title's account code."""

    is_enabled = forms.BooleanField(label="Enabled", required=False, widget=SwitchInput)
    price = MoneyFormField(label="Default price", min_value=0, required=False, widget=MoneyInput)
    product_code = forms.TypedChoiceField(
        label="Inventory code", required=False, coerce=int, empty_value=None
    )

    def __init__(self, typed: Any, *, entry: RateCardEntry, codes: list[tuple[Any, str]] | None) -> None:
        initial = {
            "is_enabled": entry.is_enabled,
            "price": entry.price,
            "product_code": entry.product_code_id,
        }
        super().__init__(typed, prefix=f"size-{entry.pk}", initial=initial)
        self.entry = entry
        if codes is None:
            del self.fields["product_code"]
            return
        choices = [("", NO_CODE), *codes]
        if (gone := entry.product_code) and gone.pk not in dict(codes):
            choices.append((gone.pk, gone.shown))
        cast(forms.TypedChoiceField, self.fields["product_code"]).choices = choices
        if self.lost:
            self.fields["product_code"].widget.attrs["aria-invalid"] = "true"

    @property
    def lost(self) -> str:
        """What is wrong with the inventory code that is stored; empty where it is right."""
        product = self.entry.product_code
        if product is None or "product_code" not in self.fields:
            return ""
        if product.gone_at:
            return "No longer in KashFlow. Choose another."
        if product.account_code_id == self.entry.publication.account_code_id:
            return ""
        return "Belongs to another account code. Choose another."

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("is_enabled") and not typed.get("price") and "price" not in self.errors:
            self.add_error("price", "Enter a price, or switch the size off.")
        return typed

    @property
    def rate(self) -> services.Rate:
        """What was typed."""
        typed = self.cleaned_data
        price = typed.get("price") or ZERO
        return services.Rate(self.entry.pk, typed["is_enabled"], price, typed.get("product_code"))


class IssueForm(SendableTexts, forms.ModelForm):
    """One issue of a title."""

    class Meta:
        model = Issue
        fields = services.ISSUE_FIELDS
        widgets = {
            "on_sale_on": DayInput(),
            "copy_deadline_at": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            ),
            "sales_target_amount": MoneyInput(),
        }
        help_texts = {
            "description": "Such as December 2026",
            "copy_deadline_at": "When adverts have to be there",
        }


class ItemProductField(CodeField):
    """Inventory codes of every account code: each says whose it is."""

    def label_from_instance(self, obj: Code) -> str:
        return f"{super().label_from_instance(obj)} · {cast(ProductCode, obj).account_code}"


class ItemForm(SendableTexts, forms.ModelForm):
    """A miscellaneous item."""

    class Meta:
        model = MiscellaneousItem
        fields = services.ITEM_FIELDS
        widgets = {"is_vat_exempt": SwitchInput(), "is_enabled": SwitchInput(), "price": MoneyInput()}
        labels = {"account_code": "Account code"}
        field_classes = {"account_code": CodeField, "product_code": ItemProductField}

    def __init__(self, *args: Any, account: LedgerAccount | None, with_codes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_codes:
            del self.fields["account_code"], self.fields["product_code"]
            return
        item = self.instance
        accounts = cast(forms.ModelChoiceField, self.fields["account_code"])
        accounts.queryset = AccountCode.objects.offered(account, chosen=item.account_code_id)
        products = cast(forms.ModelChoiceField, self.fields["product_code"])
        every = ProductCode.objects.select_related("account_code")
        products.queryset = every.still_there(account, chosen=item.product_code_id)
        accounts.empty_label, products.empty_label = "None, as the publication", NO_CODE
