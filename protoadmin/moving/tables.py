"""Which tables are copied, by Django's models; what a value becomes on the way, and a checksum of all of them."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from protoadmin.storable import storable_text, to_storable

LEFT_OUT = {
    "sessions.Session": "people log in again",
    "workers.Heartbeat": "workers write their own",
    "django_q.OrmQ": "wake-ups; workers find by themselves what there is to do",
}
# An empty PostgreSQL has rows in these as soon as its tables exist.
MADE_BY_MIGRATE = {"contenttypes.ContentType", "auth.Permission", "auth.Group", "auth.Group_permissions"}

# What PostgreSQL's JSON refuses, as Django writes it: \u0000, and a surrogate (most are halves of a pair).
_DOUBTFUL = re.compile(r"\\u(0000|d[89a-f])", re.IGNORECASE)

_LARGE = 10**19

Adapt = Callable[[Any], Any]


@dataclass(frozen=True)
class Table:
    """One table: its model, and the columns that both databases have."""

    model: type[models.Model]

    @property
    def label(self) -> str:
        """The model's name, as `app.Model`."""
        return self.model._meta.label

    @property
    def name(self) -> str:
        """The table's name in the database."""
        return self.model._meta.db_table

    @cached_property
    def fields(self) -> "list[models.Field[Any, Any]]":
        """The columns to copy."""
        return [field for field in self.model._meta.local_concrete_fields if not is_of_one_database(field)]

    @property
    def left_empty(self) -> list[str]:
        """The columns that stay empty in the copy, until the product fills them again."""
        columns = [field for field in self.model._meta.local_concrete_fields if is_of_one_database(field)]
        return [f"{self.label}.{field.name}" for field in columns if not field.generated]

    @property
    def places(self) -> "list[tuple[int, models.Field[Any, Any]]]":
        """The columns with their places in a row."""
        return list(enumerate(self.fields))

    def select(self, connection: BaseDatabaseWrapper) -> str:
        """Return the query of all rows, in no particular order."""
        return f"SELECT {self.columns(connection)} FROM {connection.ops.quote_name(self.name)}"  # noqa: S608 - our names

    def columns(self, connection: BaseDatabaseWrapper) -> str:
        """Return the names of the columns, with commas between."""
        return ", ".join(connection.ops.quote_name(str(field.column)) for field in self.fields)


def is_of_one_database(field: "models.Field[Any, Any]") -> bool:
    """Tell whether a column is computed by the database, or of a type of its own that Django has no name for."""
    return field.generated or not hasattr(models, field.get_internal_type())


def tables(*connections: BaseDatabaseWrapper) -> list[Table]:
    """Return what is copied: every managed model's table that each of these databases has, and many-to-many tables."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        wanted = meta.managed and not meta.proxy and meta.label not in LEFT_OUT
        if wanted and all(meta.can_migrate(connection) for connection in connections):
            found.append(Table(model))
    return found


class Adapters:
    """What makes values of the SQLite file into what PostgreSQL takes; secrets stay as they are stored."""

    def __init__(self, table: Table, source: BaseDatabaseWrapper, mended: Counter[str]) -> None:
        self._steps = [(place, step) for place, field in table.places for step in _steps(table, field, source, mended)]

    def row(self, raw: Iterable[Any]) -> list[Any]:
        """Return the values of one row."""
        row = list(raw)
        for place, step in self._steps:
            if row[place] is not None:
                row[place] = step(row[place])
        return row


def _steps(
    table: Table, field: "models.Field[Any, Any]", source: BaseDatabaseWrapper, mended: Counter[str]
) -> list[Adapt]:
    # The database's own converters alone: those of the field would open secrets and parse JSON.
    column = field.get_col(table.name)
    steps: list[Adapt] = [
        partial(_converted, convert, column, source) for convert in source.ops.get_db_converters(column)
    ]
    name = f"{table.label}.{field.name}"
    if isinstance(field, models.JSONField):
        steps.append(partial(_mended_json, name, mended))
    elif isinstance(field, models.CharField | models.TextField | models.FileField):
        steps.append(partial(_mended_text, name, mended))
    return steps


def _converted(convert: Callable[..., Any], column: Any, source: BaseDatabaseWrapper, value: Any) -> Any:
    return convert(value, column, source)


def _mended_text(name: str, mended: Counter[str], value: Any) -> Any:
    """Return the text without NUL, which PostgreSQL's text columns cannot hold."""
    if "\0" not in value:
        return value
    mended[name] += 1
    return storable_text(value)


def _mended_json(name: str, mended: Counter[str], value: str) -> str:
    """Return the JSON in a form that PostgreSQL takes (protoadmin/storable.py)."""
    if _DOUBTFUL.search(value) is None:
        return value
    parsed = json.loads(value)
    if not _is_refused(parsed):
        return value
    mended[name] += 1
    return json.dumps(to_storable(parsed))


def _is_refused(value: Any) -> bool:
    """Tell whether PostgreSQL refuses parsed JSON."""
    if isinstance(value, str):
        return storable_text(value) != value
    if isinstance(value, dict):
        return any(_is_refused(key) or _is_refused(item) for key, item in value.items())
    return isinstance(value, list) and any(_is_refused(item) for item in value)


class Checksum:
    """The number of rows and a sum over them, whatever their order: equal for equal rows in either database."""

    def __init__(self, table: Table) -> None:
        self.rows = 0
        self._sum = 0
        self._json = [place for place, field in table.places if isinstance(field, models.JSONField)]
        self._times = [place for place, field in table.places if isinstance(field, models.DateTimeField)]

    def add(self, row: Iterable[Any]) -> None:
        """Count one row in."""
        values = list(row)
        for place in self._json:
            if values[place] is not None:
                values[place] = json.loads(values[place], parse_float=_number, parse_int=_number)
                values[place] = json.dumps(values[place], sort_keys=True)
        for place in self._times:
            if values[place] is not None:
                values[place] = values[place].timestamp()
        digest = hashlib.blake2b(repr(values).encode(), digest_size=16).digest()
        self._sum += int.from_bytes(digest, "big")
        self.rows += 1

    @property
    def value(self) -> str:
        """The sum as text."""
        return f"{self._sum % 2**128:032x}"


def _number(text: str) -> float | int:
    """Return a JSON number such that 1.0, 1 and 1e0 are one: PostgreSQL keeps decimals and writes none with an `e`."""
    number = Decimal(text)
    is_whole = abs(number) < _LARGE and number == number.to_integral_value()
    return int(number) if is_whole else float(number)
