"""`/webhooks/<channel_id>/` and `/webhooks/<channel_id>/profile/`."""

from django.urls import path

from webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("<str:channel_id>/", views.messages, name="messages"),
    path("<str:channel_id>/profile/", views.profile, name="profile"),
]
