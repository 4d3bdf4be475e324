"""Every part of the look on one page, for those who build pages. Mounted outside production only."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages.storage.base import Message
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from magmanager.common import widgets
from magmanager.common.nav import Link
from magmanager.common.templatetags.look import STATES
from magmanager.common.toasts import pack

COLOURS = (
    ("bg", "Page"),
    ("surface", "Surface"),
    ("sunken", "Sunken"),
    ("bulk", "Bulk box"),
    ("line", "Line"),
    ("control", "Control line"),
    ("text-3", "Text 3"),
    ("text-2", "Text 2"),
    ("text", "Text"),
    ("accent-fill", "Accent"),
    ("accent-bg", "Accent tint"),
    ("good-solid", "Good"),
    ("warn-solid", "Warning"),
    ("bad-solid", "Bad"),
)
INVOICES = (
    ("10437", "Wormelow Vets", "385.00", "77.00", "not_transferred"),
    ("10436", "Teme Media", "2900.00", "580.00", "not_transferred"),
    ("10435", "St Weonards Farm Shop", "198.00", "39.60", "sending"),
    ("10424", "Aylestone Motors Ltd", "1215.00", "243.00", "in_kashflow"),
    ("10423", "Goodrich Canoes", "99.00", "19.80", "uncertain"),
    ("10421", "Fownhope Flooring", "125.00", "25.00", "needs_you"),
)


class SampleForm(forms.Form):
    """Every control once; two fields refuse what is typed."""

    next_number = forms.IntegerField(label="Next invoice number")
    payment_terms = forms.CharField(initial="30 days", help_text="Used for clients without their own")
    invoice_prefix = forms.CharField(
        label="Invoice prefix", disabled=True, help_text="KashFlow numbers are whole numbers"
    )
    vat_number = forms.CharField(label="VAT number")
    county = forms.CharField(required=False)
    delivery = forms.ChoiceField(label="Invoice delivery", choices=[("email", "E-mail"), ("post", "Post")])
    invoice_date = forms.DateField(widget=widgets.DayInput)
    price = forms.DecimalField(label="Default price", widget=widgets.MoneyInput)
    password = forms.CharField(label="KashFlow password", widget=forms.PasswordInput)
    notes = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)
    save_login = forms.BooleanField(label="Save Login", required=False)
    use_account_codes = forms.BooleanField(
        label="Use Account Codes", required=False, widget=widgets.SwitchInput
    )

    def clean_next_number(self) -> int:
        raise forms.ValidationError("10120 exists already. The next is 10439.")

    def clean_vat_number(self) -> str:
        raise forms.ValidationError("A UK VAT number has 9 digits.")


class SampleFilter(forms.Form):
    """A filter bar: search, select, switch."""

    q = forms.CharField(
        label="Search clients", required=False, widget=widgets.SearchInput("Name, contact, postcode")
    )
    salesperson = forms.ChoiceField(choices=[("", "All salespeople"), ("1", "Priya Nair")], required=False)
    overdue = forms.BooleanField(label="Overdue only", required=False, widget=widgets.SwitchInput)


@method_decorator(login_not_required, name="dispatch")
class Styleguide(TemplateView):
    """The page; it shows no data, so a stranger may see it. `?theme=light|dark` shows it in that theme."""

    template_name = "common/styleguide.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("theme", "")
        theme = asked if asked in {"light", "dark"} else "computer"
        parts = {"theme": theme, **_shell(theme), **_lists(), **_runs(), **_forms()}
        return super().get_context_data(**parts, **kwargs)


def _shell(theme: str) -> dict[str, Any]:
    words = ("Home", "Publications", "Clients", "Bookings", "Flat plan", "Invoicing", "Reports")
    tools = {"search": "Search", "bell": "Notifications", "gear": "Settings", "my_details": "My Details"}
    return {
        "nav": [Link(word, "#", word == "Invoicing") for word in words],
        "tools": {name: Link(word, "#", False) for name, word in tools.items()},
        "needs_count": 3,
        "user": SimpleNamespace(
            is_authenticated=True, get_full_name="Helen Pryce", email="helen@marcheswye.example"
        ),
        "themes": [
            {"label": "Light", "icon": "sun", "url": "?theme=light", "active": theme == "light"},
            {"label": "Dark", "icon": "moon", "url": "?theme=dark", "active": theme == "dark"},
            {
                "label": "As this computer",
                "icon": "device-desktop",
                "url": "?",
                "active": theme == "computer",
            },
        ],
        "tabs": [
            {"label": "To Invoice", "url": "#", "count": 2},
            {"label": "Invoiced", "url": "#", "count": 120, "active": True},
            {"label": "Transfers", "url": "#", "needs": "2 need you"},
        ],
        "badges": [{"word": "Active"}, {"word": "KashFlow KERN01", "tone": "tone-good", "icon": "link"}],
        "facts": [
            {"text": "Alison Baynham", "icon": ""},
            {"text": "01632 960 147", "icon": "phone"},
            {"text": "alison@kernebridge.example", "icon": "mail"},
            {"text": "Owen Bastable", "icon": "user"},
        ],
        "colours": COLOURS,
    }


def _lists() -> dict[str, Any]:
    return {
        "segments": [
            {"label": "All", "url": "#", "active": True},
            {"label": "Not transferred", "url": "#", "count": 12},
            {"label": "Unpaid", "url": "#", "count": 38},
        ],
        "states": [key for key in STATES if key not in {"not_transferred", "done", "failed"}],
        "invoices": [
            {
                "number": number,
                "on": dt.date(2026, 11, 23),
                "company": company,
                "amount": Decimal(amount),
                "vat": Decimal(vat),
                "total": Decimal(amount) + Decimal(vat),
                "pence": int((Decimal(amount) + Decimal(vat)) * 100),
                "state": state,
            }
            for number, company, amount, vat, state in INVOICES
        ],
        "amounts": [
            Decimal(pounds)
            for pounds in ("2900", "580", "3480", "531.5", "106.3", "0", "-215", "-43", "-258")
        ],
        "consequences": [
            {"icon": "receipt-refund", "text": "A credit note for £1,458.00 is applied to it in KashFlow."},
            {"icon": "calendar-event", "text": "Its 3 bookings can be invoiced again."},
            {
                "icon": "lock",
                "text": "Number 10424 stays in the list, marked cancelled. This can't be undone.",
            },
        ],
        "toasts": [
            Message(
                messages.SUCCESS,
                "7 adverts booked for Kerne Bridge Kitchens",
                pack(action="Undo", url="#", post=True),
            ),
            Message(
                messages.ERROR,
                "KashFlow refused the login",
                pack(detail="Transfers are paused. Nothing is lost.", action="My Details", url="#"),
            ),
        ],
    }


def _runs() -> dict[str, Any]:
    keys = ("in_kashflow", "uncertain", "needs_you", "sending", "waiting")
    return {
        "run_parts": [{"key": key, "count": count} for key, count in zip(keys, (7, 1, 1, 1, 2), strict=True)],
        "long_run_parts": [
            {"key": key, "count": count} for key, count in zip(keys, (640, 1, 9, 3, 347), strict=True)
        ],
    }


def _forms() -> dict[str, Any]:
    typed = {
        "next_number": "10120",
        "payment_terms": "30 days",
        "vat_number": "GB 12",
        "delivery": "email",
        "invoice_date": "2026-11-23",
        "price": "1250.00",
        "password": "not-shown-again",
        "use_account_codes": "on",
    }
    refused = SampleForm(typed, initial={"invoice_prefix": "None"})
    return {"refused": refused, "filter_form": SampleFilter()}
