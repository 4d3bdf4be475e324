"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from invoicing import company
from invoicing.views import (
    batches,
    comparison,
    corrections,
    decisions,
    desk,
    financial,
    invoices,
    payments,
    raising,
    transfers,
)

one_transfer = [
    path("", desk.TransferDetail.as_view(), name="transfer_detail"),
    path("recheck/", decisions.TransferRecheck.as_view(), name="transfer_recheck"),
    path("retry/", decisions.TransferRetry.as_view(), name="transfer_retry"),
    path("adopt/", decisions.TransferAdopt.as_view(), name="transfer_adopt"),
    path("raise-again/", decisions.TransferRaiseAgain.as_view(), name="transfer_raise_again"),
    path("do-not-send/", decisions.TransferDoNotSend.as_view(), name="transfer_do_not_send"),
]
app_name = "invoicing"
urlpatterns: list[URLPattern | URLResolver] = [
    path("invoicing/to-invoice/", batches.ToInvoice.as_view(), name="to_invoice"),
    path("invoicing/to-invoice/preview/", batches.BatchPreview.as_view(), name="batch_preview"),
    path("invoicing/to-invoice/raise/", batches.BatchRaise.as_view(), name="batch_raise"),
    path("invoicing/invoiced/", invoices.Invoiced.as_view(), name="invoiced"),
    path("invoicing/invoices/<int:number>/", invoices.InvoiceDetail.as_view(), name="invoice"),
    path(
        "invoicing/invoices/<int:number>/cancel/", corrections.InvoiceCancel.as_view(), name="invoice_cancel"
    ),
    path(
        "invoicing/invoices/<int:number>/credit-note/",
        corrections.CreditNoteRaise.as_view(),
        name="credit_note_raise",
    ),
    path(
        "invoicing/invoices/<int:number>/payments/record/",
        payments.PaymentRecord.as_view(),
        name="payment_record",
    ),
    path("invoicing/payments/<int:pk>/remove/", payments.PaymentRemove.as_view(), name="payment_remove"),
    path(
        "clients/<int:pk>/financial/paid-status/",
        payments.ClientPaidStatus.as_view(),
        name="client_paid_status",
    ),
    path(
        "settings/kashflow/update-paid-status/",
        payments.UpdatePaidStatus.as_view(),
        name="update_paid_status",
    ),
    path(
        "settings/kashflow/transfer-payments/", payments.TransferPayments.as_view(), name="transfer_payments"
    ),
    path("clients/<int:pk>/financial/", financial.Financial.as_view(), name="client"),
    path("clients/<int:pk>/financial/create-invoice/", raising.InvoiceRaise.as_view(), name="invoice_raise"),
    path("clients/<int:pk>/financial/payments/", financial.ClientPayments.as_view(), name="client_payments"),
    path(
        "clients/<int:pk>/financial/statement/", financial.ClientStatement.as_view(), name="client_statement"
    ),
    path(
        "clients/<int:pk>/financial/statement/export/",
        financial.ClientStatementExport.as_view(),
        name="client_statement_export",
    ),
    path("invoicing/transfer/", transfers.TransferRequest.as_view(), name="transfer"),
    path("invoicing/transfers/", desk.Transfers.as_view(), name="transfers"),
    path("invoicing/transfers/recheck/", decisions.TransfersRecheck.as_view(), name="transfers_recheck"),
    path("invoicing/transfers/retry/", decisions.TransfersRetry.as_view(), name="transfers_retry"),
    path("invoicing/transfers/<uuid:transfer_id>/", include(one_transfer)),
    path("invoicing/runs/<uuid:run_id>/", transfers.RunDetail.as_view(), name="run"),
    path("invoicing/runs/<uuid:run_id>/pause/", transfers.RunPause.as_view(), name="run_pause"),
    path("invoicing/runs/<uuid:run_id>/resume/", transfers.RunResume.as_view(), name="run_resume"),
    path("invoicing/comparison/", comparison.Comparison.as_view(), name="comparison"),
    path("invoicing/comparison/start/", comparison.LedgersCompare.as_view(), name="ledgers_compare"),
    path("invoicing/comparison/export/", comparison.ComparisonExport.as_view(), name="comparison_export"),
    path("settings/company/highest-number/", company.HighestNumber.as_view(), name="highest_number"),
]
