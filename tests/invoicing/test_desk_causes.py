"""Every cause a transfer can have ends on the desk in an act or a link, and every kind of errand has its words."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

from invoicing import causes, decisions, kinds, transfer
from invoicing.models import Transfer
from invoicing.transfer.states import NEEDS_YOU
from kashflow.gateway import errors
from kashflow.models import Connection
from tests import factories
from tests.invoicing.test_desk_page import As, address
from tests.invoicing.transfer.conftest import Desk, raised
from tests.invoicing.transfer.conftest import desk as desk

PREFIX = f"{transfer.__name__}."
pytestmark = pytest.mark.django_db


def error_codes(kind: type[errors.GatewayError] = errors.GatewayError) -> set[str]:
    return {kind.code}.union(*(error_codes(one) for one in kind.__subclasses__()))


def codes_of(module: ModuleType) -> set[str]:
    """The codes a module stores causes under: written out, or by the name of a constant."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    storing = [call for call in calls if ast.unparse(call.func).endswith(("cause", "_differs"))]
    given = [one for call in storing for one in call.args]
    given += [one.value for call in calls for one in call.keywords if one.arg == "cause_code"]
    named = {getattr(module, one.id, None) for one in given if isinstance(one, ast.Name)}
    written = {one.value for one in given if isinstance(one, ast.Constant)}
    return {code for code in named | written if isinstance(code, str) and re.fullmatch("[a-z_]+", code)}


def every_code() -> set[str]:
    modules = [importlib.import_module(found.name) for found in iter_modules(transfer.__path__, PREFIX)]
    written = set().union(*map(codes_of, modules))
    found = {"number_taken", "found_probable", "found_changed", "stopped", "stopped_while_sending"}
    return written | found | error_codes()


def test_every_cause_has_its_words() -> None:
    assert every_code() - set(causes.SHORT) == set()
    assert {"other_number", "differs", "gone", "kashflow_away", "uncertain_too_long"} <= every_code()
    assert {"payment_not_mapped", "payment_no_bank", "payment_gone"} <= every_code() & set(causes.ADVICE)


@pytest.mark.parametrize("code", sorted(causes.SHORT))
@pytest.mark.parametrize("state", sorted(NEEDS_YOU))
def test_every_cause_ends_in_an_act_whatever_the_state(connected: Connection, state: str, code: str) -> None:
    by = factories.user("Accounts")
    invoice = raised(by, factories.client_row(), 20_431, "180.00")
    row = factories.transfer(invoice, state=state, cause_code=code, last_cause="It stopped.")
    acts = {choice.act: choice for choice in decisions.choices(row, by, None)}
    assert {"recheck", "do_not_send"} <= set(acts)
    assert sum(choice.is_suggested for choice in acts.values()) == 1


@pytest.mark.parametrize(
    ("fields", "button"),
    [
        ({"state": "ready", "not_before": "2099-01-01T00:00:00Z"}, "Do not send this payment"),
        ({"state": "rejected", "cause_code": "payment_not_mapped"}, "Do not send this payment"),
        ({"state": "rejected", "cause_code": "payment_gone"}, "Do not send this payment"),
        ({"state": "review", "cause_code": "found_probable"}, "Do not send this payment"),
        ({"state": "review", "cause_code": "payment_gone"}, "Leave it in KashFlow as it is"),
        ({"state": "review", "cause_code": "uncertain_too_long"}, "Leave it in KashFlow as it is"),
        (
            {"state": "review", "cause_code": "found_changed", "kashflow_payment_id": 7},
            "Leave it in KashFlow as it is",
        ),
    ],
)
def test_payment_that_was_never_sent_is_not_left_in_kashflow(
    connected: Connection, fields: dict[str, Any], button: str
) -> None:
    by = factories.user("Accounts")
    invoice = raised(by, factories.client_row(), 20_431, "180.00")
    row = factories.transfer(invoice, kind="payment", payment=factories.payment(invoice), **fields)
    assert {choice.act: choice.button for choice in decisions.choices(row, by, None)}["do_not_send"] == button


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
    row = factories.transfer(invoice, state="review", cause_code=code, last_cause="It stopped.")
    browser = as_role("Accounts")
    page = browser.get(address(row))
    target = where.format(payer=invoice.payer_id)
    assert f'href="{target}"' in page.text
    assert browser.get(target.partition("#")[0]).status_code == 200


@pytest.mark.parametrize("kind", Transfer.Kind)
def test_every_kind_has_a_title_and_opens(desk: Desk, as_role: As, kind: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    payment = factories.payment(invoice) if kind == "payment" else None
    row = factories.transfer(
        invoice, kind=kind, payment=payment, state="review", cause_code="unknown", last_cause="No."
    )
    page = as_role("Accounts").get(address(row))
    assert kinds.title(row) in page.text
    assert str(invoice.number) in kinds.title(row)
