"""The floor under the drain: a table like the messages', with their columns, keys and indexes, and nothing to search.

What search costs shows in the ratio, as it would not if the floor paid for it too.
"""

from typing import Any

from django.db import connection, models

from conversations.models import Message

SEARCHED = {"search_text", "search_tokens"}


def _field(field: Any) -> Any:
    """Return a field of the same column, without a way back from what it points to."""
    name, path, args, options = field.deconstruct()
    del name, path
    if field.is_relation:
        options |= {"related_name": "+", "on_delete": models.DO_NOTHING}
        options["to"] = "self" if field.related_model is Message else options["to"]
    return type(field)(*args, **options)


class BareMessages(models.Model):
    """What every message of the floor is."""

    objects: "models.Manager[BareMessages]" = models.Manager()

    class Meta:
        abstract = True


def _indexes() -> dict[str, Any]:
    meta = Message._meta
    return {
        "app_label": "floor",
        "db_table": "bench_message",
        "constraints": tuple(
            models.UniqueConstraint(fields=each.fields, name=f"bare_{each.name}")
            for each in meta.constraints
            if isinstance(each, models.UniqueConstraint)
        ),
        "indexes": tuple(
            models.Index(fields=each.fields, name=f"bare_{each.name}") for each in meta.indexes if not each.condition
        ),
    }


BareMessage: Any = type(
    "BareMessage",
    (BareMessages,),
    {
        **{
            field.name: _field(field)
            for field in Message._meta.local_fields
            if not field.primary_key and field.name not in SEARCHED
        },
        "__module__": __name__,
        "Meta": type("Meta", (), _indexes()),
    },
)


def make_table() -> None:
    """Make the table of the floor."""
    with connection.schema_editor() as editor:
        editor.create_model(BareMessage)
