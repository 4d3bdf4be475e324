"""Nominal codes, sales types with their products, bank accounts and payment methods."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from kashflow.sandbox import errors
from kashflow.sandbox.storage import Row, Storage, insert, update
from kashflow.sandbox.values import row


class Codes(Storage):
    """The lists an account keeps. Each `add_…` takes elements by name and returns the new id."""

    def add_nominal(self, *, sales_type: bool = False, **elements: object) -> int:
        """Adds a nominal code; a sales type is also one of GetProducts."""
        elements = {"TypeName": "Turnover" if sales_type else "Expenditure", "VATRate": 20} | elements
        extra: Row = {"IsSalesType": int(sales_type)}
        try:
            return self._add("nominal", "NominalCodeExtended", "id", elements, extra)
        except sqlite3.IntegrityError:
            raise errors.Refused(errors.NOMINAL_CODE_NOT_UNIQUE) from None

    def add_sub_product(self, **elements: object) -> int:
        """Adds a product under the sales type whose id is `ParentID`; `Code` is unique."""
        return _unique(lambda: self._add("sub_product", "SubProduct", "id", {"VatRate": 20} | elements))

    def update_sub_product(self, **elements: object) -> int:
        """Writes the whole product found by its id, and returns that."""
        values = row("SubProduct", elements)
        with self.transaction() as db:
            if not _unique(lambda: update(db, "sub_product", "id", values)):
                raise errors.NotFound(errors.NO_PRODUCT)
        return int(str(values["id"]))

    def sub_product(self, by: str, value: object) -> Row:
        """The product with this `id` or `Code`; raises NotFound."""
        condition, missing = _PRODUCT[by]
        found = self._all(f"SELECT * FROM sub_product WHERE {condition}", value)  # noqa: S608  (two fixed texts)
        if not found:
            raise errors.NotFound(missing)
        return found[0]

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
        products: dict[object, list[Row]] = {}
        for product in self.sub_products():
            products.setdefault(product["ParentID"], []).append(product)
        return [one | {"subProducts": products.get(one["ProductID"], [])} for one in self.sales_types()]

    def bank_accounts(self) -> list[Row]:
        """Every bank account."""
        return self._all('SELECT * FROM bank_account ORDER BY "AccountID"')

    def payment_methods(self) -> list[Row]:
        """Every way of paying."""
        return self._all('SELECT * FROM payment_method ORDER BY "MethodID"')

    def add_currency(self, **elements: object) -> int:
        """Adds a currency: `CurrencyCode`, `ExchangeRate`, `isDefault`."""
        return self._add("currency", "Currencies", "CurrencyId", elements)

    def add_dataset(self, kind: str, **elements: object) -> int:
        """Adds a customer `source` or a `vat` rate: `Name`, `Value`."""
        return self._add("dataset", "BasicDataset", "ID", elements, {"Kind": kind})

    def currencies(self) -> list[Row]:
        """Every currency."""
        return self._all('SELECT * FROM currency ORDER BY "CurrencyId"')

    def currency(self, code: object) -> Row:
        """The currency with this code; raises NotFound."""
        found = self._all('SELECT * FROM currency WHERE "CurrencyCode" = ? COLLATE NOCASE', code)
        if not found:
            raise errors.NotFound(errors.NO_CURRENCY)
        return found[0]

    def currency_of(self, customer: Row) -> object:
        """The code of a customer's currency; id 0 is the account's own."""
        query = 'SELECT "CurrencyCode" FROM currency WHERE "CurrencyId" = ? OR (? = 0 AND "isDefault" = 1)'
        found = self._all(query, customer["CurrencyID"], customer["CurrencyID"])
        return found[0]["CurrencyCode"] if found else "GBP"

    def datasets(self, kind: str) -> list[Row]:
        """The customer sources, or the VAT rates."""
        return self._all('SELECT * FROM dataset WHERE "Kind" = ? ORDER BY "ID"', kind)

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


_PRODUCT = {
    "id": ('"id" = ?', errors.NO_PRODUCT),
    "Code": ('"Code" = ? COLLATE NOCASE', errors.NO_PRODUCT_CODE),
}


def _unique(write: Callable[[], int]) -> int:
    try:
        return write()
    except sqlite3.IntegrityError as error:
        if "UNIQUE" in str(error):
            raise errors.Refused(errors.PRODUCT_CODE_NOT_UNIQUE) from None
        raise errors.NotFound(errors.NO_CHARGE_TYPE) from None


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
