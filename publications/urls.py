"""Addresses of this app: none yet. The issues on sale show what is sold, so the floor above serves them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
