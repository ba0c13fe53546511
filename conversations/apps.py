"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConversationsConfig(AppConfig):
    """Label `conversations`."""

    name = "conversations"
    label = "conversations"

    def ready(self) -> None:
        """Register what this app asks of remote systems, the schedule of its pulls, and the counting of its figures."""
        from conversations import acting, operations, pulling  # noqa: PLC0415 - models are loaded only now
        from conversations.exporting.services import KINDS as EXPORTS  # noqa: PLC0415
        from conversations.figures.counting import count_changes  # noqa: PLC0415
        from conversations.search import rebuilding, schema  # noqa: PLC0415
        from conversations.visitors.resource import CONVERSATIONS  # noqa: PLC0415
        from customers.helpdesk import resources  # noqa: PLC0415
        from protoadmin.outbox import registry  # noqa: PLC0415
        from protoadmin.runs.registry import register  # noqa: PLC0415
        from protoadmin.workers.sweepers import Sweeper, register_sweeper  # noqa: PLC0415

        registry.register(*operations.OPERATIONS)
        register(pulling.PULL)
        for kind in (*EXPORTS, *acting.KINDS):
            register(kind)
        resources.register(CONVERSATIONS)
        post_migrate.connect(schema.make_again, sender=self)
        register_sweeper(Sweeper("search", rebuilding.index_some, every=2.0))
        register_sweeper(Sweeper("pulls", pulling.pull_open_chats, every=30.0))
        register_sweeper(Sweeper("figures", count_changes, every=1.0))
