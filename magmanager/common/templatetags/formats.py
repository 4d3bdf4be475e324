"""How money, days and names are written on screen (screens.md, Money cell and Dates)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from django import template
from django.utils import timezone

from magmanager.common.money import to_penny

register = template.Library()
MINUS = "−"
# What an issue that appears by the day is called: 26 November 2026.
DAY_NAME = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})")


@register.filter
def money(pounds: Decimal | int | None) -> str:
    """1234.5 → 1,234.50, −215.00 with a true minus; nothing for None."""
    if pounds is None or pounds == "":
        return ""
    amount = to_penny(pounds)
    return f"{MINUS if amount < 0 else ''}{abs(amount):,.2f}"


@register.filter
def pounds(amount: Decimal | int | None) -> str:
    """As `money`, with its sign: £1,234.50, −£215.00."""
    written = money(amount)
    if not written:
        return ""
    return f"{MINUS}£{written[1:]}" if written.startswith(MINUS) else f"£{written}"


@register.filter
def zero_class(amount: Decimal | int | None) -> str:
    """The class of a money cell: "zero" (pale) for 0.00, nothing otherwise."""
    return "zero" if amount is not None and amount != "" and to_penny(amount) == 0 else ""


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    """23 Nov: a day in a list of one year."""
    local = _local(value)
    return f"{local.day} {local:%b}" if local else ""


@register.filter
def day_year(value: dt.date | dt.datetime | None) -> str:
    """23 Nov 2026: a day in a money document."""
    local = _local(value)
    return f"{local.day} {local:%b %Y}" if local else ""


@register.filter
def short_issue(name: object) -> str:
    """The name of an issue in a list: 26 Nov for 26 November 2026, 7 Jan 2027 in another year; others as they are."""
    found = DAY_NAME.fullmatch(str(name))
    if found is None:
        return str(name)
    number, month, year = found.groups()
    return f"{number} {month}" if int(year) == timezone.localdate().year else f"{number} {month} {year}"


@register.filter
def weekday(value: dt.date | dt.datetime | None) -> str:
    """Mon 23 Nov: a day where a deadline matters."""
    local = _local(value)
    return f"{local:%a} {local.day} {local:%b}" if local else ""


@register.filter
def moment(value: dt.datetime | None) -> str:
    """20 Nov 16:42 by the office clock; "today 09:14" today, with the year when it is another."""
    local = _local(value)
    if not isinstance(local, dt.datetime):
        return day_year(local)
    today = timezone.localdate()
    if local.date() == today:
        return f"today {local:%H:%M}"
    return f"{day(local) if local.year == today.year else day_year(local)} {local:%H:%M}"


@register.filter
def took(milliseconds: int | None) -> str:
    """How long something took: 240 ms, 3.2 s, 75 s."""
    if milliseconds is None:
        return ""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 10_000 else f"{milliseconds / 1000:.0f} s"


@register.filter
def initials(name: str | None) -> str:
    """HP for Helen Pryce: first letters of the first and the last word; ? for nobody."""
    words = str(name or "").split()
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


def _local(value: dt.date | dt.datetime | None) -> dt.date | dt.datetime | None:
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value or None
