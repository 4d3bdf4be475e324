"""Nominal codes, sales types with their products, bank accounts and payment methods."""

from __future__ import annotations

from collections.abc import Mapping

from kashflow.sandbox.storage import Row, Storage, insert
from kashflow.sandbox.values import row


class Codes(Storage):
    """The lists an account keeps. Each `add_…` takes elements by name and returns the new id."""

    def add_nominal(self, *, sales_type: bool = False, **elements: object) -> int:
        """Adds a nominal code; a sales type is also one of GetProducts."""
        elements = {"TypeName": "Turnover" if sales_type else "Expenditure", "VATRate": 20} | elements
        return self._add("nominal", "NominalCodeExtended", "id", elements, {"IsSalesType": int(sales_type)})

    def add_sub_product(self, **elements: object) -> int:
        """Adds a product under the sales type whose id is `ParentID`; `Code` is unique."""
        return self._add("sub_product", "SubProduct", "id", {"VatRate": 20} | elements)

    def add_bank_account(self, **elements: object) -> int:
        """Adds a bank account: `AccountName`, `AccountCode`."""
        return self._add("bank_account", "BankAccount", "AccountID", elements)

    def add_payment_method(self, **elements: object) -> int:
        """Adds a way of paying: `MethodName`."""
        return self._add("payment_method", "PaymentMethod", "MethodID", elements)

    def nominals(self) -> list[Row]:
        """Every nominal code, by code."""
        return self._all('SELECT * FROM nominal ORDER BY "Code"')

    def sales_types(self) -> list[Row]:
        """The nominal codes that are sales types, in GetProducts' words."""
        return [
            _as_product(one)
            for one in self._all('SELECT * FROM nominal WHERE "IsSalesType" = 1 ORDER BY "Code"')
        ]

    def sub_products(self, nominal_id: int | None = None) -> list[Row]:
        """The products under one sales type, or all."""
        if nominal_id is None:
            return self._all('SELECT * FROM sub_product ORDER BY "id"')
        return self._all('SELECT * FROM sub_product WHERE "ParentID" = ? ORDER BY "id"', nominal_id)

    def sales_types_with_products(self) -> list[Row]:
        """Each sales type with its products inside."""
        products = self.sub_products()
        return [
            one
            | {"subProducts": [product for product in products if product["ParentID"] == one["ProductID"]]}
            for one in self.sales_types()
        ]

    def bank_accounts(self) -> list[Row]:
        """Every bank account."""
        return self._all('SELECT * FROM bank_account ORDER BY "AccountID"')

    def payment_methods(self) -> list[Row]:
        """Every way of paying."""
        return self._all('SELECT * FROM payment_method ORDER BY "MethodID"')

    def has_charge_type(self, nominal_id: object) -> bool:
        """Whether a line may carry it: a nominal's id, or 0 for Other."""
        return not nominal_id or bool(self._all('SELECT 1 FROM nominal WHERE "id" = ?', nominal_id))

    def _add(
        self, table: str, record: str, key: str, elements: Mapping[str, object], extra: Row | None = None
    ) -> int:
        values: Row = row(record, elements) | (extra or {})
        if not values[key]:
            del values[key]
        with self.transaction() as db:
            return insert(db, table, values)

    def _all(self, query: str, *parameters: object) -> list[Row]:
        with self.reading() as db:
            return [dict(one) for one in db.execute(query, parameters)]


def _as_product(nominal: Row) -> Row:
    return {
        "ProductID": nominal["id"],
        "ProductName": nominal["Name"],
        "ProductCode": nominal["Code"],
        "ProductDescription": nominal["Description"],
        "ManageStockLevels": 0,
        "QtyInStock": 0,
        "ProductPrice": nominal["Price"],
    }
