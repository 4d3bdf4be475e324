"""What the observer gets to see of each call, and what it never sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import Unknown, WrongLogin
from kashflow.gateway.transport import Transport
from tests.kashflow.gateway.conftest import URL, refused, soap
from tests.kashflow.gateway.test_reading import CUSTOMER, ok
from tests.kashflow.gateway.test_requests import CREATED, INVOICE

SECRET = "tr0ub4dor&<3"
COMPANY = "<CompanyName>Meadow Farm</CompanyName>"


@pytest.fixture
def gateway(exchanges):
    return Gateway(Transport(URL), "meadowfarm", SECRET, exchanges.append)


def test_a_good_call(gateway, reply, exchanges):
    reply(CREATED)
    gateway.insert_invoice(INVOICE)
    (seen,) = exchanges
    assert (seen.operation, seen.outcome, seen.detail, seen.http_status) == ("InsertInvoice", "ok", "", 200)
    assert abs(datetime.now(UTC) - seen.started_at) < timedelta(seconds=10)
    assert 0 < seen.seconds < 10
    assert "<UserName>***</UserName><Password>***</Password>" in seen.request_xml
    assert "<Description>Hay bale, small</Description>" in seen.request_xml
    assert seen.response_xml == CREATED


def test_a_refused_call(gateway, reply, exchanges):
    reply(refused("InsertInvoice", "Incorrect username or password"))
    with pytest.raises(WrongLogin):
        gateway.insert_invoice(INVOICE)
    assert [(seen.outcome, seen.detail) for seen in exchanges] == [
        ("wrong_login", "Incorrect username or password")
    ]


def test_the_login_is_in_nothing(gateway, reply, exchanges):
    echo = SECRET.replace("&", "&amp;").replace("<", "&lt;")
    reply(
        soap(
            f'<InsertInvoiceResponse xmlns="KashFlow"><k:Password xmlns:k="KashFlow">{echo}</k:Password>'
            f"<UserName>meadowfarm</UserName><Status>NO</Status><StatusDetail>bad {echo}</StatusDetail>"
            "</InsertInvoiceResponse>"
        )
    )
    with pytest.raises(Unknown) as caught:
        gateway.insert_invoice(INVOICE)
    told = [str(caught.value), repr(caught.value), caught.value.sentence, caught.value.detail, repr(gateway)]
    told += [repr(exchanges[0]), repr(vars(gateway._transport))]
    for text in told:
        assert SECRET not in text
        assert echo not in text
    assert "meadowfarm" not in repr(exchanges[0])


@pytest.mark.parametrize(
    "echo",
    [
        "vk4-&lt;W&#246;rd&gt;&apos;42&quot;",
        "vk4-&lt;W\u00f6rd&gt;&#x27;42&quot;",
        "vk4-%3CW%C3%B6rd%3E%2742%22",
        "vk4-<W\\u00f6rd>'42\\\"",
    ],
)
def test_a_password_told_back_in_another_spelling_is_masked(reply, exchanges, echo):
    gateway = Gateway(Transport(URL), "meadowfarm", "vk4-<W\u00f6rd>'42\"", exchanges.append)
    reply(f"<html>You typed {echo}, which is wrong.</html>")
    with pytest.raises(Unknown):
        gateway.get_company_details()
    assert "You typed ***, which is wrong." in exchanges[0].response_xml
    assert "vk4" not in repr(exchanges[0])


def test_long_messages_are_cut(gateway, reply, exchanges):
    reply(ok("GetCustomers", f"<Customer>{CUSTOMER}</Customer>" * 500))
    assert len(list(gateway.get_customers())) == 500
    assert len(exchanges[0].response_xml) == 64 * 1024


def test_a_list_is_reported_once_when_it_is_over(gateway, reply, exchanges):
    reply(ok("GetCustomers", f"<Customer>{CUSTOMER}</Customer>" * 3))
    records = gateway.get_customers()
    next(records)
    assert exchanges == []
    assert len(list(records)) == 2
    assert [seen.outcome for seen in exchanges] == ["ok"]


def test_a_list_left_early_is_reported_as_abandoned(gateway, reply, exchanges):
    reply(ok("GetCustomers", f"<Customer>{CUSTOMER}</Customer>" * 3))
    records = gateway.get_customers()
    next(records)
    records.close()
    assert [seen.outcome for seen in exchanges] == ["abandoned"]


def test_a_failing_observer_does_not_lose_the_answer(reply, caplog):
    def fail(exchange: object) -> None:
        raise RuntimeError("disk full")

    reply(CREATED)
    assert Gateway(Transport(URL), "meadowfarm", SECRET, fail).insert_invoice(INVOICE) == 1042
    assert "could not record" in caplog.text
    assert SECRET not in caplog.text
