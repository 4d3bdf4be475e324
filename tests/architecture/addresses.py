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
    "first_start": Row(PUBLIC),
    "account_logout": Row(PUBLIC),
    "account_signup": Row(PUBLIC),
    "account_inactive": Row(PUBLIC),
    "account_reauthenticate": Row(EVERYONE),
    "account_change_password": Row(EVERYONE),
    "account_set_password": Row(EVERYONE),
    "account_reset_password": Row(PUBLIC),
    "account_reset_password_done": Row(PUBLIC),
    "account_reset_password_from_key": Row(PUBLIC, takes="reset key"),
    "account_reset_password_from_key_done": Row(PUBLIC),
    "health_live": Row(PUBLIC),
    "health_ready": Row(PUBLIC),
    "styleguide": Row(PUBLIC),
    # Roof
    "home": Row(EVERYONE),
    # Clients, publications, bookings
    "clients:list": Row(EVERYONE),
    "clients:add": Row((ADMIN, SALES)),
    "clients:detail": Row(EVERYONE, takes="client"),
    "clients:details": Row(EVERYONE, takes="client"),
    "clients:contacts": Row(EVERYONE, takes="client"),
    "clients:contact_add": Row((ADMIN, SALES, ACCOUNTS), takes="client"),
    "clients:contact_save": Row((ADMIN, SALES, ACCOUNTS), takes="contact"),
    "clients:contact_delete": Row((ADMIN, SALES, ACCOUNTS), "post", takes="contact"),
    "clients:customer_link": Row((ADMIN, SALES, ACCOUNTS), "post", takes="client"),
    "clients:customer_create": Row((ADMIN, SALES, ACCOUNTS), "post", takes="client"),
    "clients:customer_code": Row((ADMIN, SALES, ACCOUNTS), "post", takes="client"),
    "clients:customer_codes": Row(OFFICE),
    "clients:match_upload": Row(OFFICE, "post"),
    "clients:match_from_kashflow": Row(OFFICE, "post"),
    "clients:match_decide": Row(OFFICE, "post"),
    "clients:match_find_client": Row(OFFICE, takes="match row"),
    "clients:match_apply": Row(OFFICE, "post"),
    "clients:match_undo": Row(OFFICE, "post"),
    "bookings:issues_on_sale": Row(EVERYONE),
    "publications:settings": Row((ADMIN,)),
    "publications:publication_add": Row((ADMIN,)),
    "publications:publication": Row((ADMIN,), takes="publication"),
    "publications:issues": Row((ADMIN,), takes="publication"),
    "publications:defaults": Row((ADMIN,), takes="publication"),
    "publications:items": Row((ADMIN,)),
    "publications:item_add": Row((ADMIN,)),
    "publications:item": Row((ADMIN,), takes="item"),
    "bookings:list": Row(EVERYONE),
    "bookings:book": Row((ADMIN, SALES)),
    "bookings:booking_cancel": Row((ADMIN, SALES), takes="booking"),
    "bookings:client": Row(EVERYONE, takes="client"),
    # Invoicing
    "invoicing:to_invoice": Row(OFFICE),
    "invoicing:batch_preview": Row(OFFICE),
    "invoicing:batch_raise": Row(OFFICE, "post"),
    "invoicing:invoiced": Row(OFFICE),
    "invoicing:invoice": Row(OFFICE, takes="invoice"),
    "invoicing:invoice_cancel": Row(OFFICE, takes="invoice"),
    "invoicing:credit_note_raise": Row(OFFICE, takes="invoice"),
    "invoicing:client": Row(OFFICE, takes="client"),
    "invoicing:invoice_raise": Row(OFFICE, takes="client"),
    "invoicing:client_payments": Row(OFFICE, takes="client"),
    "invoicing:client_statement": Row(OFFICE, takes="client"),
    "invoicing:client_statement_export": Row(OFFICE, "post", takes="client"),
    "invoicing:transfer": Row(OFFICE, "post"),
    "invoicing:run": Row(OFFICE, takes="run"),
    "invoicing:run_pause": Row(OFFICE, "post", takes="run"),
    "invoicing:run_resume": Row(OFFICE, "post", takes="run"),
    "invoicing:comparison": Row(OFFICE),
    "invoicing:ledgers_compare": Row(OFFICE, "post"),
    "invoicing:comparison_export": Row(OFFICE, "post"),
    "invoicing:transfers": Row(OFFICE),
    "invoicing:payment_record": Row(OFFICE, takes="invoice"),
    "invoicing:payment_remove": Row(OFFICE, takes="payment"),
    "invoicing:client_paid_status": Row(OFFICE, takes="client"),
    "invoicing:update_paid_status": Row(OFFICE, "post"),
    "invoicing:transfer_payments": Row(OFFICE, "post"),
    "invoicing:transfers_recheck": Row(OFFICE, "post"),
    "invoicing:transfers_retry": Row(OFFICE, "post"),
    "invoicing:transfer_detail": Row(OFFICE, takes="transfer"),
    "invoicing:transfer_recheck": Row(OFFICE, "post", takes="transfer"),
    "invoicing:transfer_retry": Row(OFFICE, "post", takes="transfer"),
    "invoicing:transfer_adopt": Row(OFFICE, "post", takes="transfer"),
    "invoicing:transfer_raise_again": Row(OFFICE, "post", takes="transfer"),
    "invoicing:transfer_do_not_send": Row(OFFICE, "post", takes="transfer"),
    # Settings
    "settings:index": Row(OFFICE),
    "settings:system_defaults": Row((ADMIN,)),
    "settings:company": Row((ADMIN,)),
    "invoicing:highest_number": Row((ADMIN,), "post"),
    "kashflow:settings": Row(OFFICE),
    "kashflow:account_resume": Row((ADMIN,), "post"),
    "kashflow:help": Row(EVERYONE),
    "kashflow:check_connection": Row(EVERYONE, "post"),
    "kashflow:sync_bank_accounts": Row(OFFICE, "post"),
    "kashflow:sync_sales_codes": Row(OFFICE, "post"),
    "kashflow:sync_account_codes": Row(OFFICE, "post"),
    "kashflow:payment_methods": Row(OFFICE),
    "kashflow:api_log": Row(OFFICE),
    "kashflow:api_log_export": Row(OFFICE, "post"),
    "kashflow:api_call": Row(OFFICE, takes="api call"),
    "my_details": Row(EVERYONE),
}
