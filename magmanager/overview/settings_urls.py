"""Addresses of Settings: pages of three floors under one name, so the roof puts them together."""

from django.urls import path

from invoicing.company import ChangeCompany
from magmanager.overview.settings_index import ViewSettings
from settings_app.views import ChangeSystemDefaults

app_name = "settings"
urlpatterns = [
    path("settings/", ViewSettings.as_view(), name="index"),
    path("settings/system-defaults/", ChangeSystemDefaults.as_view(), name="system_defaults"),
    path("settings/company/", ChangeCompany.as_view(), name="company"),
]
