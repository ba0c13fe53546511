"""Where everything is: the admin at /admin/, `/` leads there; the receivers; the read API."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path("webhooks/", include("webhooks.urls")),
    path("api/", include("protoadmin.api.urls")),
    path("favicon.ico", lambda request: redirect(static("protoadmin/icon.svg"))),
]
