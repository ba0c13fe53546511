"""App configuration."""

from django.apps import AppConfig


class ScreensConfig(AppConfig):
    """Label `screens`."""

    name = "protoadmin.screens"
    label = "screens"
