"""Files that a run writes part by part, one part a slice, and joins at its end: flat in memory, safe to go on with.

A part has a name of its own that follows from the run and its number, so a slice that is done again after a crash
replaces what the first try left behind.
"""

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction

from protoadmin.runs.models import Run, RunFile


def _name(run: Run, purpose: str, number: int) -> str:
    return f"runs/parts/{run.pk}/{purpose}-{number:06}"


def part_write(run: Run, purpose: str, number: int, text: str) -> None:
    """Keep one part, in place of one of that number that a slice undone by a crash may have left."""
    name = _name(run, purpose, number)
    default_storage.delete(name)
    default_storage.save(name, ContentFile(text.encode()))


def part_keep(run: Run, purpose: str, number: int, content: IO[bytes]) -> None:
    """Keep one part, however long, in place of one of that number."""
    name = _name(run, purpose, number)
    default_storage.delete(name)
    content.seek(0)
    default_storage.save(name, File(content))


def parts_opened(run: Run, purpose: str, count: int) -> Iterator[IO[bytes]]:
    """Open the first `count` parts, one after the other."""
    for number in range(count):
        with default_storage.open(_name(run, purpose, number)) as part:
            yield part


def parts_join(run: Run, purpose: str, count: int, *, name: str, head: str) -> RunFile:
    """Make the run's file of the first `count` parts, in place of an earlier one; the parts go after the commit."""
    with tempfile.TemporaryFile() as joined:
        joined.write(head.encode())
        for number in range(count):
            with default_storage.open(_name(run, purpose, number)) as part:
                shutil.copyfileobj(part, joined)
        joined.seek(0)
        file, _ = RunFile.objects.get_or_create(run=run, purpose=purpose, defaults={"name": name})
        replaced = file.content.name
        file.name = name
        file.content.save(PurePosixPath(name).name, File(joined), save=True)
    if replaced:
        transaction.on_commit(partial(default_storage.delete, replaced), robust=True)
    transaction.on_commit(partial(_remove, run, purpose, count), robust=True)
    return file


def _remove(run: Run, purpose: str, count: int) -> None:
    for number in range(count):
        default_storage.delete(_name(run, purpose, number))


def file_drop(run: Run, purpose: str) -> None:
    """Remove a file of the run, if there is one; its content goes after the commit."""
    for file in run.files.filter(purpose=purpose):
        transaction.on_commit(partial(default_storage.delete, str(file.content.name)), robust=True)
        file.delete()


def parts_clear(run: Run, purpose: str, count: int) -> None:
    """Remove what a run that ended early left: `count` parts, and one that may not be counted yet."""
    _remove(run, purpose, count + 1)
