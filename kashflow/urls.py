"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from kashflow import api_log_views, my_details, payment_methods, views

settings_pages = [
    path("kashflow/", views.ChangeKashFlowSettings.as_view(), name="settings"),
    path("kashflow/resume/", views.ResumeAccount.as_view(), name="account_resume"),
    path("kashflow/help/", views.Help.as_view(), name="help"),
    path("kashflow/check-connection/", views.CheckConnection.as_view(), name="check_connection"),
    path("kashflow/sync-bank-accounts/", views.SyncBankAccounts.as_view(), name="sync_bank_accounts"),
    path("kashflow/sync-sales-codes/", views.SyncSalesCodes.as_view(), name="sync_sales_codes"),
    path("kashflow/sync-account-codes/", views.SyncAccountCodes.as_view(), name="sync_account_codes"),
    path("payment-methods/", payment_methods.ChangePaymentMethods.as_view(), name="payment_methods"),
    path("api-log/", api_log_views.ViewApiLog.as_view(), name="api_log"),
    path("api-log/export/", api_log_views.ExportApiLog.as_view(), name="api_log_export"),
    path("api-log/<int:pk>/", api_log_views.ViewApiCall.as_view(), name="api_call"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("my-details/", my_details.MyDetails.as_view(), name="my_details"),
    path("settings/", include((settings_pages, "kashflow"))),
]
