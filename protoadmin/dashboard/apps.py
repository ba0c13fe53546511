"""App configuration."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Label `dashboard`."""

    name = "protoadmin.dashboard"
    label = "dashboard"
