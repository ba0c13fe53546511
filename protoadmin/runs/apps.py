"""App configuration."""

from django.apps import AppConfig

from protoadmin.workers.sweepers import Sweeper, register_sweeper


class RunsConfig(AppConfig):
    """Label `runs`."""

    name = "protoadmin.runs"
    label = "runs"
    verbose_name = "Background runs"

    def ready(self) -> None:
        """Have every worker look for due runs each second."""
        from protoadmin.runs import leftovers, tasks, working  # noqa: PLC0415 - models are loaded only now

        register_sweeper(Sweeper("runs", working.work_due))
        register_sweeper(Sweeper("run-leftovers", tasks.tidy_up_after_runs, every=60.0))
        leftovers.remove_contents_with_rows()
