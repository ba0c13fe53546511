"""Index every message and ticket for search anew."""

from typing import Any

from django.core.management.base import BaseCommand

from conversations.search.rebuilding import MODELS, rebuild


class Command(BaseCommand):
    """Safe to run again, and while the product runs: batch by batch, each in a transaction of its own."""

    help = "Indexes all messages and tickets for search anew, with progress. Search works all the while."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through both tables."""
        for model in MODELS:
            name = str(model._meta.verbose_name_plural)
            said = -1
            for reached, last in rebuild(model):
                share = 100 * reached // last
                if share > said:
                    self.stdout.write(f"{name}: {share} % (up to id {reached:,} of {last:,})")
                    said = share
            self.stdout.write(f"All {name} are in the index.")
