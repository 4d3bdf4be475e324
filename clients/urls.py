"""Addresses of clients."""

from django.urls import path

from clients import match_views, views

app_name = "clients"
urlpatterns = [
    path("clients/", views.ClientList.as_view(), name="list"),
    path("clients/new/", views.ClientAdd.as_view(), name="add"),
    path("clients/<int:pk>/", views.ClientDetail.as_view(), name="detail"),
    path("clients/<int:pk>/details/", views.ClientDetails.as_view(), name="details"),
    path("clients/<int:pk>/contacts/", views.ContactList.as_view(), name="contacts"),
    path("clients/<int:pk>/contacts/new/", views.ContactSave.as_view(), name="contact_add"),
    path("clients/<int:pk>/contacts/<int:contact_pk>/", views.ContactSave.as_view(), name="contact_save"),
    path(
        "clients/<int:pk>/contacts/<int:contact_pk>/delete/",
        views.ContactDelete.as_view(),
        name="contact_delete",
    ),
    path("clients/<int:pk>/kashflow/link/", views.LinkCustomer.as_view(), name="customer_link"),
    path("clients/<int:pk>/kashflow/create/", views.CreateCustomerAnyway.as_view(), name="customer_create"),
    path("clients/<int:pk>/kashflow/code/", views.LinkByCode.as_view(), name="customer_code"),
    path("settings/kashflow/customer-codes/", match_views.CustomerCodes.as_view(), name="customer_codes"),
    path("settings/kashflow/customer-codes/upload/", match_views.MatchUpload.as_view(), name="match_upload"),
    path(
        "settings/kashflow/customer-codes/read/",
        match_views.MatchFromKashFlow.as_view(),
        name="match_from_kashflow",
    ),
    path("settings/kashflow/customer-codes/decide/", match_views.MatchDecide.as_view(), name="match_decide"),
    path(
        "settings/kashflow/customer-codes/<int:pk>/find/",
        match_views.MatchFindClient.as_view(),
        name="match_find_client",
    ),
    path("settings/kashflow/customer-codes/apply/", match_views.MatchApply.as_view(), name="match_apply"),
    path("settings/kashflow/customer-codes/undo/", match_views.MatchUndo.as_view(), name="match_undo"),
]
