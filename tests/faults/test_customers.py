"""F-12, F-60 and F-63: the customer in KashFlow that an invoice needs, looked for, made and named."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.test import Client as Browser
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from clients import customers, linking
from clients.forms import ClientForm
from clients.linking import CODE, CodeUnusable
from clients.models import Client, CustomerLink
from invoicing.models import Invoice
from kashflow.gateway.errors import EnvelopeInvalid
from kashflow.gateway.schema import NAMESPACE
from kashflow.models import ApiCall
from tests import factories
from tests.faults.checks import assert_exactly_once
from tests.invoicing.transfer.conftest import Desk

A_WHILE = 3700
numbers = count(1)


def writes(desk: Desk) -> list[str]:
    """The calls KashFlow received that would change something there."""
    every = (call["operation"] for call in desk.sandbox.log())
    return [name for name in every if not name.startswith("Get")]


# --- F-12 ---------------------------------------------------------------------------------------------------


def nobody_knows(desk: Desk) -> Invoice:
    """For a client whose customer was never looked for."""
    return desk.raise_invoices(1)[0]


def reply_was_lost(desk: Desk) -> Invoice:
    """For a client whose code was kept for a customer that may have been created."""
    payer = factories.client_row(name="Kernow Kayaks")
    customers.want(payer, desk.account)
    CustomerLink.objects.filter(client=payer).update(code="KERN01")
    return desk.raise_invoices(1, payer)[0]


def code_was_typed(desk: Desk) -> Invoice:
    """For a client that a person linked by its code."""
    payer = factories.client_row(name="Kernow Kayaks")
    desk.sandbox.server.ledger.add_customer(Code="KAYAK1", Name=payer.name)
    linking.link_by_code(by=desk.by, client=payer, account=desk.account, code="KAYAK1")
    return desk.raise_invoices(1, payer)[0]


def was_changed_here(desk: Desk) -> Invoice:
    """For a client that has a customer, and another telephone number since."""
    payer = factories.client_row()
    desk.in_kashflow(1, payer)
    Client.objects.filter(pk=payer.pk).update(phone="01432 000111")
    return desk.raise_invoices(1, payer)[0]


LOOKS: list[tuple[str, Callable[[Desk], Invoice]]] = [
    ("GetCustomerByEmail", nobody_knows),
    ("GetCustomersByPostcode", nobody_knows),
    ("GetCustomer", reply_was_lost),
    ("GetCustomer", code_was_typed),
    ("GetCustomerByID", was_changed_here),
]
FAILURES: list[dict[str, Any]] = [
    {"kind": "drop_before"},
    {"kind": "http_503"},
    {"kind": "html_page"},
]


@pytest.mark.parametrize("fault", FAILURES, ids=lambda fault: str(fault["kind"]))
@pytest.mark.parametrize(("operation", "arranged"), LOOKS)
def test_f12_failed_look_for_the_customer_changes_nothing_there(
    desk: Desk, operation: str, arranged: Callable[[Desk], Invoice], fault: dict[str, Any]
) -> None:
    """F-12: however the look is made and however it fails, and when it is made again."""
    invoice = arranged(desk)
    books, written = desk.sandbox.state(), writes(desk)
    desk.sandbox.fault(operation, times=50, **fault)
    desk.press([invoice])
    for tries in (1, 2):
        desk.skip(A_WHILE)
        desk.sweep_and_work()
        assert (desk.transfer(invoice).state, writes(desk)) == ("ready", written)
        assert len([call for call in desk.sandbox.log(operation) if call["fault"]]) == tries
    now = desk.sandbox.state()
    assert (now["customers"], now["invoices"]) == (books["customers"], books["invoices"])
    desk.sandbox.no_faults()
    desk.skip(A_WHILE)
    desk.sweep_and_work()
    assert_exactly_once(desk)
    assert desk.calls("InsertCustomer") == (0 if arranged is code_was_typed else 1)


@pytest.mark.parametrize("fault", [FAILURES[1], {"kind": "cut_reply", "percent": 60}], ids=["503", "cut"])
def test_f12_failed_list_of_customers_leaves_it_to_each_ones_own_look(
    desk: Desk, fault: dict[str, Any]
) -> None:
    """F-12: a list that broke off says of nobody that they are not there: the one who is, is not doubled."""
    invoices = desk.raise_invoices(customers.LIST_FROM)
    known = invoices[-1].payer
    desk.sandbox.server.ledger.add_customer(Code="THERE1", Name="Somebody", Email=known.email)
    desk.sandbox.fault("GetCustomers", **fault)
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified"] * (len(invoices) - 1) + ["review"]
    assert CustomerLink.objects.get(client=known).state == "match"
    others = len(invoices) - 1
    assert (desk.calls("GetCustomers"), desk.calls("InsertCustomer")) == (1, others)
    assert desk.calls("GetCustomerByEmail") == others + 1


# --- F-63 ---------------------------------------------------------------------------------------------------

ODD_NAMES = ("Ångström & Söhne", "♥♥♥", "O'Neill-Brown (Hereford)", "1st Choice", "مجلة", "<b>", "A")


def test_f63_code_is_legal_whatever_the_name(desk: Desk) -> None:
    """F-63, KashFlow refusing what it documents as refused: no code of ours is."""
    invoices = [desk.raise_invoices(1, factories.client_row(name=name))[0] for name in ODD_NAMES]
    desk.press(invoices)
    desk.work()
    assert_exactly_once(desk)
    codes = list(CustomerLink.objects.values_list("code", flat=True))
    assert len({(code or "").upper() for code in codes}) == len(ODD_NAMES)
    assert all(CODE.fullmatch(code or "") for code in codes)
    assert desk.calls("InsertCustomer") == len(ODD_NAMES)


def test_f63_code_of_another_client_is_left_alone(desk: Desk) -> None:
    """F-63: taken in KashFlow by somebody else, and by a client here."""
    ledger = desk.sandbox.server.ledger
    ledger.add_customer(Code="KERN01", Name="Kernow Bakery", Email="x@bakery.example", Postcode="TR1 1AA")
    before = desk.sandbox.state()["customers"]
    names = ("Kernow Kayaks", "Kern Valley Feeds")
    desk.press([desk.raise_invoices(1, factories.client_row(name=name))[0] for name in names])
    desk.work()
    assert_exactly_once(desk)
    assert sorted(CustomerLink.objects.values_list("code", flat=True)) == ["KERN02", "KERN03"]
    assert desk.sandbox.state()["customers"][: len(before)] == before


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "number_zero"])
def test_f63_code_stays_when_the_reply_is_lost(desk: Desk, kind: str) -> None:
    """F-63: derived once and kept, so that what was made before is found again."""
    desk.sandbox.fault("InsertCustomer", kind)
    desk.press(desk.raise_invoices(1, factories.client_row(name="Kernow Kayaks")))
    desk.work()
    assert (desk.states(), CustomerLink.objects.get().code) == (["ready"], "KERN01")
    desk.skip(A_WHILE)
    desk.sweep_and_work()
    assert_exactly_once(desk)
    assert CustomerLink.objects.get().code == "KERN01"
    kayaks = [one["Code"] for one in desk.sandbox.state()["customers"] if one["Name"] == "Kernow Kayaks"]
    assert kayaks == ["KERN01"]


@pytest.mark.parametrize("code", ["KERN 01", "KERN-01", "KÄRN01", "KERN01" * 4, "", "KERN\x0001"])
def test_f63_code_that_kashflow_would_refuse_is_refused_before_anything_is_sent(
    desk: Desk, code: str
) -> None:
    """F-63, a code that somebody types."""
    with pytest.raises(CodeUnusable) as refused:
        linking.link_by_code(by=desk.by, client=factories.client_row(), account=desk.account, code=code)
    assert refused.value.field == "code"
    assert desk.sandbox.log() == []
    assert not CustomerLink.objects.filter(state="linked").exists()


# --- F-60, the customer's name ------------------------------------------------------------------------------

TYPED = {"country_code": "GB", "invoice_delivery": "email", "invoice_period": "per_issue"}
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(name=st.text(max_size=110))
@example("& < > \" ' ]]>")
@example("<!-- x --><![CDATA[ &amp; &#0;")
@example("🚣 مجلة e\u0301 \u202e")
@example("one\r\ntwo\rthree\n\nfour\tfive")
@example("a\x00b")
@example("a\x07b")
@example("a\ufffeb")
@example("x" * 100)
@example("x" * 101)
def test_f60_name_of_a_client_is_the_same_in_kashflow_or_is_refused_unsent(desk: Desk, name: str) -> None:
    """F-60: typed into the client's form and carried through the creation of the customer."""
    n = next(numbers)
    form = ClientForm({**TYPED, "name": name, "email": f"a{n}@name.example", "postcode": f"HR1 {n}AA"})
    before = desk.calls("InsertCustomer")
    if not form.is_valid():
        assert (list(form.errors), form["name"].value()) == (["name"], name)
        return
    link = customers.want(form.save(), desk.account)
    try:
        link = customers.resolve(link, connection=desk.connection, by=None)
    except EnvelopeInvalid:
        assert NOT_XML.search(link.client.name)
        assert desk.calls("InsertCustomer") == before
        return
    assert _named(desk, link) == _sent() == link.client.name
    assert desk.calls("InsertCustomer") == before + 1


def _named(desk: Desk, link: CustomerLink) -> str:
    there = {one["CustomerID"]: one["Name"] for one in desk.sandbox.state()["customers"]}
    return str(there[link.customer_id])


def _sent() -> str | None:
    """The name in the envelope that went out last, read by a parser that is not the sandbox's."""
    call = ApiCall.objects.filter(operation="InsertCustomer").latest("pk")
    return etree.fromstring(call.request_xml.encode()).findtext(f".//{{{NAMESPACE}}}Name")


@pytest.mark.parametrize(
    "name",
    ["Kernow\x00 Kayaks", "Kernow\x07 Kayaks", "Kernow\x1b[0m Kayaks", "Kernow\ufffe Kayaks"],
)
def test_f60_character_that_cannot_be_sent_is_refused_beside_the_field(
    as_role: Callable[..., Browser], name: str
) -> None:
    """F-60: in the form where it is typed, and nothing that was typed is lost."""
    typed = {**TYPED, "name": name, "town": "Ross-on-Wye"}
    answer = as_role("Sales").post("/clients/new/", typed)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["name"]
    assert (answer.context["form"]["name"].value(), 'value="Ross-on-Wye"' in answer.text) == (name, True)
    assert 'id="id_name_error"' in answer.text
    assert not Client.objects.exists()


def test_f60_name_that_cannot_be_sent_waits_for_a_person_who_is_told_the_field(desk: Desk) -> None:
    """F-60, one that got past the form."""
    invoice = desk.raise_invoices(1, factories.client_row(name="Kernow\x07 Kayaks"))[0]
    desk.press([invoice])
    desk.work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.cause_code) == ("review", "customer_unresolved")
    assert "The fault is in Name" in transfer.last_cause
    assert writes(desk) == []
