"""`manage.py make_demo_data --messages 1000000`: made-up conversations in many languages."""

import datetime
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from conversations.figures.counting import count_changes
from protoadmin.dashboard.demo_data.filling import Made, Wish, fill

MOST = 20_000_000
# Seconds at most between two batches of figures, for whoever else waits for SQLite's one lock.
BREATH = 0.02


class Command(BaseCommand):
    """Fill this installation with made-up people, chats, messages and tickets: the same seed makes the same data.

    Their channels are switched off, so that nothing of them leaves the house. Run again, it adds more.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how much, over which days, and the seed."""
        parser.add_argument("--messages", type=int, default=10_000, help="How many messages (default: 10000).")
        parser.add_argument("--days", type=int, default=180, help="Over how many days (default: 180).")
        parser.add_argument(
            "--until", type=datetime.date.fromisoformat, help="The day after the last one, as 2026-11-01 (today)."
        )
        parser.add_argument("--seed", type=int, default=1, help="Another number makes other data (default: 1).")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the data, telling how far it is."""
        if not 0 < options["messages"] <= MOST:
            raise CommandError(f"--messages is a number from 1 to {MOST:,}.")
        if not 0 < options["days"] <= 3650:
            raise CommandError("--days is a number from 1 to 3650.")
        until = options["until"] or timezone.now().date()
        wish = Wish(options["messages"], options["days"], until, options["seed"])
        self._told_at = started = time.monotonic()
        made = fill(wish, self._tell)
        self.stdout.write("Counting the figures of the reports …")
        # A worker that runs meanwhile does it instead.
        while count_changes(longest_breath=BREATH):
            pass
        self._plan()
        took = time.monotonic() - started
        self.stdout.write(
            f"{made.messages:,} messages in {made.chats:,} chats of {made.people:,} people, {made.tickets:,} tickets: "
            f"{took:.0f} s, {made.messages / took:,.0f} messages/s"
        )

    def _tell(self, made: Made) -> None:
        if time.monotonic() - self._told_at >= 5:
            self._told_at = time.monotonic()
            self.stdout.write(f"{made.messages:,} messages …")

    def _plan(self) -> None:
        """Let the database look at what it has now, as it does by itself after a while."""
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
