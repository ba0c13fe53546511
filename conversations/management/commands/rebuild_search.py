"""Index every message and ticket for search anew, and what the helpdesk lists."""

from typing import Any

from django.core.management.base import BaseCommand

from conversations.search.rebuilding import MODELS, WITH_TERMS, rebuild


class Command(BaseCommand):
    """Safe to run again, and while the product runs: batch by batch, each in a transaction of its own."""

    help = (
        "Indexes messages, tickets and what the helpdesk lists for search anew, with progress. Search works meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through all tables."""
        for model in (*MODELS, *WITH_TERMS):
            name = str(model._meta.verbose_name_plural)
            said = -1
            for reached, last in rebuild(model):
                share = 100 * reached // last
                if share > said:
                    self.stdout.write(f"{name}: {share} % (up to id {reached:,} of {last:,})")
                    said = share
            self.stdout.write(f"All {name} are in the index.")
