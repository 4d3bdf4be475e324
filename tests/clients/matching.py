"""What the tests of matching customer codes share: a file, its upload, what is said of a row, what is linked."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from clients.models import CodeMatch, CodeMatchRow, CustomerLink

PAGE = "/settings/kashflow/customer-codes/"
ROWS = [
    ("GOLD01", "Golden Valley Oak Frames Ltd"),
    ("AYLE01", "Aylestone Motor"),
    ("WYEV01", "Wye Valley Cleaning"),
    ("MUND02", "Munderfield Marquees"),
]


def file(rows: list[tuple[str, str]] = ROWS, encoding: str = "utf-8", name: str = "customers.csv") -> Any:
    text = io.StringIO()
    csv.writer(text).writerows([("Customer Code", "Customer Name"), *rows])
    return SimpleUploadedFile(name, text.getvalue().encode(encoding), "text/csv")


def upload(browser: Any, **given: Any) -> CodeMatch:
    answer = browser.post(f"{PAGE}upload/", {"file": file(**given)})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return CodeMatch.objects.get(state="open")


def row(code: str) -> CodeMatchRow:
    return CodeMatchRow.objects.get(code=code, match__state__in=["open", "applied", "undone"])


def say(browser: Any, choices: dict[str, str], **more: str) -> Any:
    rows = {row(code).pk: choice for code, choice in choices.items()}
    return browser.post(
        f"{PAGE}decide/",
        {"shown": list(rows), **{f"row-{pk}": choice for pk, choice in rows.items()}, **more},
    )


def links() -> dict[str, str]:
    """What is linked: client by code."""
    found = CustomerLink.objects.filter(state="linked").select_related("client")
    return {str(link.code): link.client.name for link in found}


def apply(browser: Any) -> CodeMatch:
    match = CodeMatch.objects.get(state="open")
    assert browser.post(f"{PAGE}apply/", {"match": match.pk}).status_code == 302
    match.refresh_from_db()
    return match
