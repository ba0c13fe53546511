"""Count no further than a person pages: a page never costs a COUNT over a big table."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists
from django.db.models.sql import Query
from django.utils.functional import cached_property

COUNTED = 10_000
# Where each counted row costs a look into another table (words, tags, values).
COUNTED_ELSEWHERE = 1_000


class CappedCount(int):
    """A count that stands for "more than 10,000" (or whatever its limit is) once it is over that."""

    limit: int

    def __new__(cls, value: int, limit: int = COUNTED) -> "CappedCount":
        """Make one that knows its limit."""
        count = super().__new__(cls, value)
        count.limit = limit
        return count

    def __str__(self) -> str:
        return f"{int(self):,}" if self <= self.limit else f"more than {self.limit:,}"


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # Django's own class is generic in the stubs alone
    """Pages over the first rows of any order, 10,000 at the most; whoever looks for more searches or filters."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, counted to one more than the limit."""
        rows: Any = self.object_list
        if hasattr(rows, "order_by"):
            return CappedCount(rows.order_by()[: self.limit + 1].count(), self.limit)
        return CappedCount(len(rows))

    @cached_property
    def limit(self) -> int:
        """Return how far it counts."""
        return COUNTED_ELSEWHERE if _looks_elsewhere(self.object_list) else COUNTED

    @cached_property
    def num_pages(self) -> int:
        """Return the number of pages within the counted rows."""
        return max(1, -(-min(self.count, self.limit) // self.per_page))


def _looks_elsewhere(rows: Any) -> bool:
    """Tell whether a condition of a queryset asks another table."""
    conditions = rows.query.where.leaves() if hasattr(rows, "query") else ()
    return any(
        isinstance(getattr(each, "lhs", each), Exists) or isinstance(getattr(each, "rhs", None), Query)
        for each in conditions
    )
