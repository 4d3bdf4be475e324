"""Bank accounts and what goes through them: kashflow-api.md, section 9."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from kashflow.gateway.records import BankAccount, BankOverview, BankTransaction, BankTransactionType
from kashflow.gateway.session import Session, demand
from kashflow.gateway.writing import values_of


class Banking(Session):
    """What can be asked and done about bank accounts."""

    def get_bank_accounts(self) -> Iterator[BankAccount]:
        """The bank accounts."""
        return self._calls.list("GetBankAccounts", BankAccount, {})

    def get_bank_balance(self, account_id: int, day: date) -> Decimal:
        """What was on the account at the end of that day, in pounds."""
        return self._calls.value("GetBankBalance", Decimal, {"AccountID": account_id, "BalanceDate": day})

    def get_bank_overview(self) -> Iterator[BankOverview]:
        """Every bank account with its balance."""
        return self._calls.list("GetBankOverview", BankOverview, {})

    def get_bank_tx_types(self) -> Iterator[BankTransactionType]:
        """The kinds of bank transaction."""
        return self._calls.list("GetBankTxTypes", BankTransactionType, {})

    def get_bank_transactions(self, account_id: int) -> Iterator[BankTransaction]:
        """What went through the account."""
        return self._calls.list("GetBankTransactions", BankTransaction, {"AccountID": account_id})

    def insert_bank_transaction(self, transaction: BankTransaction) -> int:
        """Adds a transaction and returns its id."""
        return self._calls.create("InsertBankTransaction", {"bp": {**values_of(transaction), "ID": 0}})

    def update_bank_transaction(self, transaction: BankTransaction) -> None:
        """Writes the whole transaction, found by its id."""
        demand("UpdateBankTransaction", TransactionID=transaction.transaction_id)
        values = {"bp": values_of(transaction), "TransactionID": transaction.transaction_id}
        self._calls.change("UpdateBankTransaction", values)

    def delete_bank_transaction(self, transaction_id: int) -> None:
        """Deletes a transaction."""
        demand("DeleteBankTransaction", TransactionID=transaction_id)
        self._calls.change("DeleteBankTransaction", {"TransactionID": transaction_id})

    def create_bank_account(self, name: str, nominal_code: int) -> int:
        """Adds a bank account on a nominal code and returns its id."""
        return self._calls.create("CreateBankAccount", {"AccountName": name, "NominalCode": nominal_code})
