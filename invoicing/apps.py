"""Floor 5: bookings become documents, documents go to KashFlow, money comes back."""

from magmanager.common import floors
from magmanager.common.permissions import ACCOUNTS, ADMIN


class InvoicingConfig(floors.FloorConfig):
    name = "invoicing"
    grants = {
        "view_invoices": (ADMIN, ACCOUNTS),
        "raise_batch": (ADMIN, ACCOUNTS),
        "raise_invoice": (ADMIN, ACCOUNTS),
        "cancel_invoice": (ADMIN, ACCOUNTS),
        "raise_credit_note": (ADMIN, ACCOUNTS),
        "raise_again": (ADMIN, ACCOUNTS),
        "transfer_invoices": (ADMIN, ACCOUNTS),
        "recheck": (ADMIN, ACCOUNTS),
        "retry": (ADMIN, ACCOUNTS),
        "adopt": (ADMIN, ACCOUNTS),
        "do_not_send": (ADMIN, ACCOUNTS),
        "change_next_number": (ADMIN,),
        "compare_ledgers": (ADMIN, ACCOUNTS),
        "record_payment": (ADMIN, ACCOUNTS),
        "transfer_payments": (ADMIN, ACCOUNTS),
        "update_paid_status": (ADMIN, ACCOUNTS),
    }

    def ready(self) -> None:
        # Models exist only now.
        from invoicing.paid_status import panel
        from kashflow.panels import add_rows

        add_rows(panel.rows)
