"""Addresses of Settings: pages of three floors under one name, so the roof puts them together."""

from django.urls import path

from invoicing.company import ChangeCompany
from invoicing.defaults import ChangeSystemDefaults
from magmanager.overview.settings_index import ViewSettings

app_name = "settings"
urlpatterns = [
    path("settings/", ViewSettings.as_view(), name="index"),
    path("settings/system-defaults/", ChangeSystemDefaults.as_view(), name="system_defaults"),
    path("settings/company/", ChangeCompany.as_view(), name="company"),
]
