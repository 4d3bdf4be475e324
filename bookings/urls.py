"""Addresses of bookings, and of the issues on sale: what is sold is known on this floor, not below."""

from django.urls import include, path

from bookings import views

bookings = [
    path("publications/", views.IssuesOnSale.as_view(), name="issues_on_sale"),
    path("bookings/", views.BookingList.as_view(), name="list"),
    path("bookings/new/", views.BookAdverts.as_view(), name="book"),
    path("bookings/<int:pk>/cancel/", views.BookingCancel.as_view(), name="booking_cancel"),
    path("clients/<int:pk>/bookings/", views.ClientBookings.as_view(), name="client"),
]
urlpatterns = [
    path("", include((bookings, "bookings"))),
]
