"""Addresses of clients."""

from django.urls import path

from clients import views

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
]
