"""Customers, in both generations.

Those ending in 2 show the same rows with TradeBorderType in place of EC and OutsideEC.
"""

from __future__ import annotations

from typing import Any

from kashflow.sandbox import errors
from kashflow.sandbox.errors import SoapFault
from kashflow.sandbox.registry import Account, Arguments, both_generations, needed, operation


@both_generations
def get_customer(account: Account, given: Arguments) -> object:
    return account.ledger.customer("Code", given["CustomerCode"])


@both_generations
def get_customers(account: Account, given: Arguments) -> object:
    return account.ledger.customers()


@both_generations
def get_customer_by_email(account: Account, given: Arguments) -> object:
    return account.ledger.customer("Email", given["CustomerEmail"])


@operation
def get_customer_by_id(account: Account, given: Arguments) -> object:
    return account.ledger.customer("CustomerID", given["CustomerID"])


@both_generations
def get_customers_modified_since(account: Account, given: Arguments) -> object:
    return account.ledger.customers_modified_since(given["ModifiedSince"])


@both_generations
def get_customers_by_postcode(account: Account, given: Arguments) -> object:
    return account.ledger.customers_by_postcode(given["Postcode"] or "")


@both_generations
def search_customer_by_cust_text(account: Account, given: Arguments) -> object:
    return account.ledger.customer_by_text(given["SearchVal"] or "")


@operation
def insert_customer(account: Account, given: Arguments) -> object:
    return _insert(account, given["custr"])


@operation
def update_customer(account: Account, given: Arguments) -> object:
    return _update(account, given["custr"])


@operation
def delete_customer(account: Account, given: Arguments) -> object:
    # 0 either way is what is reported of the service; that one with documents stays is our own rule.
    account.ledger.delete_customer(given["CustomerID"])
    return 0


@operation
def get_customer_by_id2(account: Account, given: Arguments) -> object:
    return account.ledger.customer("CustomerID", given["Customer2ID"])


@operation
def insert_customer2(account: Account, given: Arguments) -> object:
    return _insert(account, given["Customer2"])


@operation
def update_customer2(account: Account, given: Arguments) -> object:
    # The flags that this shape does not have stay as they are.
    written = needed(given["Customer2"])
    now = account.ledger.customer("CustomerID", written["CustomerID"])
    return _update(account, written | {"EC": now["EC"], "OutsideEC": now["OutsideEC"]})


@operation
def get_customer_sources(account: Account, given: Arguments) -> object:
    return account.ledger.datasets("source")


@operation
def get_customer_vat_number(account: Account, given: Arguments) -> object:
    return account.ledger.customer("Code", given["CustomerCode"])["VATNumber"]


@operation
def set_customer_vat_number(account: Account, given: Arguments) -> object:
    return account.ledger.set_customer(given["CustomerCode"], VATNumber=given["CustVATNumber"] or "")


@operation
def get_customer_currency(account: Account, given: Arguments) -> object:
    return account.ledger.currency_of(account.ledger.customer("Code", given["CustomerCode"]))


@operation
def set_customer_currency(account: Account, given: Arguments) -> object:
    currency = account.ledger.currency(given["CurrencyCode"])
    return account.ledger.set_customer(given["CustomerCode"], CurrencyID=currency["CurrencyId"])


@operation
def get_customer_balance(account: Account, given: Arguments) -> object:
    return account.ledger.balance_of(account.ledger.customer("Code", given["CustomerCode"]))


@operation
def get_customer_advance_payments(account: Account, given: Arguments) -> object:
    return account.ledger.advance_payments(given["CustomerId"])


def _insert(account: Account, record: Arguments | None) -> int:
    customer = _strict_code(account, needed(record))
    return account.ledger.add_customer(**customer | {"CustomerID": 0, "Created": None, "Updated": None})


def _update(account: Account, record: Arguments | None) -> str:
    account.ledger.update_customer(**_strict_code(account, needed(record)))
    return ""


def _strict_code(account: Account, customer: dict[str, Any]) -> dict[str, Any]:
    code = customer["Code"] or ""
    if account.settings.strict and not (code.isascii() and (code.isalnum() or not code)):
        raise SoapFault(errors.CODE_INVALID)
    return customer
