"""Every address of the product. Each app brings its own; the styleguide exists outside production only."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from magmanager.common import health, styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("settings_app.auth_urls")),
    path("", include("magmanager.overview.urls")),
    path("", include("kashflow.urls")),
    path("", include("magmanager.overview.settings_urls")),
    path("", include("clients.urls")),
    path("", include("publications.urls")),
    path("", include("bookings.urls")),
    path("", include("invoicing.urls")),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]

if not settings.IN_PRODUCTION:
    urlpatterns.append(path("styleguide/", styleguide.Styleguide.as_view(), name="styleguide"))
