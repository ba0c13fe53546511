"""`column__among=[…]`: one of thousands of texts, given as one parameter.

`__in` makes a place holder of every value, and half of a look at a thousand people went into that.
"""

import json
from typing import Any

from django.db.models import Lookup


class Among(Lookup):
    """The column is one of these texts; an index of it answers on either database."""

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        """Return the values as one parameter."""
        if connection.vendor == "postgresql":
            return "%s", [list(value)]
        return "%s", [json.dumps(list(value))]

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition for SQLite."""
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each({right}))", [*left_params, *right_params]  # noqa: S608 - both come from the compiler

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition for PostgreSQL."""
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} = ANY({right}::varchar[])", [*left_params, *right_params]
