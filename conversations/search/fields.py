"""The two columns of what is searched: the folded text, and what the database's index needs beside it.

Filled whenever a row is written by the ORM; rows that anybody wrote without them are found by `search_tokens IS NULL`
and filled later (rebuild.py).
"""

from typing import TYPE_CHECKING, Any

from django.db import models

from conversations.search.backends import backend
from conversations.search.text import searchable

if TYPE_CHECKING:
    _Text = models.TextField[Any, Any]
    _Any = models.Field[Any, Any]
else:
    _Text, _Any = models.TextField, models.Field


class SearchText(_Text):
    """The folded text of the field `of`."""

    def __init__(self, of: str = "text", **options: Any) -> None:
        self.of = of
        super().__init__(**{"null": True, "editable": False, **options})

    def deconstruct(self) -> Any:
        """Return what a migration writes of it."""
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "of": self.of}

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """Fold the text."""
        value = searchable(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value


class SearchTokens(_Any):
    """The tokens beside the text; the model says its facets by `search_facets()`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"null": True, "editable": False, **options})

    def db_type(self, connection: Any) -> str:
        """An array of hashes, or text."""
        return "integer[]" if connection.vendor == "postgresql" else "text"

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """Make the tokens of the text, which was folded before."""
        value = tokens_of(model_instance)
        setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Take what was made for this database alone; what another one made counts as not made."""
        is_array = isinstance(value, list) or (isinstance(value, str) and value.startswith("{"))
        return value if is_array == (connection.vendor == "postgresql") else None


def tokens_of(row: Any) -> str | None:
    """Return the tokens of a row whose text was folded; None when it was not."""
    if row.search_text is None:
        return None
    writer = backend()
    return writer.with_facets(writer.grams(row.search_text), writer.facets(row.search_facets()))
