"""`/api/v1/…`, and an answer in JSON for everything else below /api/."""

from django.urls import path, re_path

from protoadmin.api.problems import nothing_here
from protoadmin.api.views import api

urlpatterns = [
    path("v1/", api.urls),
    re_path("", nothing_here),
]
