"""Which values a column has: read from one place of an index to the next, however many rows have each of them."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, models

_VALUES = """
WITH RECURSIVE used(account, value, number) AS (
    SELECT id, (SELECT MIN({column}) FROM {table} WHERE account_id = {accounts}.id AND {column} > ''), 1
    FROM {accounts} WHERE id IN ({places})
    UNION ALL
    SELECT account, (SELECT MIN({column}) FROM {table} WHERE account_id = used.account AND {column} > used.value),
           number + 1
    FROM used WHERE value IS NOT NULL AND number < %s
)
SELECT DISTINCT value FROM used WHERE value IS NOT NULL ORDER BY value LIMIT %s
"""


def values_in_use(model: type[models.Model], column: str, accounts: Sequence[int], most: int) -> list[str]:
    """Return the first values of a column in these accounts; an index has to begin with the account and the column."""
    if not accounts:
        return []
    field: Any = model._meta.get_field("account")
    connection = connections[model._default_manager.db]
    quote = connection.ops.quote_name
    statement = _VALUES.format(
        table=quote(model._meta.db_table),
        accounts=quote(field.related_model._meta.db_table),
        column=quote(str(model._meta.get_field(column).column)),  # type: ignore[union-attr]
        places=", ".join(["%s"] * len(accounts)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*accounts, most, most])
        return [value for (value,) in cursor.fetchall()]
