"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from kashflow import my_details, views

settings_pages = [
    path("", views.ChangeKashFlowSettings.as_view(), name="settings"),
    path("help/", views.Help.as_view(), name="help"),
    path("check-connection/", views.CheckConnection.as_view(), name="check_connection"),
    path("sync-bank-accounts/", views.SyncBankAccounts.as_view(), name="sync_bank_accounts"),
    path("sync-sales-codes/", views.SyncSalesCodes.as_view(), name="sync_sales_codes"),
    path("sync-account-codes/", views.SyncAccountCodes.as_view(), name="sync_account_codes"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("my-details/", my_details.MyDetails.as_view(), name="my_details"),
    path("settings/kashflow/", include((settings_pages, "kashflow"))),
]
