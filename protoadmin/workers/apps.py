"""App configuration."""

from django.apps import AppConfig

from protoadmin.workers.sweepers import Sweeper, register_sweeper, start_sweepers


class WorkersConfig(AppConfig):
    """Label `workers`."""

    name = "protoadmin.workers"
    label = "workers"

    def ready(self) -> None:
        """Hook the sweepers into every worker process of a django-q2 cluster."""
        from django_q.signals import (  # noqa: PLC0415 - models are loaded only now
            post_execute_in_worker,
            post_spawn,
            pre_execute,
        )

        from protoadmin.workers import heartbeat  # noqa: PLC0415

        pacemaker = heartbeat.Pacemaker()
        pre_execute.connect(pacemaker.task_begins, weak=False, dispatch_uid="protoadmin.workers.begins")
        post_execute_in_worker.connect(pacemaker.task_ended, weak=False, dispatch_uid="protoadmin.workers.ended")
        register_sweeper(Sweeper("heartbeat", pacemaker.ask_for_beat, every=2.0))
        post_spawn.connect(start_sweepers, dispatch_uid="protoadmin.workers")
