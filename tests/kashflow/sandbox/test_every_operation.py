"""Every operation, called by zeep from the sandbox's own WSDL, in both SOAP versions; and by our own gateway, strictly."""

# ruff: noqa: E501  (a row is one call)

# ruff: noqa: E501, E731  (a row is one call)

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import zeep

from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NotFound, Refused, Unknown
from kashflow.gateway.records import (
    BankTransaction,
    Invoice,
    InvoiceLine,
    Payment,
    SpecialNominal,
    SubProduct,
)
from kashflow.gateway.schema import OPERATIONS
from kashflow.gateway.transport import Transport
from kashflow.sandbox.server import Sandbox

LOGIN = {"UserName": "demo", "Password": "demo"}
DAY = datetime(2026, 11, 2)
SALES, HALF_PAGE = 880011, 3300002


@dataclass
class World:
    """A ledger with an invoice, its credit note, a payment, a note and a payment in advance."""

    client: zeep.Client
    service: Any
    customer: int
    invoice: int
    credit: int
    line: int
    payment: int
    transaction: int

    def of(self, kind: str, **values: object) -> Any:
        """A record with every element that zeep insists on."""
        type_ = self.client.get_type(f"{{KashFlow}}{kind}")
        zeros = {"Int": 0, "Decimal": Decimal(0), "Boolean": False, "DateTime": DAY, "String": ""}
        needed = {
            name: zeros[type(element.type).__name__]
            for name, element in type_.elements
            if element.min_occurs and not element.nillable
        }
        return type_(**needed | values)

    def new_invoice(self, kind: str = "Invoice", number: int = 0) -> Any:
        line = self.of(
            "InvoiceLine", Quantity=1, Rate=Decimal(50), ChargeType=SALES, VatRate=20, VatAmount=10
        )
        item = "InvoiceLine" if kind.endswith("TypeDefined") else "anyType"
        return self.of(kind, InvoiceNumber=number, CustomerID=self.customer, Lines={item: [line]})


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> zeep.Client:
    """The description, read once: it differs from sandbox to sandbox by the address alone."""
    one = Sandbox(tmp_path_factory.mktemp("described") / "ledger.sqlite3")
    one.start()
    client = zeep.Client(f"{one.endpoint}?WSDL")
    one.stop()
    return client


@pytest.fixture(params=["KashFlowAPISoap", "KashFlowAPISoap12"])
def world(sandbox: Sandbox, described: zeep.Client, request: pytest.FixtureRequest) -> World:
    ledger = sandbox.ledger
    customer = int(str(ledger.customer("Code", "HILL01")["CustomerID"]))
    number, invoice = ledger.add_invoice([_sold(100)], InvoiceNumber=2040, CustomerID=customer, InvoiceDate="2026-11-02", DueDate="2026-11-09")  # fmt: skip
    _, credit = ledger.add_invoice(
        [_sold(-40)], InvoiceNumber=2041, CustomerID=customer, InvoiceDate="2026-11-03"
    )
    ledger.add_note(InvoiceId=invoice, NoteDate="2026-11-04", Notes="Called")
    payment = ledger.add_payment(PayInvoice=number, PayDate="2026-11-05", PayAmount=20)
    account = ledger.bank_accounts()[0]["AccountID"]
    transaction = ledger.add_bank_transaction(
        accid=account, TransactionDate="2026-11-01", moneyin=30, CustomerId=customer
    )
    service = described.create_service(f"{{KashFlow}}{request.param}", sandbox.endpoint)
    line = int(str(ledger.invoice_by_id(invoice)["Lines"][0]["LineID"]))
    return World(described, service, customer, invoice, credit, line, payment, transaction)


def _sold(rate: int) -> dict[str, Any]:
    return {
        "Quantity": 1,
        "Description": "Half page",
        "Rate": rate,
        "ChargeType": SALES,
        "VatRate": 20,
        "VatAmount": rate / 5,
    }


Given = Callable[[World], dict[str, Any]]
BY_NUMBER: Given = lambda w: {"InvoiceNumber": 2040}
BY_CODE: Given = lambda w: {"CustomerCode": "HILL01"}
DATES = {"StartDate": datetime(2026, 11, 1), "EndDate": datetime(2026, 11, 30)}
# What zeep is given besides the login, and what is looked at in its answer.
CALLS: dict[str, tuple[Given, Callable[[Any], Any], Any]] = {
    "GetCompanyDetails": (lambda w: {}, lambda r: r.CompanyName, "Westvale Magazines Ltd"),
    "GetCustomer": (BY_CODE, lambda r: r.Name, "Hillside Garden Centre"),
    "GetCustomers": (lambda w: {}, lambda r: len(r.Customer), 5),
    "GetCustomerByEmail": (lambda w: {"CustomerEmail": "hill01@customers.example"}, lambda r: r.Code, "HILL01"),
    "GetCustomerByID": (lambda w: {"CustomerID": w.customer}, lambda r: r.Code, "HILL01"),
    "GetCustomersModifiedSince": (lambda w: {"ModifiedSince": datetime(2020, 1, 1)}, lambda r: len(r.Customer), 5),
    "GetCustomersByPostcode": (lambda w: {"Postcode": "sy66ab"}, lambda r: [c.Code for c in r.Customer], ["HILL01"]),
    "SearchCustomerByCustText": (lambda w: {"SearchVal": "gold"}, lambda r: r.Code, "TEXT01"),
    "InsertCustomer": (lambda w: {"custr": w.of("Customer", Code="NEW01", Name="New")}, int, 50007),
    "UpdateCustomer": (lambda w: {"custr": w.of("Customer", CustomerID=w.customer, Name="Renamed")}, str, "None"),
    "DeleteCustomer": (lambda w: {"CustomerID": 50002}, int, 0),
    "GetCustomerSources": (lambda w: {}, lambda r: len(r.BasicDataset), 3),
    "GetCustomerVATNumber": (BY_CODE, lambda r: r, None),
    "SetCustomerVATNumber": (lambda w: {"CustVATNumber": "GB1", **BY_CODE(w)}, int, 50001),
    "GetCustomerCurrency": (BY_CODE, str, "GBP"),
    "SetCustomerCurrency": (lambda w: {"CurrencyCode": "EUR", **BY_CODE(w)}, int, 50001),
    "GetCustomerBalance": (BY_CODE, lambda r: (r.Value, r.Balance), (Decimal(20), Decimal(52))),
    "GetCustomerAdvancePayments": (lambda w: {"CustomerId": w.customer}, lambda r: r.BankTransaction[0].moneyin, Decimal(30)),
    "GetCustomer2": (BY_CODE, lambda r: r.TradeBorderType, None),
    "GetCustomers2": (lambda w: {}, lambda r: len(r.Customer2), 5),
    "GetCustomerByEmail2": (lambda w: {"CustomerEmail": "hill01@customers.example"}, lambda r: r.Code, "HILL01"),
    "GetCustomerByID2": (lambda w: {"Customer2ID": w.customer}, lambda r: r.Code, "HILL01"),
    "GetCustomersModifiedSince2": (lambda w: {"ModifiedSince": datetime(2099, 1, 1)}, lambda r: r, None),
    "GetCustomersByPostcode2": (lambda w: {"Postcode": "SY6 6AB"}, lambda r: len(r.Customer2), 1),
    "SearchCustomerByCustText2": (lambda w: {"SearchVal": "gold"}, lambda r: r.Code, "TEXT01"),
    "InsertCustomer2": (lambda w: {"Customer2": w.of("Customer2", Name="Border Ltd", TradeBorderType="NI")}, int, 50007),
    "UpdateCustomer2": (lambda w: {"Customer2": w.of("Customer2", CustomerID=w.customer, Name="R")}, str, "None"),
    "InsertInvoice": (lambda w: {"Inv": w.new_invoice()}, int, 2042),
    "InsertInvoice_TypeDefined": (lambda w: {"Inv_TD": w.new_invoice("Invoice_TypeDefined", 3000)}, int, 3000),
    "UpdateInvoice": (lambda w: {"Inv": w.new_invoice(number=2040)}, lambda r: r, None),
    "UpdateInvoice_TypeDefined": (lambda w: {"InvTD": w.new_invoice("Invoice_TypeDefined", 2040)}, lambda r: r, None),
    "UpdateInvoiceHeader": (lambda w: {"Inv": w.of("Invoice", InvoiceDBID=w.invoice, CustomerID=w.customer)}, lambda r: r, None),
    "GetInvoice": (BY_NUMBER, lambda r: (r.NetAmount, r.AmountPaid, r.IsCISReverseCharge), (Decimal(100), Decimal(20), None)),
    "GetInvoice_TypeDefined": (BY_NUMBER, lambda r: (r.Lines.InvoiceLine[0].Rate, r.IsCISReverseCharge), (Decimal(100), False)),
    "GetInvoiceByID": (lambda w: {"InvoiceID": w.invoice}, lambda r: r.InvoiceNumber, 2040),
    "GetInvoicesByDateRange": (lambda w: DATES, lambda r: len(r.Invoice), 2),
    "GetInvoicesForCustomer": (lambda w: {"CustID": w.customer}, lambda r: len(r.Invoice), 2),
    "GetInvoicesForCustomer_typeDefined": (lambda w: {"CustID": w.customer}, lambda r: len(r.Invoice_TypeDefined), 2),
    "GetInvoices_Overdue": (lambda w: {}, lambda r: [i.InvoiceNumber for i in r.Invoice], [2040]),
    "GetInvoices_Overdue_TypeDefined": (lambda w: {}, lambda r: len(r.Invoice_TypeDefined), 1),
    "GetInvoices_Unpaid": (lambda w: {}, lambda r: len(r.Invoice), 2),
    "GetInvoices_Unpaid_TypeDefined": (lambda w: {}, lambda r: len(r.Invoice_TypeDefined), 2),
    "GetInvoices_Recent": (lambda w: {"NumberOfInvoices": 1}, lambda r: [i.InvoiceNumber for i in r.Invoice], [2041]),
    "GetInvoices_Recent_TypeDefined": (lambda w: {"NumberOfInvoices": 9}, lambda r: len(r.Invoice_TypeDefined), 2),
    "DeleteInvoice": (BY_NUMBER, int, 1),
    "DeleteInvoiceByID": (lambda w: {"InvoiceID": w.invoice}, int, 1),
    "InsertInvoiceLine": (lambda w: {"InvoiceID": w.invoice, "InvLine": w.of("InvoiceLine", Rate=5)}, int, 70000003),
    "InsertInvoiceLineWithInvoiceNumber": (lambda w: {"InvoiceNumber": 2040, "InvLine": w.of("InvoiceLine")}, int, 70000003),
    "DeleteInvoiceLine": (lambda w: {"LineID": w.line, "InvoiceNumber": 2040}, int, 1),
    "DeleteInvoiceLineWithInvoiceID": (lambda w: {"LineID": w.line, "InvoiceID": w.invoice}, int, 1),
    "EmailInvoice": (lambda w: {"InvoiceNumber": 2040, "RecipientEmail": "a@b.example"}, lambda r: r, None),
    "PrintInvoice": (lambda w: {"InvoiceNumber": 0, "InvoiceNumberList": "2040,2041"}, lambda r: r[-9:], "2040,2041"),
    "GetPaypalLink": (BY_NUMBER, lambda r: r[:8], "https://"),
    "InsertInvoiceNote": (lambda w: {"InvoiceId": w.invoice, "NoteDate": DAY, "Notes": "Paid soon"}, bool, True),
    "GetInvoiceNotes": (lambda w: {"InvoiceId": w.invoice}, lambda r: [n.Notes for n in r.InvoiceNotes], ["Called"]),
    "AttachFileToInvoice": (lambda w: {"InvoiceNo": 2040, "Base64String": "YQ==", "Filename": "a.txt"}, int, 6600001),
    "applyCreditNoteToInvoice": (lambda w: {"InvoiceID": w.invoice, "CreditNoteID": w.credit}, bool, True),
    "InsertInvoicePayment": (lambda w: {"InvoicePayment": w.of("Payment", PayInvoice=2040, PayAmount=1)}, int, 66000002),
    "GetInvoicePayment": (BY_NUMBER, lambda r: [p.PayAmount for p in r.Payment], [Decimal(20)]),
    "DeleteInvoicePayment": (lambda w: {"InvoiceNumber": 2040, "InvoicePaymentNumber": w.payment}, lambda r: r, None),
    "GetInvPayMethods": (lambda w: {}, lambda r: len(r.PaymentMethod), 5),
    "GetInvoicePaymentsByDateRange": (lambda w: {**DATES, "PageNumber": 1}, lambda r: len(r.Payment), 1),
    "GetInvoicePaymentsCountforDateRange": (lambda w: DATES, int, 1),
    "AllocateAdvancePaymentToInvoice": (lambda w: {"InvoiceNumber": 2040, "BankTxId": w.transaction}, int, 66000002),
    "GetProducts": (lambda w: {}, lambda r: len(r.Product), 4),
    "GetSubProducts": (lambda w: {"NominalID": SALES}, lambda r: len(r.SubProduct), 4),
    "GetSubProductByID": (lambda w: {"ProductID": HALF_PAGE}, lambda r: r.Code, "4000-HP"),
    "GetSubProductByCode": (lambda w: {"ProductCode": "4000-hp"}, lambda r: r.id, HALF_PAGE),
    "GetProductsWithSubProducts": (lambda w: {}, lambda r: len(r.ProductsFull), 4),
    "AddOrUpdateSubProduct": (lambda w: {"sp": w.of("SubProduct", ParentID=SALES, Code="4000-XX")}, int, 3300009),
    "GetNominalCodes": (lambda w: {}, lambda r: r.NominalCode[0].Code, 1100),
    "GetNominalCodesExtended": (lambda w: {}, lambda r: len(r.NominalCodeExtended), 8),
    "InsertNominalCode": (lambda w: {"name": "Stands", "code": 4040, "classification": 1, "nomtype": 1}, int, 880019),
    "CreateSpecialNominal": (lambda w: {"SpecialNominal": w.of("SpecialNominal", Code=4041, TypeEnum="Turnover")}, lambda r: r, None),
    "GetBankAccounts": (lambda w: {}, lambda r: len(r.BankAccount), 3),
    "GetBankBalance": (lambda w: {"AccountID": 7701, "BalanceDate": datetime(2026, 11, 30)}, lambda r: r, Decimal(50)),
    "GetBankOverview": (lambda w: {}, lambda r: [a.Balance for a in r.BankOverview], [Decimal(50), Decimal(0), Decimal(0)]),
    "GetBankTxTypes": (lambda w: {}, lambda r: len(r.BankTXType), 4),
    "GetBankTransactions": (lambda w: {"AccountID": 7701}, lambda r: len(r.BankTransaction), 1),
    "InsertBankTransaction": (lambda w: {"bp": w.of("BankTransaction", accid=7702, moneyout=3)}, int, 44000002),
    "UpdateBankTransaction": (lambda w: {"bp": w.of("BankTransaction", accid=7702), "TransactionID": w.transaction}, int, 44000001),
    "DeleteBankTransaction": (lambda w: {"TransactionID": w.transaction}, int, 1),
    "CreateBankAccount": (lambda w: {"AccountName": "Petty cash", "NominalCode": 1230}, int, 7704),
    "GetVATRates": (lambda w: {}, lambda r: [rate.Value for rate in r.BasicDataset], [Decimal(20), Decimal(5), Decimal(0)]),
    "isUserVATRegistered": (lambda w: {}, bool, True),
    "GetCurrencies": (lambda w: {}, lambda r: [c.CurrencyCode for c in r.Currencies], ["GBP", "EUR", "USD"]),
    "GetUserAccountDefaults": (lambda w: {}, lambda r: r.Currencies.anyType[1].CurrencyCode, "EUR"),
    "GetUserAccountDefaults_TypeDefined": (lambda w: {}, lambda r: r.Currencies.Currencies[0].isDefault, 1),
    "GetUserAccountDefault2": (lambda w: {}, lambda r: (r.VATNumber, r.VATRegisteredIn), ("GB123456782", "UK")),
    "GetUserAccountDefault_TypeDefined2": (lambda w: {}, lambda r: len(r.Currencies.Currencies), 3),
    "GetAccountOverview": (lambda w: {}, lambda r: (r.TotalDue, r.InvoicePartPayments), (Decimal(52), Decimal(100))),
    "AutoAuthIP": (lambda w: {"appName": "zeep", "AutoAuthKey": "1234ABCD-1234"}, int, 1),
    "GetRemoteLoginURL": (lambda w: {}, lambda r: r[:8], "https://"),
}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
def test_zeep_calls_it(operation: str, world: World, sandbox: Sandbox) -> None:
    given, look, expected = CALLS[operation]
    sandbox.ledger.change_settings(auto_auth_key="1234ABCD-1234")
    if operation.startswith("SearchCustomer"):
        sandbox.ledger.add_customer(Code="TEXT01", Name="Text", ExtraText3="gold")
    elif operation.startswith("InsertCustomer"):
        sandbox.ledger.add_customer(Code="LAST01", Name="Last")
    answer = world.service[operation](**LOGIN, **given(world))
    assert (answer.Status, answer.StatusDetail or "") == ("OK", "")
    assert look(getattr(answer, f"{operation}Result", None)) == expected


@pytest.fixture
def gateway(sandbox: Sandbox) -> Iterator[Gateway]:
    """Our own, against a sandbox that takes nothing out of order."""
    sandbox.ledger.change_settings(strict=True, auto_auth_key="1234ABCD-1234", numbering="honour")
    gateway = Gateway(Transport(sandbox.endpoint), "demo", "demo")
    yield gateway
    gateway.close()


LINE = InvoiceLine(description="Half page", rate=Decimal(100), charge_type=SALES, vat_rate=Decimal(20), vat_amount=Decimal(20))  # fmt: skip
TODAY = date(2026, 11, 2)


def test_a_document_s_life_through_our_gateway(gateway: Gateway, customer_id: int) -> None:
    document = Invoice(number=2040, invoice_date=TODAY, customer_id=customer_id, lines=(LINE,))
    assert gateway.insert_invoice_type_defined(document) == 2040
    read = gateway.get_invoice(2040)
    gateway.update_invoice_header(Invoice(**{**vars(read), "reference": "PO 9"}))
    extra = gateway.insert_invoice_line(read.dbid, LINE)
    assert gateway.get_invoice(2040).reference == "PO 9"
    assert gateway.get_invoice_type_defined(2040).net_amount == 200
    gateway.delete_invoice_line(extra, 2040)
    again = gateway.get_invoice_by_id(read.dbid)
    gateway.update_invoice(Invoice(**{**vars(again), "lines": (LINE, LINE, LINE)}))
    final = gateway.get_invoice(2040)
    assert (final.dbid, final.net_amount, len(final.lines)) == (read.dbid, 300, 3)
    assert {line.line_id for line in final.lines}.isdisjoint({line.line_id for line in again.lines})


def test_a_credit_note_is_set_off_once(gateway: Gateway, customer_id: int, sandbox: Sandbox) -> None:
    back = InvoiceLine(description="Back", rate=Decimal(-100), charge_type=SALES, vat_rate=Decimal(20), vat_amount=Decimal(-20))  # fmt: skip
    for number, line in ((2040, LINE), (2041, back)):
        gateway.insert_invoice(
            Invoice(number=number, invoice_date=TODAY, customer_id=customer_id, lines=(line,))
        )
    invoice, credit = gateway.get_invoice(2040), gateway.get_invoice(2041)
    gateway.apply_credit_note_to_invoice(invoice.dbid, credit.dbid)
    assert [gateway.get_invoice(number).paid for number in (2040, 2041)] == [True, True]
    assert [payment.amount for payment in gateway.get_invoice_payments(2040)] == [120]
    for first, second in (
        (invoice.dbid, credit.dbid),
        (credit.dbid, invoice.dbid),
        (invoice.dbid, invoice.dbid),
    ):
        with pytest.raises((Refused, Unknown)):
            gateway.apply_credit_note_to_invoice(first, second)
    assert len(sandbox.ledger.payments(2040)) == 1


def test_payments_by_date_come_in_pages(gateway: Gateway, customer_id: int, sandbox: Sandbox) -> None:
    gateway.insert_invoice(Invoice(number=2040, invoice_date=TODAY, customer_id=customer_id, lines=(LINE,)))
    with sandbox.ledger.transaction():
        for _ in range(119):
            sandbox.ledger.add_payment(PayInvoice=2040, PayDate="2026-11-03", PayAmount=1)
    last = gateway.insert_invoice_payment(Payment(invoice_number=2040, pay_date=TODAY, amount=Decimal(1)))
    pages = [
        len(list(gateway.get_invoice_payments_by_date_range(TODAY, date(2026, 11, 3), n))) for n in (1, 2, 3)
    ]
    assert (pages, gateway.get_invoice_payments_count_for_date_range(TODAY, date(2026, 11, 3))) == (
        [100, 20, 0],
        120,
    )
    gateway.delete_invoice_payment(2040, last)
    with pytest.raises(Unknown):
        gateway.delete_invoice_payment(2040, last)
    assert gateway.get_invoice_payments_count_for_date_range(TODAY, TODAY) == 0


def test_lists_of_the_account_and_what_is_added_to_them(gateway: Gateway, customer_id: int) -> None:
    product = gateway.add_or_update_sub_product(SubProduct(nominal_id=SALES, name="Strip", code="4000-ST"))
    gateway.add_or_update_sub_product(
        SubProduct(product_id=product, nominal_id=SALES, name="Strip, new", code="4000-ST")
    )
    assert gateway.get_sub_product_by_code("4000-ST").name == "Strip, new"
    with pytest.raises(NotFound):
        gateway.get_sub_product_by_id(1)
    gateway.create_special_nominal(SpecialNominal(name="Stands", code=4040, type_enum="Turnover"))
    assert "Stands" in [nominal.name for nominal in gateway.get_nominal_codes()]
    account = gateway.create_bank_account("Petty cash", 1230)
    moved = gateway.insert_bank_transaction(
        BankTransaction(account_id=account, on=TODAY, money_in=Decimal("12.50"))
    )
    assert gateway.get_bank_balance(account, TODAY) == Decimal("12.5")
    gateway.delete_bank_transaction(moved)
    assert [one.balance for one in gateway.get_bank_overview()] == [0, 0, 0, 0]
    gateway.set_customer_currency("HILL01", "EUR")
    gateway.set_customer_vat_number("HILL01", "GB123456782")
    assert (gateway.get_customer_currency("HILL01"), gateway.get_customer_by_id2(customer_id).vat_number) == (
        "EUR",
        "GB123456782",
    )


def test_an_address_is_let_in_by_its_key_only(gateway: Gateway, sandbox: Sandbox) -> None:
    sandbox.ledger.change_settings(restrict_ip=True)
    with pytest.raises(Unknown):
        gateway.auto_auth_ip("MagManager", "guess")
    assert sandbox.ledger.settings().allowed_ips == ()
    gateway.auto_auth_ip("MagManager", "1234ABCD-1234")
    assert gateway.get_company_details().name == "Westvale Magazines Ltd"
