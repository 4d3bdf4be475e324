"""What the sandbox says of itself and what it sends, held against the published description."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lxml import etree

from kashflow.gateway import xsd
from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox import facts
from tests.kashflow.sandbox.client import Caller, line

S = "{http://www.w3.org/2001/XMLSchema}"
LOGIN = ["UserName:string?", "Password:string?"]
ENDING = ["Status:string?", "StatusDetail:string?"]
# The three whose elements the facts give in words or in part.
IN_WORDS = {"GetUserAccountDefault2", "GetUserAccountDefault_TypeDefined2", "CreateSpecialNominal"}


def blocks(text: str) -> Iterator[list[str]]:
    """Each entry with its lines joined, as words."""
    for block in re.split(r"\n(?=\S)", text.strip()):
        yield block.split()


def operations() -> dict[str, tuple[list[str], list[str]]]:
    found = {}
    for words in blocks(facts.OPERATIONS):
        name, inputs, result = (part.split() for part in f"{' '.join(words)} ".split("|"))
        found[name[0]] = LOGIN + inputs, result + ENDING
    return found


RECORDS = {name: fields for name, *fields in blocks(facts.RECORDS)}
OPERATIONS = operations()
ARRAYS = {name: f"{item}:{kind}" for name, item, kind in blocks(facts.ARRAYS)}


def elements(parent: etree._Element) -> list[str]:
    """The elements of a type in our notation."""
    return [
        f"{one.get('name')}:{one.get('type', 'anyType').partition(':')[2] or 'anyType'}"
        + ("?" if one.get("minOccurs") == "0" else "")
        + ("~" if one.get("nillable") else "")
        for one in parent.iter(f"{S}element")
        if one is not parent
    ]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> etree._Element:
    """The schema inside the WSDL as it is served."""
    sandbox = Sandbox(tmp_path_factory.mktemp("described") / "ledger.sqlite3")
    sandbox.start()
    served = Caller(sandbox).request("GET", "/api/service.asmx?WSDL").body
    sandbox.stop()
    found = etree.fromstring(served).find(f".//{S}schema")
    assert found is not None
    return found


def named(schema: etree._Element, tag: str) -> dict[str, list[str]]:
    return {str(one.get("name")): elements(one) for one in schema.findall(f"{S}{tag}")}


def test_every_operation_takes_and_answers_what_is_published(schema: etree._Element) -> None:
    served = named(schema, "element")
    for name, (inputs, answers) in OPERATIONS.items():
        assert (name, served.pop(name)) == (name, inputs)
        assert (name, served.pop(f"{name}Response")) == (name, answers)
    assert set(served) == IN_WORDS | {f"{name}Response" for name in IN_WORDS}


def test_every_record_is_as_published(schema: etree._Element) -> None:
    served = named(schema, "complexType")
    assert {name: served[name] for name in RECORDS} == RECORDS
    assert served["ProductsFull"] == ["subProducts:ArrayOfSubProduct?"]
    assert {name: served[name] for name in ARRAYS} == {name: [f"{item}?~"] for name, item in ARRAYS.items()}


def test_what_we_send_is_checked_against_the_same(schema: etree._Element) -> None:
    """Our XSD differs in what we demand of ourselves: the login, and items that are there."""
    ours, served, calls = xsd.document(), named(schema, "complexType"), named(schema, "element")
    for name, fields in named(ours, "complexType").items():
        if not name.startswith("ArrayOf"):
            assert (name, fields) == (name, served[name])
    for name, fields in named(ours, "element").items():
        assert fields == [field.rstrip("?") for field in LOGIN] + calls[name][2:]


@pytest.mark.parametrize(
    ("record", "operation", "inputs", "absent"),
    [
        ("Customer", "GetCustomer", "<CustomerCode>HILL01</CustomerCode>", ()),
        ("Customer2", "GetCustomer2", "<CustomerCode>HILL01</CustomerCode>", ()),
        ("CustomerBalance", "GetCustomerBalance", "<CustomerCode>HILL01</CustomerCode>", ()),
        ("BasicDataset", "GetVATRates", "", ()),
        ("Invoice", "GetInvoice", "<InvoiceNumber>2040</InvoiceNumber>", ("EstimateCategory",)),
        (
            "Invoice_TypeDefined",
            "GetInvoice_TypeDefined",
            "<InvoiceNumber>2040</InvoiceNumber>",
            ("EstimateCategory",),
        ),
        (
            "InvoiceLine",
            "GetInvoice_TypeDefined",
            "<InvoiceNumber>2040</InvoiceNumber>",
            ("ValuesInCurrency",),
        ),
        ("DeliveryAddress", "GetInvoice", "<InvoiceNumber>2040</InvoiceNumber>", ()),
        ("InvoiceNotes", "GetInvoiceNotes", "<InvoiceId>91000001</InvoiceId>", ()),
        ("Payment", "GetInvoicePayment", "<InvoiceNumber>2040</InvoiceNumber>", ()),
        ("PaymentMethod", "GetInvPayMethods", "", ()),
        ("Product", "GetProducts", "", ()),
        ("SubProduct", "GetSubProductByCode", "<ProductCode>4000-FP</ProductCode>", ()),
        ("NominalCode", "GetNominalCodes", "", ()),
        ("NominalCodeExtended", "GetNominalCodesExtended", "", ()),
        ("BankAccount", "GetBankAccounts", "", ()),
        ("BankOverview", "GetBankOverview", "", ()),
        ("BankTXType", "GetBankTxTypes", "", ()),
        ("BankTransaction", "GetBankTransactions", "<AccountID>7701</AccountID>", ()),
        ("Currencies", "GetCurrencies", "", ()),
        ("UserAccountDefaults", "GetUserAccountDefaults", "", ()),
        ("UserAccountDefaults_TypeDefined", "GetUserAccountDefaults_TypeDefined", "", ()),
        ("CompanyDetails", "GetCompanyDetails", "", ()),
        ("AccountOverview", "GetAccountOverview", "", ()),
    ],
)
def test_every_record_is_sent_whole_and_in_order(
    caller: Caller, customer_id: int, record: str, operation: str, inputs: str, absent: tuple[str, ...]
) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line())
    caller.sandbox.ledger.add_payment(PayInvoice=2040, PayAmount=1)
    caller.sandbox.ledger.add_note(InvoiceId=91000001, Notes="Called")
    caller.sandbox.ledger.add_bank_transaction(accid=7701, moneyin=3)
    reply = caller.call(operation, inputs)
    place = record if reply.find(record) is not None else f"{operation}Result"
    wanted = [field.partition(":")[0] for field in RECORDS[record]]
    assert reply.names(place) == [name for name in wanted if name not in absent]


def test_a_sales_type_s_products_stand_behind_its_own_elements(caller: Caller) -> None:
    reply = caller.call("GetProductsWithSubProducts")
    own = [field.partition(":")[0] for field in RECORDS["Product"]]
    assert reply.names("ProductsFull") == [*own, "subProducts"]
