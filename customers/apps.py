"""App configuration."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Label `customers`."""

    name = "customers"
    label = "customers"
    verbose_name = "People"

    def ready(self) -> None:
        """Register what this app asks of remote systems and the jobs that it has done in the background."""
        from customers import bulk, human_operations, operations  # noqa: PLC0415 - models are loaded only now
        from customers.helpdesk import pulling  # noqa: PLC0415
        from customers.linking.leaving import watch_moves  # noqa: PLC0415
        from customers.linking.working import LINK  # noqa: PLC0415
        from customers.protocol import buttons as protocol_buttons  # noqa: PLC0415
        from customers.protocol import operations as protocol  # noqa: PLC0415
        from customers.protocol.pulling import PULL as PROTOCOL_PULL  # noqa: PLC0415
        from protoadmin.outbox import registry  # noqa: PLC0415
        from protoadmin.runs.registry import register  # noqa: PLC0415
        from protoadmin.workers.sweepers import Sweeper, register_sweeper  # noqa: PLC0415

        registry.register(*operations.OPERATIONS, *human_operations.OPERATIONS, *protocol.OPERATIONS)
        for kind in bulk.KINDS:
            register(kind)
        register(PROTOCOL_PULL)
        register(LINK)
        watch_moves()
        protocol_buttons.contribute()
        register(pulling.PULL)
        register_sweeper(Sweeper("helpdesk-pulls", pulling.pull_due_accounts, every=30.0))
