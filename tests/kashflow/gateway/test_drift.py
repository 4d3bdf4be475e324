"""KashFlow adds elements and moves them; the reader goes by name and refuses only what is doubtful."""

from __future__ import annotations

import re

import pytest

from kashflow.gateway.errors import Unknown
from tests.kashflow.gateway.conftest import soap
from tests.kashflow.gateway.test_reading import INVOICE, READ, ok


def elements(text: str) -> list[str]:
    """The top-level elements of the invoice sample."""
    parts = re.findall(r"<(\w+)[^<>]*/>|<(\w+)[^<>]*>.*?</\2>", text)
    assert len(parts) == 24
    return [match.group(0) for match in re.finditer(r"<\w+[^<>]*/>|<(\w+)[^<>]*>.*?</\1>", text)]


def test_any_order(gateway, reply):
    reply(ok("GetInvoice", "".join(reversed(elements(INVOICE)))))
    assert gateway.get_invoice(1042) == READ


def test_status_before_the_result(gateway, reply):
    reply(
        soap(
            '<GetInvoiceResponse xmlns="KashFlow"><StatusDetail /><Status>OK</Status>'
            f"<GetInvoiceResult>{INVOICE}</GetInvoiceResult></GetInvoiceResponse>"
        )
    )
    assert gateway.get_invoice(1042) == READ


def test_unknown_elements_everywhere_are_ignored(gateway, reply):
    new = "<TradeBorderType><Deep><er>1</er></Deep></TradeBorderType><Shiny>x</Shiny><Shiny>y</Shiny>"
    text = INVOICE.replace("<NetAmount>", f"{new}<NetAmount>").replace("<Rate>", f"{new}<Rate>")
    text = new + text.replace("</Lines>", f"{new}</Lines>")
    reply(ok("GetInvoice", text).replace("<Status>", f"{new}<Status>"))
    assert gateway.get_invoice(1042) == READ


def test_elements_of_another_namespace_are_not_ours(gateway, reply):
    text = '<InvoiceNumber xmlns="Elsewhere">9</InvoiceNumber>' + INVOICE
    reply(ok("GetInvoice", text))
    assert gateway.get_invoice(1042) == READ


def test_other_prefixes(gateway, reply):
    def prefixed(text: str) -> str:
        return re.sub(r"<(/?)(\w)", r"<\1kf:\2", text).replace('type="Inv', 'type="kf:Inv')

    body = prefixed(f"<GetInvoiceResult>{INVOICE}</GetInvoiceResult><Status>OK</Status>")
    reply(
        f'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:kf="KashFlow" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><S:Header><kf:X/></S:Header><S:Body>'
        f"<kf:GetInvoiceResponse>{body}</kf:GetInvoiceResponse></S:Body></S:Envelope>"
    )
    assert gateway.get_invoice(1042) == READ


def test_white_space_and_comments_change_nothing(gateway, reply):
    text = INVOICE.replace("1042", " 1042<!-- number --> ").replace("<NetAmount>13", "<NetAmount>\n 13")
    reply(ok("GetInvoice", text.replace("><", ">\n  <").replace("Number :  1042<!-- number --> ", "")))
    invoice = gateway.get_invoice(1042)
    assert (invoice.number, invoice.net_amount) == (READ.number, READ.net_amount)


@pytest.mark.parametrize("number", range(24))
def test_a_doubled_element_is_refused(gateway, reply, number):
    parts = elements(INVOICE)
    reply(ok("GetInvoice", "".join([*parts, parts[number]])))
    with pytest.raises(Unknown, match="appears twice"):
        gateway.get_invoice(1042)


@pytest.mark.parametrize("doubled", ["Status>OK</Status", "StatusDetail /", "GetInvoiceResult /"])
def test_a_doubled_part_of_the_reply_is_refused(gateway, reply, doubled):
    reply(ok("GetInvoice", INVOICE).replace("</GetInvoiceResponse>", f"<{doubled}></GetInvoiceResponse>"))
    with pytest.raises(Unknown, match="appears twice"):
        gateway.get_invoice(1042)


@pytest.mark.parametrize(
    "name",
    [
        "InvoiceDBID",
        "InvoiceNumber",
        "InvoiceDate",
        "CustomerID",
        "Paid",
        "NetAmount",
        "VATAmount",
        "AmountPaid",
    ],
)
def test_a_missing_element_that_matters_is_refused(gateway, reply, name):
    parts = [part for part in elements(INVOICE) if not part.startswith(f"<{name}>")]
    assert len(parts) == 23
    reply(ok("GetInvoice", "".join(parts)))
    with pytest.raises(Unknown, match=f"{name} is missing"):
        gateway.get_invoice(1042)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Rate>4.5000", "<Rate>4,50"),
        ("<Rate>4.5000", "<Rate>NaN"),
        ("<Rate>4.5000", "<Rate>1e400"),
        ("<Rate>4.5000", "<Rate>"),
        ("<NetAmount>13.5000", "<NetAmount>13.50<b/>"),
        ("<NetAmount>13.5000</NetAmount>", "<NetAmount>13</NetAmount>.5000"),
        ("<InvoiceDBID>", "9<InvoiceDBID>"),
        ("<Rate>4.5000</Rate>", "<Rate>4</Rate>.5"),
        ("<InvoiceDate>2026-11-02T00:00:00", "<InvoiceDate>02/11/2026"),
        ("<InvoiceDate>2026-11-02T00:00:00", "<InvoiceDate>2026-02-30T00:00:00"),
        ("<Paid>0", "<Paid>false"),
        ("<CustomerID>50123", "<CustomerID>99999999999"),
        ('xsi:type="InvoiceLine"', 'xsi:type="JournalLine"'),
        ('xsi:type="InvoiceLine"', 'xsi:type="soap:InvoiceLine"'),
        ("<UseCustomDeliveryAddress>false", "<UseCustomDeliveryAddress>maybe"),
    ],
)
def test_an_unreadable_value_is_refused(gateway, reply, old, new):
    assert old in INVOICE
    reply(ok("GetInvoice", INVOICE.replace(old, new)))
    with pytest.raises(Unknown):
        gateway.get_invoice(1042)


def test_another_operations_reply_is_refused(gateway, reply):
    reply(ok("GetInvoiceByID", INVOICE))
    with pytest.raises(Unknown, match="not the reply to GetInvoice"):
        gateway.get_invoice(1042)


def test_another_namespace_is_refused(gateway, reply):
    reply(ok("GetInvoice", INVOICE).replace('xmlns="KashFlow"', 'xmlns="http://KashFlow/"'))
    with pytest.raises(Unknown):
        gateway.get_invoice(1042)


def test_two_answers_in_one_body_are_refused(gateway, reply):
    twice = ok("GetInvoice", INVOICE).replace(
        "</soap:Body>", '<GetInvoiceResponse xmlns="KashFlow"/></soap:Body>'
    )
    reply(twice)
    with pytest.raises(Unknown, match="two answers"):
        gateway.get_invoice(1042)
