"""The small ledger a sandbox starts with when nobody loaded a bigger one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kashflow.sandbox.ledger import Ledger

COMPANY = {
    "CompanyName": "Westvale Magazines Ltd",
    "Address1": "The Old Print Works",
    "Address2": "14 Mill Lane",
    "Address3": "Ludlow",
    "Address4": "Shropshire",
    "Postcode": "SY8 1DE",
    "PrimaryEmail": "accounts@westvale.example",
    "PrimaryContact": "Helen Marsh",
    "Telephone": "01632 960140",
    "VatRegistered": "1",
    "VatRegistrationNumber": "GB123456782",
    "PaymentTerms": 30,
}
SALES_TYPES = {
    4000: ("Advertising", {"FP": "Full page", "HP": "Half page", "QP": "Quarter page", "EP": "Eighth page"}),
    4010: ("Digital", {"WB": "Website banner", "NL": "Newsletter"}),
    4020: ("Inserts", {"LI": "Loose insert", "BI": "Bound insert"}),
    4030: ("Sponsorship", {}),
}
OTHER_NOMINALS = {
    1100: "Debtors Control Account",
    2200: "Sales Tax Control Account",
    5000: "Printing",
    7500: "Postage",
}
BANK_ACCOUNTS = {1200: "Current Account", 1210: "Reserve Account", 1220: "Card Terminal"}
PAYMENT_METHODS = ("BACS", "Cheque", "Cash", "Credit Card", "Direct Debit")
CURRENCIES = {"GBP": 1, "EUR": "1.1500", "USD": "1.3000"}
VAT_RATES = {"Standard": 20, "Reduced": 5, "Zero": 0}
CUSTOMER_SOURCES = ("Recommended", "Trade fair", "Web")
CUSTOMERS = (
    ("HILL01", "Hillside Garden Centre", "Priya Nair", "Church Stretton", "SY6 6AB"),
    ("TEME01", "Teme Valley Kitchens", "Owen Pritchard", "Tenbury Wells", "WR15 8AE"),
    ("CAST01", "Castle Street Dental", "Dr Anne Fowler", "Ludlow", "SY8 1AT"),
    ("MARC01", "Marches Building Society", "Graham Tolley", "Shrewsbury", "SY1 1LN"),
    ("BLUE01", "Blue Kettle Agency", "Sophie Lang", "Hereford", "HR1 2BP"),
)


def fill(ledger: Ledger) -> None:
    """Puts the built-in ledger into an empty one."""
    ledger.set_company(**COMPANY)
    for code, (name, products) in SALES_TYPES.items():
        parent = ledger.add_nominal(Code=code, Name=name, sales_type=True)
        for sku, product in products.items():
            ledger.add_sub_product(ParentID=parent, Code=f"{code}-{sku}", Name=product)
    for code, name in OTHER_NOMINALS.items():
        ledger.add_nominal(Code=code, Name=name)
    for code, name in BANK_ACCOUNTS.items():
        ledger.add_bank_account(AccountCode=code, AccountName=name)
    for name in PAYMENT_METHODS:
        ledger.add_payment_method(MethodName=name)
    for customer in CUSTOMERS:
        _add_customer(ledger, *customer)


def add_lists(ledger: Ledger) -> None:
    """The short lists every account has."""
    for code, rate in CURRENCIES.items():
        ledger.add_currency(CurrencyCode=code, ExchangeRate=rate, isDefault=int(code == "GBP"))
    for name, percent in VAT_RATES.items():
        ledger.add_dataset("vat", Name=name, Description=f"{percent}%", Value=percent)
    for name in CUSTOMER_SOURCES:
        ledger.add_dataset("source", Name=name)


def _add_customer(ledger: Ledger, code: str, name: str, contact: str, town: str, postcode: str) -> None:
    first, _, last = contact.rpartition(" ")
    ledger.add_customer(
        Code=code,
        Name=name,
        Contact=contact,
        ContactFirstName=first,
        ContactLastName=last,
        Address3=town,
        Postcode=postcode,
        CountryName="United Kingdom",
        CountryCode="GB",
        Email=f"{code.lower()}@customers.example",
        PaymentTerms=30,
    )
