"""Links from one record's page to another's."""

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def record_url(content_type_id: int | None, object_id: int | None) -> str:
    """Return the address of a record's admin page, without fetching the record; "" when there is no such page."""
    if content_type_id is None or object_id is None:
        return ""
    model = ContentType.objects.get_for_id(content_type_id).model_class()
    if model is None or model not in admin.site._registry:
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[object_id])


def record_url_of(record: Model | None) -> str:
    """Return the address of a record's admin page; "" when there is no such page, or no record."""
    if record is None or type(record) not in admin.site._registry:
        return ""
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


def link(url: str, text: str) -> SafeString | str:
    """Return a link, or the text alone when there is nowhere to go."""
    return format_html('<a href="{}">{}</a>', url, text) if url else text
