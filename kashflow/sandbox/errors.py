"""What the ledger refuses, and what the service cannot read."""

from __future__ import annotations


class Refused(Exception):
    """A business refusal: Status NO with this text as StatusDetail, the live service's own where known."""


class NotFound(Refused):
    """Nothing there under that id, number, code or address."""


class SoapFault(Exception):
    """An answer of HTTP 500 with a fault; `code` is SOAP 1.1's `Client` or `Server`."""

    def __init__(self, text: str, code: str = "Client") -> None:
        super().__init__(text)
        self.code = code


WRONG_LOGIN = "Incorrect username or password"
CODE_NOT_UNIQUE = "Customer Code is not unique"
CODE_INVALID = "The customer code specified is invalid, please re-enter without any special characters."
NO_CUSTOMER_EMAIL = "There is no customer with that email address"
# Published only as "contains no customer", "contains no invoice".
NO_CUSTOMER_CODE = "There is no customer with that code"
NO_CUSTOMER_ID = "There is no customer with that ID"
NO_INVOICE = "There is no invoice with that number"
NO_INVOICE_ID = "There is no invoice with that ID"
# Nothing public for these.
LOCKED = "Your account is locked"
NUMBER_NOT_UNIQUE = "Invoice Number is not unique"
NO_PRODUCT = "There is no product with that ID"
NO_PRODUCT_CODE = "There is no product with that code"
PRODUCT_CODE_NOT_UNIQUE = "Product Code is not unique"
NOMINAL_CODE_NOT_UNIQUE = "Nominal Code is not unique"
NO_PAYMENT = "There is no payment with that ID"
NO_LINE = "There is no line with that ID on this invoice"
NO_TRANSACTION = "There is no bank transaction with that ID"
NO_BANK_ACCOUNT = "There is no bank account with that ID"
NO_CURRENCY = "There is no currency with that code"
NO_CREDIT_NOTE = "The credit note cannot be applied to this invoice"
NO_CHARGE_TYPE = "There is no sales type with that ID"


def not_in_access_list(address: str) -> str:
    """The refusal of an address that the account does not allow."""
    return f"The IP address of {address} is not in the access list"
