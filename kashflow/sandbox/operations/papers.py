"""What goes with an invoice: notes, files, e-mail and print. No e-mail leaves the sandbox; its log has the call."""

from __future__ import annotations

from kashflow.sandbox.invoices import PERMALINK
from kashflow.sandbox.registry import Account, Arguments, operation


@operation
def email_invoice(account: Account, given: Arguments) -> object:
    account.ledger.dbid_of(given["InvoiceNumber"])
    return None


@operation
def print_invoice(account: Account, given: Arguments) -> object:
    if given["InvoiceNumber"]:
        return account.ledger.invoice(given["InvoiceNumber"])["PermaLink"]
    numbers = [
        int(number) for number in (given["InvoiceNumberList"] or "").split(",") if number.strip().isdigit()
    ]
    for number in numbers:
        account.ledger.dbid_of(number)
    return f"{PERMALINK}list?numbers={','.join(map(str, numbers))}"


@operation
def get_paypal_link(account: Account, given: Arguments) -> object:
    return f"{account.ledger.invoice(given['InvoiceNumber'])['PermaLink']}/paypal"


@operation
def insert_invoice_note(account: Account, given: Arguments) -> object:
    account.ledger.add_note(InvoiceId=given["InvoiceId"], NoteDate=given["NoteDate"], Notes=given["Notes"])
    return True


@operation
def get_invoice_notes(account: Account, given: Arguments) -> object:
    return account.ledger.notes(given["InvoiceId"])


@operation
def attach_file_to_invoice(account: Account, given: Arguments) -> object:
    dbid = account.ledger.dbid_of(given["InvoiceNo"])
    return account.ledger.attach(
        dbid, given["Filename"] or "", given["ContentType"] or "", given["Base64String"] or ""
    )
