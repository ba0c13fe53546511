"""App configuration."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Label `conversations`."""

    name = "conversations"
    label = "conversations"

    def ready(self) -> None:
        """Register what this app asks of remote systems, and the schedule of its pulls."""
        from conversations import operations, pulling  # noqa: PLC0415 - models are loaded only now
        from conversations.visitors.resource import CONVERSATIONS  # noqa: PLC0415
        from customers.helpdesk import resources  # noqa: PLC0415
        from protoadmin.outbox import registry  # noqa: PLC0415
        from protoadmin.runs.registry import register  # noqa: PLC0415
        from protoadmin.workers.sweepers import Sweeper, register_sweeper  # noqa: PLC0415

        registry.register(*operations.OPERATIONS)
        register(pulling.PULL)
        resources.register(CONVERSATIONS)
        register_sweeper(Sweeper("pulls", pulling.pull_open_chats, every=30.0))
