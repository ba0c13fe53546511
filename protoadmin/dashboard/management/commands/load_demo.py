"""`manage.py load_demo`: connect to the sandbox and copy its people."""

from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from protoadmin.dashboard.demo import load_demo


class Command(BaseCommand):
    """Fill an installation with the sandbox's demo data. Running it again changes nothing."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the sandbox's address."""
        parser.add_argument("--sandbox", default=f"http://127.0.0.1:{settings.SANDBOX_PORT}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo data."""
        try:
            self.stdout.write(load_demo(options["sandbox"].rstrip("/")))
        except requests.RequestException as error:
            raise CommandError(f"The sandbox at {options['sandbox']} did not answer: {error}") from error
