"""The files of runs: what the new storage does not have yet is put into it under the same name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from protoadmin.moving.problems import MovingError
from protoadmin.runs.models import RunFile


@dataclass
class Brought:
    """What became of the files."""

    brought: int = 0
    there_already: int = 0
    missing: list[str] = field(default_factory=list)


def bring_files(folder: Path) -> Brought:
    """Put the files below this folder into the storage of the settings (FILE_STORAGE), where they are not there yet."""
    result = Brought()
    for path in _files_below(folder):
        name = path.relative_to(folder).as_posix()
        if default_storage.exists(name):
            result.there_already += 1
            continue
        with path.open("rb") as content:
            stored_as = default_storage.save(name, File(content))
        if stored_as != name or default_storage.size(name) != path.stat().st_size:
            raise MovingError(f"The file {name} could not be stored under its name.")
        result.brought += 1
    for name in RunFile.objects.values_list("content", flat=True).iterator():
        if name and not default_storage.exists(name):
            result.missing.append(name)
    return result


def _files_below(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
