"""Who may open which address: one row per URL name. A new address without a row fails the table test."""

from __future__ import annotations

from dataclasses import dataclass

from magmanager.common.permissions import ACCOUNTS, ADMIN, EVERYONE, SALES

PUBLIC: tuple[str, ...] = ("stranger", *EVERYONE)
OFFICE = (ADMIN, ACCOUNTS)


@dataclass(frozen=True)
class Row:
    """`roles` may use it; `method` is how it is used; `takes` names the row that its address needs."""

    roles: tuple[str, ...]
    method: str = "get"
    takes: str = ""


ADDRESSES = {
    # Coming in and going out
    "account_login": Row(PUBLIC),
    "account_logout": Row(EVERYONE),
    "account_signup": Row(PUBLIC),
    "health_live": Row(PUBLIC),
    "health_ready": Row(PUBLIC),
    "styleguide": Row(EVERYONE),
    # Roof
    "home": Row(EVERYONE),
    # Clients, publications, bookings
    "clients:list": Row(EVERYONE),
    "clients:add": Row((ADMIN, SALES)),
    "clients:detail": Row(EVERYONE, takes="client"),
    "publications:list": Row(EVERYONE),
    "bookings:list": Row(EVERYONE),
    "bookings:book": Row((ADMIN, SALES)),
    # Invoicing
    "invoicing:to_invoice": Row(OFFICE),
    "invoicing:batch_preview": Row(OFFICE),
    "invoicing:batch_raise": Row(OFFICE, "post"),
    "invoicing:invoiced": Row(OFFICE),
    "invoicing:invoice": Row(OFFICE, takes="invoice"),
    "invoicing:transfer": Row(OFFICE, "post"),
    "invoicing:run": Row(OFFICE, takes="run"),
    "invoicing:run_pause": Row(OFFICE, "post", takes="run"),
    "invoicing:run_resume": Row(OFFICE, "post", takes="run"),
    "invoicing:transfers": Row(OFFICE),
    # Settings
    "settings:index": Row((ADMIN,)),
    "settings:system_defaults": Row((ADMIN,)),
    "settings:company": Row((ADMIN,)),
    "kashflow:settings": Row(OFFICE),
    "kashflow:help": Row(EVERYONE),
    "my_details": Row(EVERYONE),
}
