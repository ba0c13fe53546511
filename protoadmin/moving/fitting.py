"""What SQLite keeps and PostgreSQL refuses: texts longer than their column, numbers beyond its range, dangling keys.

Looked for before the first row is copied, so that a person has the whole list and nothing half done.
"""

from typing import Any

from django.db import IntegrityError, models
from django.db.backends.base.base import BaseDatabaseWrapper

from protoadmin.moving.problems import MovingError
from protoadmin.moving.tables import Table

MOST_TOLD = 20


def require_fitting(source: BaseDatabaseWrapper, target: BaseDatabaseWrapper, tables: list[Table]) -> None:
    """Refuse values that the target's columns would not take, and name the rows."""
    found: list[str] = []
    for table in tables:
        if len(found) < MOST_TOLD:
            found += _unfit(source, target, table)
    if found:
        raise MovingError(
            "PostgreSQL would refuse these values; correct them on their pages (in the SQLite database), "
            "then start again:\n  " + "\n  ".join(found[:MOST_TOLD])
        )
    try:
        source.check_constraints()
    except IntegrityError as error:
        raise MovingError(f"The SQLite database is damaged: {error}") from None


def _unfit(source: BaseDatabaseWrapper, target: BaseDatabaseWrapper, table: Table) -> list[str]:
    """Return the values of one table that do not fit, as far as they are told."""
    quote = source.ops.quote_name
    conditions = {
        field: condition
        for field in table.fields
        if (condition := _condition(field, quote(str(field.column)), target)) is not None
    }
    if not conditions:
        return []
    key = quote(str(table.model._meta.pk.column))
    told = ", ".join(f"coalesce({condition}, 0)" for condition in conditions.values())
    any_of = " OR ".join(conditions.values())
    query = f"SELECT {key}, {told} FROM {quote(table.name)} WHERE {any_of} LIMIT {MOST_TOLD}"  # noqa: S608 - our names
    with source.cursor() as cursor:
        cursor.execute(query)
        return [
            f"{table.label} {pk}: {field.name} {_complaint(field)}"
            for pk, *is_unfit in cursor.fetchall()
            for field, unfit in zip(conditions, is_unfit, strict=True)
            if unfit
        ]


def _condition(field: "models.Field[Any, Any]", column: str, target: BaseDatabaseWrapper) -> str | None:
    """Return what is true of a value that does not fit; None when every value does."""
    if isinstance(field, models.CharField | models.FileField):
        return f"length({column}) > {field.max_length}" if field.max_length else None
    if isinstance(field, models.IntegerField):
        lowest, highest = target.ops.integer_field_range(field.get_internal_type())
        return f"({column} < {lowest} OR {column} > {highest})"
    return None


def _complaint(field: "models.Field[Any, Any]") -> str:
    return f"is longer than {field.max_length} characters" if field.max_length else "is too large a number"
