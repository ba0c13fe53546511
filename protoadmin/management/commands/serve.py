"""`python manage.py serve`: the whole product, started and stopped together."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from protoadmin.serving.launch import LOOPBACK, Options, serve
from protoadmin.serving.problems import ServeError


class Command(BaseCommand):
    """Parse the options; protoadmin.serving does the rest."""

    help = "Start the web server and the worker (and the sandbox), watch over them, and stop them together."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("--port", type=int, default=settings.PORT, help="of the web server; PORT, or 8000")
        parser.add_argument("--host", default=LOOPBACK, help="address to listen on; 0.0.0.0 for all")
        parser.add_argument("--sandbox", action="store_true", help="start the stand-in for the remote systems too")
        parser.add_argument(
            "--demo", action="store_true", help="the sandbox, demo data, and the password on the screen"
        )
        parser.add_argument("--with-parent", action="store_true", help="stop when the program that started this ends")
        role = parser.add_mutually_exclusive_group()
        role.add_argument("--web-only", action="store_true", help="no worker")
        role.add_argument("--worker-only", action="store_true", help="no web server")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until asked to stop."""
        port = options["port"]
        sandbox_port = settings.SANDBOX_PORT if os.environ.get("SANDBOX_PORT") else port + 1
        try:
            serve(
                Options(
                    host=options["host"],
                    port=port,
                    sandbox_port=sandbox_port,
                    web=not options["worker_only"],
                    worker=not options["web_only"],
                    sandbox=options["sandbox"] or options["demo"],
                    demo=options["demo"],
                    with_parent=options["with_parent"],
                ),
                say=self._say,
            )
        except ServeError as error:
            sys.exit(str(error))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
