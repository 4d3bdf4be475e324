"""Payments on invoices."""

from __future__ import annotations

from kashflow.sandbox.registry import Account, Arguments, needed, operation


@operation
def insert_invoice_payment(account: Account, given: Arguments) -> object:
    return account.ledger.add_payment(**needed(given["InvoicePayment"]) | {"PayID": 0})


@operation
def get_invoice_payment(account: Account, given: Arguments) -> object:
    return account.ledger.payments(given["InvoiceNumber"])


@operation
def delete_invoice_payment(account: Account, given: Arguments) -> object:
    # Callers of the older shape send the payment's number alone; what the service makes of it is not published.
    account.ledger.delete_payment(given["InvoicePaymentNumber"], on_number=given["InvoiceNumber"])
    return None


@operation
def get_inv_pay_methods(account: Account, given: Arguments) -> object:
    return account.ledger.payment_methods()


@operation
def get_invoice_payments_by_date_range(account: Account, given: Arguments) -> object:
    return account.ledger.payments_between(
        given["StartDate"],
        given["EndDate"],
        page=max(given["PageNumber"], 1) + account.bend.page_by,
        size=account.settings.page_size,
    )


@operation
def get_invoice_payments_countfor_date_range(account: Account, given: Arguments) -> object:
    count = account.ledger.count_payments_between(given["StartDate"], given["EndDate"])
    return count + account.bend.count_by


@operation
def allocate_advance_payment_to_invoice(account: Account, given: Arguments) -> object:
    return account.ledger.allocate(given["InvoiceNumber"], given["BankTxId"])
