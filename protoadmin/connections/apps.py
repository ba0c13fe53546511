"""App configuration."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """Label `connections`."""

    name = "protoadmin.connections"
    label = "connections"
