"""The buttons of the Sync card; upper floors add rows with buttons of their own (`panels.add_rows`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from magmanager.common.models import Run
from settings_app.models import SystemDefaults


def always() -> bool:
    """For a button that is there whenever KashFlow is the accounts package."""
    return True


class Button(NamedTuple):
    """A row of the card. `kind` is that of its runs, `url_name` what a press posts to, `verb` who may press."""

    kind: str
    name: str
    about: str
    label: str
    url_name: str
    verb: str
    is_offered: Callable[[], bool] = always


def uses_account_codes() -> bool:
    """Whether publications have account codes (System Defaults)."""
    return SystemDefaults.current().use_account_codes


def _of_codes(
    kind: str, name: str, about: str, label: str, is_offered: Callable[[], bool] = always
) -> Button:
    return Button(kind, name, about, label, f"kashflow:{kind}", f"kashflow.{kind}", is_offered)


BUTTONS = {
    button.kind: button
    for button in (
        _of_codes("sync_bank_accounts", "Bank accounts", "Where payments are banked", "Sync Bank Accounts"),
        _of_codes("sync_sales_codes", "Sales codes", "Sales types for invoice lines", "Sync Sales Codes"),
        _of_codes(
            "sync_account_codes",
            "Account codes",
            "Account and inventory codes for publications",
            "Sync Accounts Codes",
            uses_account_codes,
        ),
    )
}


def offered() -> list[Button]:
    """The buttons to show now."""
    return [button for button in BUTTONS.values() if button.is_offered()]


def last_runs(kinds: list[str]) -> dict[str, Run]:
    """The latest run of each of these kinds."""
    newest = {kind: Run.objects.select_related("by").filter(kind=kind).first() for kind in kinds}
    return {kind: run for kind, run in newest.items() if run is not None}
