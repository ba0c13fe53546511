"""Where the rows of a resource come from, and the way through them: always on, by keys, and never back.

A source has scopes (an account, a teamspace), which are walked one after the other in the order of their ids, and
within one the rows in the order of theirs: rows that stay are met exactly once, whatever comes and goes meanwhile.
Each chunk is a query of its own, so that no transaction lasts as long as a slow reader.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from protoadmin.api.sight import Narrowed, Sight

CHUNK = 1000
VERSION_CHUNK = 10_000

# A row's place in the walk: which source, which scope, which row.
Place = tuple[int, int, int]
START: Place = (0, 0, 0)


class Source(ABC):
    """Rows of one table."""

    # What a change of a row shows in.
    changing: ClassVar[tuple[str, ...]]

    @abstractmethod
    def scopes(self, sight: Sight, company: Narrowed | None) -> Sequence[int]:
        """Return the scopes to walk."""

    @abstractmethod
    def rows(self, scope: int, sight: Sight, company: Narrowed | None, since: datetime | None) -> QuerySet[Any]:
        """Return the rows of one scope that are asked for, in any order."""

    @abstractmethod
    def read(self, rows: QuerySet[Any], sight: Sight) -> list[tuple[int, dict[str, Any]]]:
        """Fetch rows, each with its key, in the shape in which they are given out."""


@dataclass(frozen=True)
class Listing:
    """What was asked for."""

    resource: str
    sources: tuple[Source, ...]
    sight: Sight
    company: Narrowed | None = None
    since: datetime | None = None

    def walk(self, after: Place = START, size: int = CHUNK) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield the rows behind a place, fetched `size` at a time."""
        for number, scope, last, rows in self._ways(after):
            while found := self.sources[number].read(rows.filter(pk__gt=last).order_by("pk")[:size], self.sight):
                for pk, row in found:
                    yield (number, scope, pk), row
                last = found[-1][0]
                if len(found) < size:
                    break

    def version(self, after: Place = START) -> str:
        """Return what changes with the rows, without reading all of them: their keys and what a change shows in."""
        digest = hashlib.sha256()
        for number, scope, last, rows in self._ways(after):
            texts = [Cast(name, CharField()) for name in self.sources[number].changing]
            digest.update(f"/{number}/{scope}/".encode())
            while found := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", *texts)[:VERSION_CHUNK]):
                digest.update(repr(found).encode("utf-8", "backslashreplace"))
                last = found[-1][0]
        return digest.hexdigest()

    def _ways(self, after: Place) -> Iterator[tuple[int, int, int, QuerySet[Any]]]:
        """Yield each scope that is not behind us: its source, its id, the last row that was met, and its rows."""
        for number, source in enumerate(self.sources):
            for scope in source.scopes(self.sight, self.company):
                if (number, scope) >= after[:2]:
                    last = after[2] if (number, scope) == after[:2] else 0
                    yield number, scope, last, source.rows(scope, self.sight, self.company, self.since)
