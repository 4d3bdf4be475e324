"""A new house's first steps on its admin's Home: ticked off by what exists, gone once it is at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from invoicing.models import NumberCounter
from tests import factories
from tests.invoicing.batches import raised

pytestmark = pytest.mark.django_db
Login = Callable[..., Any]


def steps(browser: Any) -> dict[str, bool]:
    shown = browser.get("/").context.get("first_steps") or []
    return {step.label: step.is_done for step in shown}


def test_an_empty_house_has_all_to_do_and_kashflow_s_come_with_it(as_role: Login) -> None:
    browser = as_role("Admin")
    assert steps(browser) == dict.fromkeys(
        (
            "Choose the accounts package",
            "Set the next invoice number",
            "Add a publication with its prices",
            "Add its issues",
            "Add the first client",
        ),
        False,
    )
    factories.kashflow_on()
    factories.publication()
    NumberCounter.objects.update(next_number=100)
    shown = steps(browser)
    assert [label for label, is_done in shown.items() if is_done] == [
        "Choose the accounts package",
        "Set the next invoice number",
        "Add a publication with its prices",
    ]
    assert "Check Connection, and save your login" in shown
    assert "First steps" in browser.get("/").content.decode()


@pytest.mark.parametrize("role", ["Sales", "Accounts", "Production"])
def test_others_are_not_shown_them(as_role: Login, role: str) -> None:
    assert steps(as_role(role)) == {}


def test_they_are_gone_with_the_first_invoice(as_role: Login) -> None:
    factories.company()
    browser = as_role("Admin")
    raised(factories.user("Accounts"), [factories.booking()])
    assert steps(browser) == {}
