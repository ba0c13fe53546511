"""Everything in a database as text, read by the ORM: in the words of the rows themselves, whatever the database.

Ids of content types and permissions stand as their names, so that a reference to the wrong one is seen.
"""

import hashlib
import json
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models.functions import Cast

from protoadmin.encryption import encrypted_fields
from protoadmin.moving.tables import LEFT_OUT
from protoadmin.runs.models import RunFile
from protoadmin.storable import from_storable


def everything() -> dict[str, dict[str, Any]]:
    """Return every row of every model by its key, as names and values."""
    names: dict[type[models.Model], dict[Any, str]] = {
        ContentType: {row.pk: ".".join(row.natural_key()) for row in ContentType.objects.all()},
        Permission: {row.pk: ".".join(row.natural_key()) for row in Permission.objects.all()},
    }
    found: dict[str, dict[str, Any]] = {}
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.managed and not meta.proxy and meta.label not in LEFT_OUT and meta.can_migrate(connection):
            found[meta.label] = _rows(model, names)
    found["content of files"] = {
        str(file.pk): hashlib.sha256(file.content.open().read()).hexdigest() for file in RunFile.objects.all()
    }
    return found


def _rows(model: type[models.Model], names: dict[type[models.Model], dict[Any, str]]) -> dict[str, Any]:
    stored = {f"stored_{field.name}": Cast(field.name, models.TextField()) for field in encrypted_fields(model)}
    rows = {}
    for row in model._base_manager.annotate(**stored):
        values = {name: getattr(row, name) for name in stored}
        for field in model._meta.concrete_fields:
            if not hasattr(models, field.get_internal_type()):
                # Of a type that one database alone has: it is made anew there.
                continue
            value = getattr(row, field.attname)
            if field.related_model is not None:
                value = names.get(field.related_model, {}).get(value, value)
            values[field.attname] = _text(field, value)
        rows[str(row.pk)] = values
    return rows


def _text(field: Any, value: Any) -> str:
    if isinstance(value, memoryview):
        value = bytes(value)
    if isinstance(value, models.fields.files.FieldFile):
        return str(value.name)
    if isinstance(field, models.JSONField):
        # The order of an object's keys is none that anybody has asked for.
        return ascii(_sorted(from_storable(value)))
    return ascii(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def show() -> None:
    """Print it as JSON."""
    print(json.dumps(everything()))
