"""KashFlow's lists, put into the sandbox's ledger and into our tables as a sync would have."""

from __future__ import annotations

from dataclasses import dataclass, field

from kashflow.models import AccountCode, BankAccount, LedgerAccount, PaymentMethod, ProductCode
from kashflow.sandbox.ledger import Ledger
from magmanager.overview.demo.words import SHORT_SIZES, Title

FIRST_CODE, OTHER_CODE = 4000, 4900
OTHER_NOMINALS = {
    1100: "Debtors Control Account",
    2200: "Sales Tax Control Account",
    5000: "Printing",
    5010: "Distribution",
    7500: "Postage",
}
BANK_ACCOUNTS = {1200: "Business Current Account", 1210: "Reserve Account", 1220: "Card Terminal"}
PAYMENT_METHODS = ("BACS", "Cheque", "Cash", "Credit Card", "Direct Debit")


@dataclass
class Codes:
    """Our rows of KashFlow's codes, by what the demo calls them."""

    account: LedgerAccount
    other: AccountCode
    bank: BankAccount
    bacs: PaymentMethod
    titles: dict[str, AccountCode] = field(default_factory=dict)
    products: dict[tuple[str, str], ProductCode] = field(default_factory=dict)


def add_codes(
    ledger: Ledger, account: LedgerAccount, titles: list[Title], *, sizes: list[str], items: list[str]
) -> Codes:
    """An account code per title with a product per size, one for other items, banks, payment methods."""
    other = _sales_type(ledger, account, OTHER_CODE, "Inserts, digital and other")
    codes = Codes(account, other, _bank(ledger, account), _bacs(ledger, account))
    for n, item in enumerate(items, start=1):
        codes.products["OTH", item] = _product(ledger, codes.other, f"OTH-{n}", item)
    for n, title in enumerate(titles):
        parent = _sales_type(ledger, account, FIRST_CODE + 10 * n, f"Advertising, {title.name}")
        codes.titles[title.code] = parent
        for size in sizes:
            codes.products[title.code, size] = _product(
                ledger, parent, f"{title.code}-{SHORT_SIZES[size]}", size
            )
    for code, name in OTHER_NOMINALS.items():
        _account_code(account, ledger.add_nominal(Code=code, Name=name), code, name)
    return codes


def _bank(ledger: Ledger, account: LedgerAccount) -> BankAccount:
    """The first of the bank accounts, where payments come in."""
    made = []
    for code, name in BANK_ACCOUNTS.items():
        kashflow_id = ledger.add_bank_account(AccountCode=code, AccountName=name)
        made.append(BankAccount(ledger_account=account, kashflow_id=kashflow_id, name=name, code=code))
    return BankAccount.objects.bulk_create(made)[0]


def _bacs(ledger: Ledger, account: LedgerAccount) -> PaymentMethod:
    """The first of the payment methods, how most clients pay."""
    made = [
        PaymentMethod(
            ledger_account=account, kashflow_id=ledger.add_payment_method(MethodName=name), name=name
        )
        for name in PAYMENT_METHODS
    ]
    return PaymentMethod.objects.bulk_create(made)[0]


def _sales_type(ledger: Ledger, account: LedgerAccount, code: int, name: str) -> AccountCode:
    kashflow_id = ledger.add_nominal(Code=code, Name=name, sales_type=True)
    return _account_code(account, kashflow_id, code, name, is_sales_type=True, is_turnover=True)


def _account_code(
    account: LedgerAccount, kashflow_id: int, code: int, name: str, **flags: bool
) -> AccountCode:
    return AccountCode.objects.create(
        ledger_account=account, kashflow_id=kashflow_id, code=code, name=name, **flags
    )


def _product(ledger: Ledger, parent: AccountCode, code: str, name: str) -> ProductCode:
    return ProductCode.objects.create(
        ledger_account=parent.ledger_account,
        kashflow_id=ledger.add_sub_product(ParentID=parent.kashflow_id, Code=code, Name=name),
        account_code=parent,
        code=code,
        name=name,
    )
