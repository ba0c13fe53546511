"""App configuration."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Label `api`."""

    name = "protoadmin.api"
    label = "api"
    verbose_name = "API keys"
