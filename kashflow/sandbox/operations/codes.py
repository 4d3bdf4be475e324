"""Nominal codes, sales types and their products."""

from __future__ import annotations

from kashflow.sandbox.registry import Account, Arguments, needed, operation


@operation
def get_products(account: Account, given: Arguments) -> object:
    return account.ledger.sales_types()


@operation
def get_products_with_sub_products(account: Account, given: Arguments) -> object:
    return account.ledger.sales_types_with_products()


@operation
def get_sub_products(account: Account, given: Arguments) -> object:
    return account.ledger.sub_products(given["NominalID"])


@operation
def get_sub_product_by_id(account: Account, given: Arguments) -> object:
    return account.ledger.sub_product("id", given["ProductID"])


@operation
def get_sub_product_by_code(account: Account, given: Arguments) -> object:
    return account.ledger.sub_product("Code", given["ProductCode"])


@operation
def add_or_update_sub_product(account: Account, given: Arguments) -> object:
    product = needed(given["sp"])
    if product["id"]:
        return account.ledger.update_sub_product(**product)
    return account.ledger.add_sub_product(**product)


@operation
def get_nominal_codes(account: Account, given: Arguments) -> object:
    return account.ledger.nominals()


@operation
def get_nominal_codes_extended(account: Account, given: Arguments) -> object:
    return account.ledger.nominals()


@operation
def insert_nominal_code(account: Account, given: Arguments) -> object:
    return account.ledger.add_nominal(
        Name=given["name"],
        Code=given["code"],
        ClassificationID=given["classification"],
        TypeID=given["nomtype"],
    )


@operation
def create_special_nominal(account: Account, given: Arguments) -> object:
    special = needed(given["SpecialNominal"])
    kind = special["TypeEnum"] or "Expenditure"
    account.ledger.add_nominal(
        Name=special["Name"], Code=special["Code"], TypeName=kind, TypeID=special["Type"]
    )
    return None
