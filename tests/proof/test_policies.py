"""The storms: the product comes through each with one document; each broken policy is caught in the one it fears."""

from __future__ import annotations

import pytest

from kashflow.models import LedgerAccount
from tests.proof import policies, storms
from tests.proof.conftest import Make
from tests.proof.oracle import Broken
from tests.proof.policies import Policy
from tests.proof.storms import STORMS, Storm

# In which storms each policy doubles an invoice on an account that keeps both documents under one number.
CAUGHT_IN: dict[Policy, set[Storm]] = {
    policies.plain_retry: {storms.reply_lost, storms.reads_fail},
    policies.look_without_settle: {storms.carried_out_late},
    policies.read_error_is_absent: {storms.reads_fail},
    policies.no_token_no_deadline: {storms.frozen_before_the_intent, storms.frozen_before_the_write},
}


def go_through(make: Make, storm: Storm, numbering: str = "ours") -> None:
    """Two invoices that were asked for meet `storm`; the oracle judges."""
    publisher, oracle = make()
    publisher.sandbox.settings(duplicate_number="duplicate")
    LedgerAccount.objects.update(numbering=numbering, numbers_proved=True)
    publisher.press(publisher.raise_invoices("180.00", "42.35"))
    storm(publisher)
    oracle.at_rest()
    assert publisher.states() == ["verified", "verified"]


@pytest.mark.parametrize("storm", STORMS, ids=lambda storm: storm.__name__)
@pytest.mark.parametrize("numbering", ["ours", pytest.param("kashflow", marks=pytest.mark.soak)])
def test_product_comes_through(make: Make, storm: Storm, numbering: str) -> None:
    go_through(make, storm, numbering)


@pytest.mark.timeout(60, func_only=True)
@pytest.mark.parametrize(
    ("policy", "storm"),
    [
        pytest.param(policy, storm, id=f"{policy.__name__}-{storm.__name__}")
        for policy, caught in CAUGHT_IN.items()
        for storm in STORMS
        if storm in caught
    ],
)
def test_broken_policy_is_caught(
    make: Make, monkeypatch: pytest.MonkeyPatch, policy: Policy, storm: Storm
) -> None:
    policy(monkeypatch)
    with pytest.raises(Broken, match="more than once"):
        go_through(make, storm)
