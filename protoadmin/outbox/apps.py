"""App configuration."""

from django.apps import AppConfig

from protoadmin.workers.sweepers import Sweeper, register_sweeper


class OutboxConfig(AppConfig):
    """Label `outbox`."""

    name = "protoadmin.outbox"
    label = "outbox"
    verbose_name = "API calls"

    def ready(self) -> None:
        """Register the connection test, and have every worker look for due calls each second."""
        from protoadmin.connections.models import Channel, HelpdeskAccount, ProtocolProject, Teamspace  # noqa: PLC0415
        from protoadmin.outbox import (  # noqa: PLC0415 - models are loaded only now
            bulk,
            connection_pages,
            operations,
            registry,
            tasks,
        )
        from protoadmin.runs.registry import register as register_kind  # noqa: PLC0415

        registry.register(operations.TestConnection)
        connection_pages.contribute((Teamspace, Channel, ProtocolProject, HelpdeskAccount))
        for kind in bulk.KINDS:
            register_kind(kind)
        register_sweeper(Sweeper("outbox", tasks.send_due_calls))
        register_sweeper(Sweeper("call-retention", tasks.remove_expired_calls, every=60.0))
