"""The verbs of the house itself: System Defaults, Company Details, one's own details."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model

from magmanager.common.errors import DomainError
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import CompanyDetails, PaymentMethod, SystemDefaults, User

COMPANY_FIELDS = (
    "name", "address1", "address2", "town", "county", "postcode", "phone", "email", "vat_number",
    "registered_number", "payment_terms_days", "vat_rate",
)  # fmt: skip
R = TypeVar("R", bound=Model)
DEFAULTS_FIELDS = ("accounts_package", "use_account_codes", "second_person_above")
PAYMENT_FIELDS = ("name", "is_enabled", "is_direct_debit", "is_standing_order")
OWN_FIELDS = ("name", "email", "theme")


class EmailTaken(DomainError):
    """Somebody else logs in with this e-mail address."""

    code = "email_taken"


class NameTaken(DomainError):
    """Another payment method has this name."""

    code = "name_taken"


def change_system_defaults(
    *, by: User, accounts_package: str, use_account_codes: bool, second_person_above: Decimal | None
) -> SystemDefaults:
    """Sets the switches of the house. Leaving KashFlow keeps its codes, links and logins; nothing is sent.

    Linking a document of KashFlow's above `second_person_above` (pounds with VAT) takes two people; None: never.
    """
    allow(by, "settings_app.change_system_defaults")
    values = {
        "accounts_package": accounts_package,
        "use_account_codes": use_account_codes,
        "second_person_above": second_person_above,
    }
    with transaction.atomic():
        return _change(SystemDefaults.current(), "system_defaults.changed", values, by=by)


def change_company(*, by: User, values: dict[str, Any]) -> CompanyDetails:
    """Sets the Company Details in `values` (COMPANY_FIELDS). Issued invoices stay as printed."""
    allow(by, "settings_app.change_company")
    with transaction.atomic():
        return _change(CompanyDetails.current(), "company.changed", values, by=by)


def save_payment_method(*, by: User, method: PaymentMethod, values: dict[str, Any]) -> PaymentMethod:
    """Adds or changes one of the house's payment methods (PAYMENT_FIELDS); none is ever deleted. Raises NameTaken."""
    allow(by, "settings_app.change_payment_methods")
    try:
        with transaction.atomic():
            if method._state.adding:
                method = PaymentMethod.objects.create(**{name: values[name] for name in PAYMENT_FIELDS})
                audit.record("payment_method.added", method, by=by, after={"name": method.name})
                return method
            return _change(
                method, "payment_method.changed", {name: values[name] for name in PAYMENT_FIELDS}, by=by
            )
    except IntegrityError as error:
        raise NameTaken("Another payment method has this name. Use a different one.", field="name") from error


def change_own_details(*, by: User, name: str, email: str, theme: str) -> User:
    """Sets one's own name, e-mail address (used to log in) and appearance. Raises EmailTaken."""
    allow(by, "settings_app.change_own_details")
    values = {"name": name, "email": User.objects.normalize_email(email), "theme": theme}
    try:
        with transaction.atomic():
            return _change(User.objects.get(pk=by.pk), "user.changed", values, by=by)
    except IntegrityError as error:
        raise EmailTaken(
            "Somebody else logs in with this e-mail address. Use another one.", field="email"
        ) from error


def _change(row: R, event: str, values: dict[str, Any], *, by: User) -> R:
    """Writes the named columns only, and one line in the audit log where something differs."""
    old = type(row)(**{name: getattr(row, name) for name in values})
    for name, value in values.items():
        setattr(row, name, value)
    before, after = audit.changes(old, row, values)
    if after:
        row.save(update_fields=list(after))
        audit.record(event, row, by=by, before=before, after=after)
    return row
