"""Rows of this app that the database keeps as they were issued."""

from magmanager.common.triggers import Rule

RULES = (
    Rule(
        "invoicing_invoice",
        "An issued invoice never changes its number, money or address.",
        columns=(
            "uid",
            "marker",
            "number",
            "kind",
            "credits_id",
            "credit_reason",
            "is_voiding",
            "payer_id",
            "batch_id",
            "invoice_date",
            "due_on",
            "company_name",
            "address",
            "vat_number",
            "po_number",
            "item_count",
            "amount",
            "vat_amount",
            "total",
        ),
    ),
    Rule(
        "invoicing_invoiceline",
        "A line of an issued invoice never changes.",
        columns=(
            "invoice_id",
            "sort",
            "instalment_id",
            "client_id",
            "issue_id",
            "description",
            "quantity",
            "rate",
            "amount",
            "vat_percent",
            "is_vat_exempt",
            "vat_amount",
            "credited_line_id",
            "account_code_id",
            "product_code_id",
        ),
    ),
    Rule("invoicing_transferattempt", "What was tried is append-only."),
)
