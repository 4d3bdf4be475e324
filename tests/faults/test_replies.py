"""F-15 to F-26 without F-17 (`test_bombs.py`): answers that are none, lie, or belong to somebody else. What a reader
makes of their bytes is in `tests/kashflow/gateway/`; here it is what becomes of the invoice."""

from __future__ import annotations

from typing import Any

import pytest

from kashflow.models import LedgerAccount
from tests.faults.checks import assert_exactly_once, settle, struck
from tests.invoicing.transfer.conftest import Desk
from tests.kashflow.gateway.conftest import soap

GOOD = '<InsertInvoiceResponse xmlns="KashFlow"><InsertInvoiceResult>{}</InsertInvoiceResult>{}</InsertInvoiceResponse>'
STATUS = "<Status>OK</Status><StatusDetail />"


def assert_uncertain_then_once(desk: Desk, count: int) -> None:
    """`count` creates were answered in a way that says nothing, and each ends as one document."""
    assert desk.states() == ["verified"] + ["ambiguous"] * count
    settle(desk)
    assert_exactly_once(desk)


def test_f15_what_is_no_soap_says_nothing(desk: Desk) -> None:
    """F-15. Wrong encodings: `tests/kashflow/gateway/test_hostile_replies.py`."""
    pages = [
        {"text": '{"Status": "OK", "InsertInvoiceResult": 20433}', "content_type": "application/json"},
        {"text": "\ufeff" + soap(GOOD.format(20_434, STATUS)), "content_type": "text/xml"},
        {"text": "OK 20435", "content_type": "text/plain"},
        {"text": "", "committed": False},
    ]
    struck(desk, {"kind": "empty_reply"}, *({"kind": "html_page", **page} for page in pages))
    assert_uncertain_then_once(desk, 5)


def test_f16_reply_cut_at_every_tenth_is_never_read_as_data(desk: Desk) -> None:
    """F-16."""
    struck(desk, *({"kind": "malformed_xml", "percent": percent} for percent in range(0, 100, 10)))
    assert_uncertain_then_once(desk, 10)
    assert desk.calls("InsertInvoice") == 11


def test_f18_known_refusal_of_a_create_was_not_carried_out(desk: Desk) -> None:
    """F-18, the business texts. Those that switch the login off are in
    `tests/invoicing/transfer/test_refusals.py`."""
    struck(desk, {"kind": "status_no", "text": "There is no customer with this ID"})
    assert desk.states() == ["verified", "rejected"]
    settle(desk)
    assert (desk.states(), desk.calls("InsertInvoice")) == (["verified", "rejected"], 2)


def test_f19_unknown_text_is_uncertain_carried_out_or_not(desk: Desk) -> None:
    """F-19."""
    texts = ("Timed out", "Object reference not set", "")
    orders = [
        {"kind": "status_no", "text": text, "committed": done} for text in texts for done in (True, False)
    ]
    struck(desk, *orders)
    assert_uncertain_then_once(desk, 6)
    assert desk.calls("InsertInvoice") == 1 + 3 + 3 * 2


def test_f20_number_that_is_none_is_uncertain(desk: Desk) -> None:
    """F-20."""
    struck(desk, *({"kind": "number_zero", "text": text} for text in ("0", "-1", "2147483648", "", "1042x")))
    assert_uncertain_then_once(desk, 5)
    assert desk.calls("InsertInvoice") == 6


def test_f21_any_number_will_do_where_kashflow_numbers_its_own(desk: Desk) -> None:
    """F-21. With our numbers: `test_another_number_stops_the_account_with_one_document`."""
    LedgerAccount.objects.update(numbering="kashflow")
    invoice = struck(desk, {"kind": "number_other", "number": 77_777})[0]
    assert desk.transfer(invoice).kashflow_number == 77_777
    assert_exactly_once(desk)


@pytest.mark.parametrize("reply_of", ["GetCompanyDetails", "GetCustomers", "GetInvoicesForCustomer"])
def test_f24_reply_of_another_call_says_nothing(desk: Desk, reply_of: str) -> None:
    """F-24."""
    struck(desk, {"kind": "crossed_reply", "reply_of": reply_of})
    assert_uncertain_then_once(desk, 1)
    assert desk.calls("InsertInvoice") == 2


def test_f24_look_answered_with_another_reply_creates_nothing(desk: Desk) -> None:
    """F-24, on the look."""
    struck(desk, {"kind": "crossed_reply"}, operation="GetInvoice")
    assert (desk.states(), desk.calls("InsertInvoice")) == (["verified", "ready"], 1)
    desk.skip(200)
    desk.sweep_and_work()
    assert_exactly_once(desk)


@pytest.mark.parametrize("operation", ["InsertInvoice", "GetInvoice"])
def test_f25_element_given_twice_says_nothing(desk: Desk, operation: str) -> None:
    """F-25. Unknown new elements are ignored by name: `tests/kashflow/gateway/test_drift.py`."""
    element = {} if operation == "InsertInvoice" else {"element": "Status"}
    struck(desk, {"kind": "duplicate_element", **element}, operation=operation)
    assert desk.states() == ["verified", "ambiguous" if operation == "InsertInvoice" else "ready"]
    settle(desk)
    assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == 2


LISTS: list[dict[str, Any]] = [{"kind": "http_503"}, {"kind": "cut_reply", "percent": 60}]


@pytest.mark.parametrize("shape", ["no", "empty"])
@pytest.mark.parametrize("fault", LISTS, ids=lambda fault: str(fault["kind"]))
def test_f26_both_shapes_of_absent_need_the_list_to_agree(
    desk: Desk, shape: str, fault: dict[str, Any]
) -> None:
    """F-26, for what is uncertain: by number and by list, and neither failing."""
    desk.sandbox.settings(not_found=shape)
    struck(desk, {"kind": "drop_before"})
    desk.sandbox.fault("GetInvoicesForCustomer", times=20, **fault)
    settle(desk)
    assert (desk.states(), desk.calls("InsertInvoice")) == (["verified", "ambiguous"], 2)
    desk.sandbox.no_faults()
    settle(desk)
    assert_exactly_once(desk)
