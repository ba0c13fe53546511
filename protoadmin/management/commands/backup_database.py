"""`python manage.py backup_database FILE`: a backup of SQLite while the product runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from protoadmin.moving.backup import Backup, check_backup, make_backup
from protoadmin.moving.problems import MovingError


class Command(BaseCommand):
    """Make a backup or look through one; protoadmin.moving.backup does the rest."""

    help = (
        "Write a backup of the SQLite database into a new file, while the product runs, and look through it. "
        "The keys (var/secrets.env) and the files of runs (var/files) are kept apart from it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the file, and whether it is there already."""
        parser.add_argument("file", type=Path, help="the backup")
        parser.add_argument("--check", action="store_true", help="only look through a backup that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or check, and tell what is in it."""
        path: Path = options["file"]
        try:
            found = check_backup(path) if options["check"] else make_backup(path)
        except (MovingError, OSError) as error:
            raise CommandError(str(error)) from None
        self._tell(path, found)

    def _tell(self, path: Path, found: Backup) -> None:
        rows = ", ".join(f"{number:,} {label.split('.')[1].lower()} rows" for label, number in found.rows.items())
        self.stdout.write(f"{path}: {found.size / 2**20:,.1f} MiB, sound; {rows}.")
        if found.locked:
            raise CommandError(
                f"None of FIELD_ENCRYPTION_KEYS opens its secrets ({', '.join(found.locked)}): "
                "keep the keys that it was made with."
            )
