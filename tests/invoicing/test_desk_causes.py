"""Every cause a transfer can have ends on the desk in an act or a link, and every kind of errand has its words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from invoicing import causes, decisions, kinds
from invoicing.models import Transfer
from invoicing.transfer.states import NEEDS_YOU
from kashflow.gateway import errors
from kashflow.models import Connection
from tests import factories
from tests.invoicing.test_desk_page import As, address
from tests.invoicing.transfer.conftest import Desk, raised
from tests.invoicing.transfer.conftest import desk as desk

pytestmark = pytest.mark.django_db


def error_codes(kind: type[errors.GatewayError] = errors.GatewayError) -> set[str]:
    return {kind.code}.union(*(error_codes(one) for one in kind.__subclasses__()))


def codes_of(source: str) -> set[str]:
    """The codes written out in a module that stores causes."""
    return set(re.findall(r'(?:cause_code="|causes\.cause\(\w+, |HELD = )"?([a-z_]+)"', source))


def every_code(settings: Any) -> set[str]:
    folder = settings.BASE_DIR / "invoicing" / "transfer"
    written = set().union(*(codes_of(file.read_text()) for file in folder.glob("*.py")))
    found = {"number_taken", "found_probable", "found_changed", "stopped", "stopped_while_sending"}
    return written | found | error_codes()


def test_every_cause_has_its_words(settings: Any) -> None:
    assert every_code(settings) - set(causes.SHORT) == set()
    assert {"other_number", "differs", "gone", "kashflow_away", "uncertain_too_long"} <= every_code(settings)


@pytest.mark.parametrize("code", sorted(causes.SHORT))
@pytest.mark.parametrize("state", sorted(NEEDS_YOU))
def test_every_cause_ends_in_an_act_whatever_the_state(connected: Connection, state: str, code: str) -> None:
    by = factories.user("Accounts")
    invoice = raised(by, factories.client_row(), 20_431, "180.00")
    transfer = factories.transfer(invoice, state=state, cause_code=code, last_cause="It stopped.")
    acts = {choice.act: choice for choice in decisions.choices(transfer, by, None)}
    assert {"recheck", "do_not_send"} <= set(acts)
    assert sum(choice.is_suggested for choice in acts.values()) == 1


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("customer_unresolved", "/clients/{payer}/details/"),
        ("not_sendable", "/settings/kashflow/"),
        ("other_number", "/settings/kashflow/"),
        ("wrong_login", "/settings/kashflow/help/#password"),
        ("switched_off", "/my-details/"),
        ("refused", "/settings/api-log/"),
        ("unknown", "/settings/kashflow/help/#unclear"),
    ],
)
def test_cause_leads_to_where_it_is_mended(desk: Desk, as_role: As, code: str, where: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    transfer = factories.transfer(invoice, state="review", cause_code=code, last_cause="It stopped.")
    browser = as_role("Accounts")
    page = browser.get(address(transfer))
    target = where.format(payer=invoice.payer_id)
    assert f'href="{target}"' in page.text
    assert browser.get(target.partition("#")[0]).status_code == 200


@pytest.mark.parametrize("kind", Transfer.Kind)
def test_every_kind_has_a_title_and_opens(desk: Desk, as_role: As, kind: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    payment = factories.payment(invoice) if kind == "payment" else None
    transfer = factories.transfer(
        invoice, kind=kind, payment=payment, state="review", cause_code="unknown", last_cause="No."
    )
    page = as_role("Accounts").get(address(transfer))
    assert kinds.title(transfer) in page.text
    assert str(invoice.number) in kinds.title(transfer)
