"""`python manage.py sandbox --port N`: the stand-in for the remote systems (DESIGN.md section 7)."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from protoadmin.sandbox.launch import CannotStart, add_arguments, chosen, serve


class Command(BaseCommand):
    """Starts the sandbox in the foreground."""

    help = "Run the stand-in for the remote systems, with demo data, faults and a page."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of both ways to start; the data are kept in the project's `var/`."""
        add_arguments(parser, state_dir=Path(getattr(settings, "BASE_DIR", ".")) / "var" / "sandbox")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C."""
        try:
            serve(
                host=options["host"],
                port=options["port"],
                state_dir=Path(options["state_dir"]),
                fresh=options["fresh"],
                say=self._say,
                options=chosen(options),
            )
        except CannotStart as error:
            raise CommandError(str(error)) from None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
