"""What a look means and what a failed create means: tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from invoicing.transfer.states import Event
from invoicing.transfer.verdict import Absent, Changed, NumberTaken, Ours, Probable, Several, classify, judge
from kashflow.gateway import errors
from kashflow.gateway.records import Invoice
from kashflow.services import SwitchedOff

SENT = Invoice(
    number=20431,
    invoice_date=dt.date(2026, 11, 20),
    customer_id=50006,
    reference="PO-77 7Q2M4XK9AB",
    net_amount=Decimal("180.00"),
    vat_amount=Decimal("36.00"),
)
OURS = replace(SENT, dbid=9001, net_amount=Decimal("180.0000"))
TYPED = replace(OURS, reference="by hand")
FOREIGN = replace(TYPED, customer_id=50001)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([], Absent),
        ([OURS], Ours),
        ([OURS, OURS], Ours),
        ([OURS, replace(OURS, dbid=9002)], Several),
        ([replace(OURS, number=20432)], Changed),
        ([replace(OURS, net_amount=Decimal("180.01"))], Changed),
        ([replace(OURS, customer_id=50001)], Changed),
        ([TYPED], Probable),
        ([FOREIGN], NumberTaken),
        ([replace(TYPED, reference="4500012345")], Probable),
        ([replace(TYPED, vat_amount=Decimal("35.99"))], NumberTaken),
        ([replace(FOREIGN, number=20400)], Absent),
        ([replace(OURS, number=20432, dbid=1), FOREIGN], Changed),
    ],
)
def test_judge_with_our_numbers(found: list[Invoice], kind: type[Any]) -> None:
    assert type(judge(SENT, found)) is kind


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([], Absent),
        ([replace(OURS, number=7)], Ours),
        ([replace(TYPED, number=7)], Probable),
        ([replace(FOREIGN, number=7)], Absent),
        ([replace(OURS, number=7), replace(OURS, number=8, dbid=2)], Several),
    ],
)
def test_judge_where_kashflow_numbers_its_own(found: list[Invoice], kind: type[Any]) -> None:
    assert type(judge(replace(SENT, number=0), found)) is kind


def test_nothing_is_probable_while_the_customer_is_not_known() -> None:
    unknown = replace(SENT, customer_id=0)
    assert type(judge(unknown, [replace(TYPED, customer_id=0)])) is NumberTaken
    assert type(judge(unknown, [OURS])) is Ours


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (errors.NotSent(), Event.NOT_SENT),
        (errors.RateLimited(), Event.NOT_SENT),
        (errors.SendDeadlineMissed(), Event.DEADLINE_MISSED),
        (errors.EnvelopeInvalid(), Event.REFUSED),
        (errors.EnvelopeRefused(), Event.REFUSED),
        (errors.NotFound(), Event.REFUSED),
        (errors.WrongLogin(), Event.CONNECTION_OFF),
        (errors.ApiDisabled(), Event.CONNECTION_OFF),
        (errors.IpNotListed(), Event.CONNECTION_OFF),
        (errors.AccountLocked(), Event.CONNECTION_OFF),
        (errors.AccessForbidden(), Event.CONNECTION_OFF),
        (SwitchedOff(), Event.CONNECTION_OFF),
        (errors.Unknown(), Event.UNCERTAIN),
        (errors.SaidNo(), Event.UNCERTAIN),
        (errors.GatewayError(), Event.UNCERTAIN),
    ],
)
def test_classify(error: errors.GatewayError, event: Event) -> None:
    assert classify(error) is event


def test_no_gateway_error_is_left_out() -> None:
    listed = {type(error) for error in _family(errors.GatewayError)}
    assert errors.Unknown in listed
    certain = {kind for kind in listed if classify(kind()) is not Event.UNCERTAIN}
    assert listed - certain == {errors.GatewayError, errors.Unknown, errors.SaidNo}


def _family(kind: type[errors.GatewayError]) -> list[errors.GatewayError]:
    return [kind(), *(one for child in kind.__subclasses__() for one in _family(child))]
