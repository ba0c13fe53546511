"""Rows that have a certain word, tag or value: asked so that it stays quick for rare and for common ones.

Few are gathered first and their rows looked up. When there are very many, the list is walked in its own order
and each row asked whether it has one, which finds a page full of them at once. No planner knows beforehand
which is the case, so they are counted, as far as it matters.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Count, Exists, Model, OuterRef, QuerySet, Value

Row = TypeVar("Row", bound=Model)

COMMON = 10_000


def having(rows: QuerySet[Row], *each: QuerySet[Any], by: str = "customer") -> QuerySet[Row]:
    """Narrow `rows` to those that each of these querysets has something of; `by` is its column that says of whom."""
    sizes = [_size(found) for found in each]
    if 0 in sizes:
        return rows.none()
    fewest = _position_of_fewest(sizes)
    for position, found in enumerate(each):
        if position == fewest:
            rows = rows.filter(pk__in=found.order_by().values(by))
        else:
            rows = rows.filter(Exists(found.order_by().filter(**{by: OuterRef("pk")})))
    return rows


def _size(rows: QuerySet[Any]) -> int:
    """Return the number of rows, counted to one more than COMMON; no column is asked for: the index alone knows."""
    some = rows.order_by().annotate(one=Value(1)).values("one")[: COMMON + 1]
    return int(some.aggregate(size=Count("one"))["size"])


def _position_of_fewest(sizes: Sequence[int]) -> int | None:
    """Return which queryset to gather first; None when all are common."""
    smallest = min(sizes, default=COMMON + 1)
    return sizes.index(smallest) if smallest <= COMMON else None
