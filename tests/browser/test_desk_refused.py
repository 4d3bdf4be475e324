"""What KashFlow refuses twice in words of its own, finished by the accountant on the Transfer desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_desk import A_WHILE, BETWEEN_LOOKS, SETTLE, Stage
from tests.browser.test_desk import stage as stage

pytestmark = pytest.mark.browser
WORDS = "Department 12 is closed"


def until_it_is_sent_again(stage: Stage, times: int) -> None:
    """The settle wait, and a second look half a minute after the first."""
    stage.later(SETTLE)
    stage.page.reload()
    happened = stage.detail.get_by_role("listitem")
    expect(happened.filter(has_text="looked for once more")).to_have_count(times, timeout=A_WHILE)
    stage.later(BETWEEN_LOOKS)


def test_refused_twice_mended_in_kashflow_and_rechecked(stage: Stage) -> None:
    number = stage.invoice()
    stage.sandbox.fault("InsertInvoice", "status_no", text=WORDS, times=2)
    stage.transfer(number, "Uncertain")
    until_it_is_sent_again(stage, 1)
    happened = stage.detail.get_by_role("listitem")
    expect(happened.filter(has_text=WORDS)).to_have_count(2, timeout=A_WHILE)
    until_it_is_sent_again(stage, 2)
    stage.expect_state("Needs you")
    expect(stage.detail).to_contain_text(f"KashFlow refused it twice: “{WORDS}”. Nothing was done there.")
    assert len(stage.sent(number)) == 2
    stage.choose("Recheck", "Recheck KashFlow")
    happened = stage.detail.get_by_role("listitem")
    expect(happened.filter(has_text="looked for once more")).to_have_count(3, timeout=A_WHILE)
    stage.later(BETWEEN_LOOKS)
    stage.expect_in_kashflow(number, times=3)
