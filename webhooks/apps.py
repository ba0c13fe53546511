"""App configuration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Label `webhooks`."""

    name = "webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Have every worker look often for deliveries that wait."""
        from protoadmin.workers.sweepers import Sweeper, register_sweeper  # noqa: PLC0415 - models are loaded only now
        from webhooks.draining import drain  # noqa: PLC0415

        register_sweeper(Sweeper("drain", drain, every=0.2))
