"""Addresses of Settings › Publications. The issues on sale show what is sold, so the floor above serves them."""

from django.urls import path

from publications import views

app_name = "publications"
urlpatterns = [
    path("settings/publications/", views.PublicationList.as_view(), name="settings"),
    path("settings/publications/add/", views.PublicationAdd.as_view(), name="publication_add"),
    path("settings/publications/<int:pk>/", views.PublicationDetails.as_view(), name="publication"),
    path("settings/publications/<int:pk>/issues/", views.PublicationIssues.as_view(), name="issues"),
    path("settings/publications/<int:pk>/defaults/", views.PublicationDefaults.as_view(), name="defaults"),
    path("settings/miscellaneous-items/", views.ItemList.as_view(), name="items"),
    path("settings/miscellaneous-items/add/", views.ItemSave.as_view(), name="item_add"),
    path("settings/miscellaneous-items/<int:pk>/", views.ItemSave.as_view(), name="item"),
]
