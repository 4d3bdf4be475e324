"""What goes through the bank accounts, payments by date, and what is due in all."""

from __future__ import annotations

import sqlite3
from datetime import date
from decimal import Decimal

from kashflow.sandbox import errors
from kashflow.sandbox.invoices import count_payments, due, oldest_with_number
from kashflow.sandbox.storage import Row, Storage, insert, update
from kashflow.sandbox.values import decimal_text, midnight, row

TRANSACTION_TYPES = {
    1: ("Bank charges", 7901),
    2: ("Transfer", 1250),
    3: ("Payment in advance", 1105),
    4: ("Other", 9999),
}
_PURCHASES = ("TotalOwed", "ReceiptsOverdue", "ReceiptPartPayments", "ReceiptPartPaymentsOverdue")
_BETWEEN = 'FROM payment WHERE "PayDate" BETWEEN ? AND ?'


class Bank(Storage):
    """Money in and out."""

    def bank_transactions(self, account_id: int) -> list[Row]:
        """What went through one account, oldest first."""
        return self._found(
            'SELECT * FROM bank_transaction WHERE "accid" = ? ORDER BY "TransactionDate", "ID"', account_id
        )

    def every_bank_transaction(self) -> list[Row]:
        """What went through all accounts, by id."""
        return self._found('SELECT * FROM bank_transaction ORDER BY "ID"')

    def advance_payments(self, customer_id: int) -> list[Row]:
        """What a customer paid in advance and is not allocated to invoices yet."""
        query = 'SELECT * FROM bank_transaction WHERE "CustomerId" = ? AND "CustomerId" <> 0 ORDER BY "ID"'
        return [one for one in self._found(query, customer_id) if _left(one) > 0]

    def add_bank_transaction(self, **elements: object) -> int:
        """Adds a transaction; raises NotFound for an unknown account."""
        values = row("BankTransaction", elements)
        del values["ID"]
        with self.transaction() as db:
            _demand_account(db, values["accid"])
            return insert(db, "bank_transaction", values)

    def update_bank_transaction(self, **elements: object) -> int:
        """Writes the whole transaction found by its ID, and returns that."""
        values = row("BankTransaction", elements)
        with self.transaction() as db:
            _demand_account(db, values["accid"])
            if not update(db, "bank_transaction", "ID", values):
                raise errors.NotFound(errors.NO_TRANSACTION)
        return int(str(values["ID"]))

    def delete_bank_transaction(self, transaction_id: int) -> None:
        """Takes a transaction away."""
        with self.transaction() as db:
            if not db.execute('DELETE FROM bank_transaction WHERE "ID" = ?', (transaction_id,)).rowcount:
                raise errors.NotFound(errors.NO_TRANSACTION)

    def transaction_types(self) -> list[Row]:
        """The kinds of transaction."""
        return [
            {"TypeID": n, "TypeName": name, "TypeCode": code} for n, (name, code) in TRANSACTION_TYPES.items()
        ]

    def allocate(self, number: int, transaction_id: int) -> int:
        """Sets as much of a payment in advance as is left of it and due off against the invoice; the PayID."""
        with self.transaction() as db:
            dbid = oldest_with_number(db, number)
            if dbid is None:
                raise errors.NotFound(errors.NO_INVOICE)
            invoice = dict(db.execute('SELECT * FROM invoice WHERE "InvoiceDBID" = ?', (dbid,)).fetchone())
            advance = self._advance(db, transaction_id, invoice["CustomerID"])
            amount = min(_left(advance), due(invoice))
            if amount <= 0:
                raise errors.Refused("There is nothing left to allocate")
            taken = decimal_text(Decimal(str(advance["Allocated"])) + amount)
            update(db, "bank_transaction", "ID", {"ID": transaction_id, "Allocated": taken})
            return _pay(db, invoice, advance, amount)

    def payments_between(self, start: str, end: str, *, page: int, size: int) -> list[Row]:
        """One page of `size` payments dated from `start` to `end`, both included; empty behind the last one."""
        with self.reading() as db:
            where = (start, end, size, (max(page, 1) - 1) * size)
            found = db.execute(f'SELECT * {_BETWEEN} ORDER BY "PayDate", "PayID" LIMIT ? OFFSET ?', where)
            return [dict(one) for one in found]

    def count_payments_between(self, start: str, end: str) -> int:
        """How many there are on all its pages."""
        with self.reading() as db:
            return int(db.execute(f"SELECT COUNT(*) {_BETWEEN}", (start, end)).fetchone()[0])

    def bank_balance(self, account_id: int, day: str) -> str:
        """What was on the account at the end of that day: its transactions and the payments banked there."""
        with self.reading() as db:
            _demand_account(db, account_id)
            return decimal_text(_balance(db, account_id, midnight(day)))

    def bank_overview(self) -> list[Row]:
        """Every account with its balance today."""
        with self.reading() as db:
            accounts = db.execute('SELECT * FROM bank_account ORDER BY "AccountID"').fetchall()
            today = midnight(date.today())
            return [
                dict(one) | {"Balance": decimal_text(_balance(db, one["AccountID"], today))}
                for one in accounts
            ]

    def balance_of(self, customer: Row) -> Row:
        """What a customer paid and owes, without what is dated in the future."""
        query = 'SELECT * FROM invoice WHERE "CustomerID" = ? AND "InvoiceDate" <= ?'
        found = self._found(query, customer["CustomerID"], midnight(date.today()))
        paid = sum((Decimal(str(one["AmountPaid"])) for one in found), Decimal(0))
        return {
            "CustomerId": customer["CustomerID"],
            "CustomerCode": customer["Code"],
            "Value": decimal_text(paid),
            "Balance": decimal_text(sum(map(due, found), Decimal(0))),
        }

    def overview(self) -> Row:
        """What is due on all documents; purchases are not kept here, so what is owed is nothing."""
        found, today = self._found('SELECT * FROM invoice WHERE "Paid" = 0'), midnight(date.today())
        overdue = [one for one in found if midnight("0001-01-01") < str(one["DueDate"]) < today]
        sums = {
            "TotalDue": found,
            "SalesOverdue": overdue,
            "InvoicePartPayments": [one for one in found if Decimal(str(one["AmountPaid"]))],
            "InvoicePartPaymentsOverdue": [one for one in overdue if Decimal(str(one["AmountPaid"]))],
        }
        return dict.fromkeys(_PURCHASES, "0.0000") | {
            name: decimal_text(sum(map(due, some), Decimal(0))) for name, some in sums.items()
        }

    def _advance(self, db: sqlite3.Connection, transaction_id: int, customer_id: object) -> Row:
        query = 'SELECT * FROM bank_transaction WHERE "ID" = ? AND "CustomerId" = ?'
        found = db.execute(query, (transaction_id, customer_id)).fetchone()
        if found is None:
            raise errors.NotFound(errors.NO_TRANSACTION)
        return dict(found)

    def _found(self, query: str, *parameters: object) -> list[Row]:
        with self.reading() as db:
            return [dict(one) for one in db.execute(query, parameters)]


def _demand_account(db: sqlite3.Connection, account_id: object) -> None:
    if db.execute('SELECT 1 FROM bank_account WHERE "AccountID" = ?', (account_id,)).fetchone() is None:
        raise errors.NotFound(errors.NO_BANK_ACCOUNT)


def _left(advance: Row) -> Decimal:
    return Decimal(str(advance["moneyin"])) - Decimal(str(advance["Allocated"]))


def _pay(db: sqlite3.Connection, invoice: Row, advance: Row, amount: Decimal) -> int:
    values = {
        "PayInvoice": invoice["InvoiceNumber"],
        "PayDate": advance["TransactionDate"],
        "PayNote": "Paid in advance",
        "PayMethod": 0,
        # The money is on the account already, as the transaction itself.
        "PayAccount": 0,
        "PayAmount": decimal_text(amount),
        "InvoiceDBID": invoice["InvoiceDBID"],
    }
    payment_id = insert(db, "payment", values)
    count_payments(db, int(str(invoice["InvoiceDBID"])))
    return payment_id


def _balance(db: sqlite3.Connection, account_id: object, day: str) -> Decimal:
    moved = db.execute(
        'SELECT "moneyin", "moneyout" FROM bank_transaction WHERE "accid" = ? AND "TransactionDate" <= ?',
        (account_id, day),
    )
    total = sum((Decimal(into) - Decimal(out) for into, out in moved), Decimal(0))
    banked = db.execute(
        'SELECT "PayAmount" FROM payment WHERE "PayAccount" = ? AND "PayDate" <= ?', (account_id, day)
    )
    return sum((Decimal(amount) for (amount,) in banked), total)
