"""`manage.py rebuild_figures`: count the figures of the reports anew."""

from typing import Any

from django.core.management.base import BaseCommand

from conversations.figures.rebuilding import rebuild


class Command(BaseCommand):
    """Count all figures anew from the messages. Workers may run meanwhile; when it is cut off, they finish it."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, and tell how far it is."""
        last = 0
        for done, total in rebuild():
            percent = done * 100 // max(total, 1)
            if percent > last or done == total:
                self.stdout.write(f"{done:,} of {total:,} chats counted ({min(percent, 100)} %)")
            last = percent
        self.stdout.write("The figures are counted.")
