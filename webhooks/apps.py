"""App configuration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Label `webhooks`."""

    name = "webhooks"
    label = "webhooks"
