"""What a run has read and not yet written, in parts of a thousand items: files of the storage, as JSON lines.

Memory stays flat, and each part is worked on as one slice. Every try to read a list has a number of its own, so that
parts of a try that was given up are never taken for those of another.
"""

import json
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

ITEMS_PER_PART = 1000


class Spool:
    """The parts of one try to read one list."""

    def __init__(self, run_id: int, resource: str, attempt: int) -> None:
        self._name = f"runs/parts/{run_id}/{resource}-{attempt}"
        self._lines: list[str] = []
        self.parts = 0
        self.items = 0

    def add(self, item: dict[str, Any]) -> None:
        """Add one item; every thousandth writes a part."""
        self._lines.append(json.dumps(item))
        self.items += 1
        if len(self._lines) >= ITEMS_PER_PART:
            self.close()

    def close(self) -> None:
        """Write what is not written yet."""
        if self._lines:
            default_storage.save(self._part(self.parts), ContentFile("\n".join(self._lines).encode()))
            self.parts += 1
            self._lines = []

    def read(self, number: int) -> list[dict[str, Any]]:
        """Return the items of one part; FileNotFoundError when it is gone."""
        with default_storage.open(self._part(number)) as file:
            return [json.loads(line) for line in file.read().decode().split("\n")]

    def remove(self) -> None:
        """Remove every part, also those of a try that ended in the middle."""
        number = 0
        while default_storage.exists(self._part(number)):
            default_storage.delete(self._part(number))
            number += 1

    def _part(self, number: int) -> str:
        return f"{self._name}-{number:06}"
