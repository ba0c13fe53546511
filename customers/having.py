"""People who have a certain tag, word or value: asked so that it stays quick for rare and for common ones.

Few rows are gathered first and their people looked up. When there are very many, the list is walked in its own order
and each person asked whether they have one, which finds a page full of them at once. No planner knows beforehand
which is the case, so the rows are counted, as far as it matters.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Value

from customers.models import Customer

COMMON = 10_000


def having(people: QuerySet[Customer], *each: QuerySet[Any]) -> QuerySet[Customer]:
    """Narrow `people` to those who have a row in each of these querysets; their rows have a `customer`."""
    sizes = [_size(rows) for rows in each]
    if 0 in sizes:
        return people.none()
    fewest = _position_of_fewest(sizes)
    for position, rows in enumerate(each):
        if position == fewest:
            people = people.filter(pk__in=rows.order_by().values("customer"))
        else:
            people = people.filter(Exists(rows.order_by().filter(customer=OuterRef("pk"))))
    return people


def _size(rows: QuerySet[Any]) -> int:
    """Return the number of rows, counted to one more than COMMON; no column is asked for: the index alone knows."""
    some = rows.order_by().annotate(one=Value(1)).values("one")[: COMMON + 1]
    return int(some.aggregate(size=Count("one"))["size"])


def _position_of_fewest(sizes: Sequence[int]) -> int | None:
    """Return which queryset to gather first; None when all are common."""
    smallest = min(sizes, default=COMMON + 1)
    return sizes.index(smallest) if smallest <= COMMON else None
