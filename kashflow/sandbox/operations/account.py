"""The account itself: its company, VAT, currencies, and letting an address in."""

from __future__ import annotations

from collections.abc import Mapping

from kashflow.sandbox.errors import Refused
from kashflow.sandbox.registry import Account, Arguments, operation


@operation
def get_company_details(account: Account, given: Arguments) -> object:
    return account.ledger.company()


@operation
def get_vat_rates(account: Account, given: Arguments) -> object:
    return account.ledger.datasets("vat")


@operation
def is_user_vat_registered(account: Account, given: Arguments) -> object:
    return _is_registered(account)


@operation
def get_currencies(account: Account, given: Arguments) -> object:
    return account.ledger.currencies()


@operation
def get_user_account_defaults(account: Account, given: Arguments) -> object:
    return _defaults(account)


@operation
def get_user_account_defaults_type_defined(account: Account, given: Arguments) -> object:
    return _defaults(account)


@operation
def get_user_account_default2(account: Account, given: Arguments) -> object:
    return _defaults(account)


@operation
def get_user_account_default_type_defined2(account: Account, given: Arguments) -> object:
    return _defaults(account)


@operation
def get_account_overview(account: Account, given: Arguments) -> object:
    return account.ledger.overview()


@operation
def auto_auth_ip(account: Account, given: Arguments) -> object:
    key = account.settings.auto_auth_key
    if not key or given["AutoAuthKey"] != key:
        raise Refused("The AutoAuth key is not valid for this account")
    account.ledger.allow_address(account.address)
    return 1


@operation
def get_remote_login_url(account: Account, given: Arguments) -> object:
    return f"https://app.kashflow.com/remotelogin?user={account.settings.username}"


def _is_registered(account: Account) -> bool:
    return str(account.ledger.company()["VatRegistered"]) in ("1", "true", "True")


def _defaults(account: Account) -> Mapping[str, object]:
    registered = _is_registered(account)
    return {
        "isVATRegistered": registered,
        "VATNumber": account.ledger.company()["VatRegistrationNumber"],
        "Currencies": account.ledger.currencies(),
        "VATRegisteredIn": "UK" if registered else "",
        "VATRegisteredState": "",
    }
