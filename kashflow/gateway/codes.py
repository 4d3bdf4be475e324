"""Nominal codes, sales types and their products: kashflow-api.md, section 8. A line takes ids, people see codes."""

from __future__ import annotations

from collections.abc import Iterator

from kashflow.gateway.records import (
    Nominal,
    NominalCode,
    SalesType,
    SalesTypeWithProducts,
    SpecialNominal,
    SubProduct,
)
from kashflow.gateway.session import Session
from kashflow.gateway.writing import values_of


class Codes(Session):
    """What can be asked and done about codes."""

    def get_products(self) -> Iterator[SalesType]:
        """The sales types."""
        return self._calls.list("GetProducts", SalesType, {})

    def get_products_with_sub_products(self) -> Iterator[SalesTypeWithProducts]:
        """The sales types, each with its products."""
        return self._calls.list("GetProductsWithSubProducts", SalesTypeWithProducts, {})

    def get_sub_products(self, nominal_id: int) -> Iterator[SubProduct]:
        """The products under the sales type with this id."""
        return self._calls.list("GetSubProducts", SubProduct, {"NominalID": nominal_id})

    def get_sub_product_by_id(self, product_id: int) -> SubProduct:
        """The product with this id. Raises NotFound."""
        return self._calls.record(
            "GetSubProductByID",
            SubProduct,
            {"ProductID": product_id},
            lambda product: product.product_id == product_id,
        )

    def get_sub_product_by_code(self, code: str) -> SubProduct:
        """The product with this code. Raises NotFound."""
        wanted = code.strip().casefold()
        return self._calls.record(
            "GetSubProductByCode",
            SubProduct,
            {"ProductCode": code},
            lambda product: product.code.strip().casefold() == wanted,
        )

    def add_or_update_sub_product(self, product: SubProduct) -> int:
        """Adds a product (`product_id` 0) or changes one; returns its id."""
        return self._calls.create("AddOrUpdateSubProduct", {"sp": values_of(product)})

    def get_nominal_codes(self) -> Iterator[Nominal]:
        """All nominal codes, without their types."""
        return self._calls.list("GetNominalCodes", Nominal, {})

    def get_nominal_codes_extended(self) -> Iterator[NominalCode]:
        """All nominal codes."""
        return self._calls.list("GetNominalCodesExtended", NominalCode, {})

    def insert_nominal_code(self, name: str, code: int, *, classification: int, nominal_type: int) -> int:
        """Adds a nominal code and returns its id."""
        values = {"name": name, "code": code, "classification": classification, "nomtype": nominal_type}
        return self._calls.create("InsertNominalCode", values)

    def create_special_nominal(self, nominal: SpecialNominal) -> None:
        """Adds a nominal with its places in the reports."""
        self._calls.change("CreateSpecialNominal", {"SpecialNominal": values_of(nominal)})
