"""Settings › Payment Methods: the house's own list, and what each of them is called in KashFlow (product.md, KashFlow 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kashflow.connections import current_account
from kashflow.models import LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from magmanager.common.errors import DomainError
from magmanager.common.permissions import allow
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from magmanager.common.widgets import SwitchInput
from settings_app import audit
from settings_app.models import PaymentMethod, SystemDefaults, User
from settings_app.services import PAYMENT_FIELDS, save_payment_method

VERB = "settings_app.change_payment_methods"


class MethodElsewhere(DomainError):
    """A way of paying of another account, or one that is gone."""

    code = "method_elsewhere"


def map_payment_methods(*, by: User, account: LedgerAccount, wanted: Mapping[int, int | None]) -> None:
    """Says which of KashFlow's methods (by key) each of the house's (by key) is; None takes the mapping away.

    Raises MethodElsewhere where one is not `account`'s; nothing is changed then.
    """
    allow(by, VERB)
    with transaction.atomic():
        LedgerAccount.objects.select_for_update().get(pk=account.pk)
        known = {one.pk: one for one in KashFlowMethod.objects.filter(ledger_account=account)}
        now = {one.method_id: one for one in account.method_mappings.select_related("kashflow_method")}
        before, after = {}, {}
        for method in PaymentMethod.objects.filter(pk__in=wanted):
            chosen = wanted[method.pk]
            if chosen is not None and chosen not in known:
                raise MethodElsewhere(
                    "A KashFlow payment method that was chosen is not there any more. Choose again."
                )
            had = now.get(method.pk)
            if (had.kashflow_method_id if had else None) == chosen:
                continue
            before[method.name] = str(had.kashflow_method) if had else ""
            after[method.name] = str(known[chosen]) if chosen else ""
            _map(account, method, chosen)
        if after:
            audit.record("payment_methods.mapped", account, by=by, before=before, after=after)


def _map(account: LedgerAccount, method: PaymentMethod, chosen: int | None) -> None:
    rows = PaymentMethodMapping.objects.filter(ledger_account=account, method=method)
    if chosen is None:
        rows.delete()
    elif not rows.update(kashflow_method=chosen):
        PaymentMethodMapping.objects.create(ledger_account=account, method=method, kashflow_method_id=chosen)


def mapped_counts(account: LedgerAccount | None) -> tuple[int, int]:
    """How many of the enabled methods are mapped, and how many there are."""
    enabled = PaymentMethod.objects.filter(is_enabled=True)
    mapped = PaymentMethodMapping.objects.filter(ledger_account=account, method__is_enabled=True)
    return (mapped.count() if account else 0), enabled.count()


class MethodForm(forms.ModelForm):
    """One payment method, with what it is in KashFlow where that is the accounts package."""

    class Meta:
        model = PaymentMethod
        fields = PAYMENT_FIELDS
        widgets = {name: SwitchInput() for name in PAYMENT_FIELDS[1:]}

    kashflow_method = forms.TypedChoiceField(
        label="In KashFlow", required=False, coerce=int, empty_value=None
    )

    def __init__(
        self,
        typed: Any,
        *,
        instance: PaymentMethod,
        chosen: int | None,
        choices: list[tuple[int, str]] | None,
    ) -> None:
        super().__init__(typed, instance=instance, prefix=f"method-{instance.pk or 'new'}")
        self.fields["name"].required = instance.pk is not None
        if choices is None:
            del self.fields["kashflow_method"]
            return
        field = cast(forms.TypedChoiceField, self.fields["kashflow_method"])
        guess = next((key for key, name in choices if name.casefold() == instance.name.casefold()), None)
        field.choices, field.initial = [("", "Not mapped"), *choices], chosen
        self.guess = guess if chosen is None else None

    @property
    def guessed(self) -> str:
        """The KashFlow method of the same name, proposed and not saved by itself."""
        guess = getattr(self, "guess", None)
        return dict(self.fields["kashflow_method"].choices).get(guess, "") if guess else ""  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("is_direct_debit") and typed.get("is_standing_order"):
            self.add_error("is_standing_order", "Direct debit or standing order, not both.")
        return typed


class ChangePaymentMethods(Verb):
    """The page: every method in a row, one more at the end, one *Save*."""

    verb = VERB

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(self._forms())

    def post(self, request: HttpRequest) -> HttpResponse:
        rows = self._forms(request.POST)
        is_valid = [row.is_valid() for row in rows]
        if all(is_valid):
            with refusals(rows[-1]), transaction.atomic():
                self._save(rows)
                toast(request, "Payment Methods saved.")
                return redirect("kashflow:payment_methods")
        return self._page(rows)

    def _save(self, rows: list[MethodForm]) -> None:
        wanted = {}
        for row in rows:
            if not row.cleaned_data["name"]:
                continue
            values = {name: row.cleaned_data[name] for name in PAYMENT_FIELDS}
            old = PaymentMethod.objects.get(pk=row.instance.pk) if row.instance.pk else PaymentMethod()
            method = save_payment_method(by=self.by, method=old, values=values)
            wanted[method.pk] = row.cleaned_data.get("kashflow_method")
        account = current_account()
        if account and "kashflow_method" in rows[0].fields:
            map_payment_methods(by=self.by, account=account, wanted=wanted)

    def _forms(self, typed: Any = None) -> list[MethodForm]:
        account, choices = current_account(), None
        chosen: dict[int, int] = {}
        if account and SystemDefaults.current().uses_kashflow:
            found = KashFlowMethod.objects.filter(ledger_account=account, gone_at=None)
            choices = [(one.pk, one.name) for one in found]
            chosen = dict(account.method_mappings.values_list("method_id", "kashflow_method_id"))
        methods = [*PaymentMethod.objects.all(), PaymentMethod(is_enabled=True)]
        return [
            MethodForm(typed, instance=one, chosen=chosen.get(one.pk or 0), choices=choices)
            for one in methods
        ]

    def _page(self, rows: list[MethodForm]) -> HttpResponse:
        context = {"rows": rows, "with_kashflow": "kashflow_method" in rows[0].fields}
        return render(self.request, "kashflow/payment_methods.html", context)
