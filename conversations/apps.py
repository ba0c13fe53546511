"""App configuration."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Label `conversations`."""

    name = "conversations"
    label = "conversations"

    def ready(self) -> None:
        """Register what this app asks of remote systems."""
        from conversations import operations  # noqa: PLC0415 - models are loaded only now
        from protoadmin.outbox import registry  # noqa: PLC0415

        registry.register(*operations.OPERATIONS)
