"""App configuration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Label `webhooks`."""

    name = "webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Have every worker look often for deliveries that wait, and now and then for old ones."""
        from protoadmin.outbox import registry  # noqa: PLC0415 - models are loaded only now
        from protoadmin.runs.registry import register as register_kind  # noqa: PLC0415
        from protoadmin.workers.sweepers import Sweeper, register_sweeper  # noqa: PLC0415
        from webhooks import replaying, retention, testing  # noqa: PLC0415
        from webhooks.draining import drain  # noqa: PLC0415

        register_sweeper(Sweeper("drain", drain, every=0.2))
        register_sweeper(Sweeper("delivery-retention", retention.remove_expired_deliveries, every=60.0))
        registry.register(testing.SendTestDelivery)
        register_kind(replaying.KIND)
