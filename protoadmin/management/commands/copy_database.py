"""`python manage.py copy_database`: everything from SQLite into an empty PostgreSQL."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import environ
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from protoadmin.moving.copying import Copied, copy_everything
from protoadmin.moving.problems import MovingError
from protoadmin.moving.tables import LEFT_OUT
from protoadmin.serving.problems import ServeError

MOST_NAMED = 5


class Command(BaseCommand):
    """Parse the options and tell what was done; protoadmin.moving does the rest."""

    help = (
        "Copy everything from SQLite into the empty PostgreSQL database that DATABASE_URL names, and compare. "
        "The SQLite file is only read. All of it is copied or nothing: after an error, start again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define where the rows and the files come from."""
        default = f"sqlite:///{Path(settings.VAR_DIR).resolve() / 'proto-admin.sqlite3'}"
        parser.add_argument("--from", dest="source", default=default, help=f"the SQLite database ({default})")
        parser.add_argument(
            "--files", type=Path, default=Path(settings.MEDIA_ROOT), help="the files of runs that belong to it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy, and tell what was done."""
        try:
            copied = copy_everything(_path_of(options["source"]), options["files"], say=self._say)
        except (MovingError, ServeError) as error:
            raise CommandError(str(error)) from None
        self._tell(copied)

    def _tell(self, copied: Copied) -> None:
        rate = copied.rows / max(copied.seconds, 0.001)
        self._say(f"{copied.rows:,} rows of {copied.tables} tables copied and compared: {copied.seconds:.0f} s")
        self._say(f"({rate:,.0f} rows a second). They are the same in both databases.")
        for name, number in sorted(copied.mended.items()):
            self._say(f"{name}: {number:,} values held what PostgreSQL cannot (NUL); it was marked as such.")
        if copied.left_empty:
            self._say(
                f"Of another kind in each database, and filled again by the workers: {', '.join(copied.left_empty)}."
            )
        files = copied.files
        self._say(f"Files of runs: {files.brought:,} brought, {files.there_already:,} were there already.")
        if files.missing:
            some = ", ".join(files.missing[:MOST_NAMED])
            self._say(f"{len(files.missing):,} files were in neither place, such as {some}.")
        self._say(f"Not copied: {'; '.join(f'{label} ({why})' for label, why in LEFT_OUT.items())}.")
        self._say("Start the product with the same DATABASE_URL. Keep the SQLite file until you have looked around.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _path_of(url: str) -> Path:
    """Return the file that a URL such as DATABASE_URL's names."""
    config = environ.Env.db_url_config(url)
    if config.get("ENGINE") != "django.db.backends.sqlite3" or not config["NAME"]:
        raise CommandError("--from is the URL of an SQLite database, such as sqlite:////srv/proto-admin/var/x.sqlite3")
    return Path(config["NAME"])
