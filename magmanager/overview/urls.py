"""Addresses of the roof: Home."""

from django.urls import path

from magmanager.overview import views

urlpatterns = [path("", views.Home.as_view(), name="home")]
