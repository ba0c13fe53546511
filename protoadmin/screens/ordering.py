"""The order of lists, so that a page of it comes from an index, however many rows there are.

SQLite keeps no figures about its rows. Where a person sees several teamspaces it takes all of their rows and sorts
them, which is right for few; for many it is far quicker to walk the list in its order and leave out what is not
theirs. So the rows are counted, as far as it matters, and a sum in the place of the column keeps it from the former.
"""

from typing import Any, TypeVar

from django.db import connections, models
from django.db.models import BigIntegerField, ExpressionWrapper, F
from django.http import HttpRequest

from protoadmin.connections.scoping import only_visible, teamspace_ids

Row = TypeVar("Row", bound=models.Model)

MANY = 10_000


def is_list_of(request: HttpRequest) -> bool:
    """Tell whether this request is for a list, and not for one row's page."""
    match = request.resolver_match
    return match is not None and bool(match.url_name) and str(match.url_name).endswith("_changelist")


def visible_in_order(rows: models.QuerySet[Row], user: Any, path: str) -> models.QuerySet[Row]:
    """Narrow `rows` to what `user` may see; where that is much on SQLite, so that they are walked in their order.

    Rows that belong to a connection are narrowed by it: their indexes begin with its column.
    """
    if user.is_superuser:
        return only_visible(rows, user, path)
    column, _, beyond = path.partition("__")
    ids = teamspace_ids(user)
    if beyond:
        connection: Any = rows.model._meta.get_field(column).related_model
        ids = list(only_visible(connection.objects.order_by("pk"), user, beyond).values_list("pk", flat=True))
    visible = rows.filter(**{f"{column}__in": ids})
    if connections[rows.db].vendor != "sqlite" or len(ids) < 2:
        return visible
    if visible.order_by()[: MANY + 1].count() <= MANY:
        return visible
    in_order = ExpressionWrapper(F(f"{column}_id") + 0, output_field=BigIntegerField())
    walked: Any = rows.alias(teamspace_in_order=in_order)
    found: models.QuerySet[Row] = walked.filter(teamspace_in_order__in=ids)
    return found


def turned_round(ordering: list[Any]) -> list[Any]:
    """Return an order that goes down by some field with the rows of one value the other way round, too."""
    match ordering:
        case [str(field), "-id" | "-pk" as last] if field.startswith("-") and field not in ("-id", "-pk"):
            return [field, last.removeprefix("-")]
    return ordering
