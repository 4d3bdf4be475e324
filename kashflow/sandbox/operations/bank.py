"""Bank accounts and what goes through them."""

from __future__ import annotations

from kashflow.sandbox.registry import Account, Arguments, needed, operation


@operation
def get_bank_accounts(account: Account, given: Arguments) -> object:
    return account.ledger.bank_accounts()


@operation
def get_bank_balance(account: Account, given: Arguments) -> object:
    return account.ledger.bank_balance(given["AccountID"], given["BalanceDate"])


@operation
def get_bank_overview(account: Account, given: Arguments) -> object:
    return account.ledger.bank_overview()


@operation
def get_bank_tx_types(account: Account, given: Arguments) -> object:
    return account.ledger.transaction_types()


@operation
def get_bank_transactions(account: Account, given: Arguments) -> object:
    return account.ledger.bank_transactions(given["AccountID"])


@operation
def insert_bank_transaction(account: Account, given: Arguments) -> object:
    return account.ledger.add_bank_transaction(**needed(given["bp"]) | {"ID": 0})


@operation
def update_bank_transaction(account: Account, given: Arguments) -> object:
    return account.ledger.update_bank_transaction(**needed(given["bp"]) | {"ID": given["TransactionID"]})


@operation
def delete_bank_transaction(account: Account, given: Arguments) -> object:
    account.ledger.delete_bank_transaction(given["TransactionID"])
    return 1


@operation
def create_bank_account(account: Account, given: Arguments) -> object:
    return account.ledger.add_bank_account(AccountName=given["AccountName"], AccountCode=given["NominalCode"])
