"""Tags and filters of our own templates."""

import datetime
import json
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from protoadmin.outbox.registry import operation_label

register = template.Library()

STATE_WORDS = {
    "local": "Only here",
    "queued": "Queued",
    "sending": "Sending",
    "done": "Done",
    "failed": "Failed",
    "unconfirmed": "Unconfirmed",
    "dismissed": "Dismissed",
    "running": "Running",
    "waiting": "Waiting for you",
    "stopped": "Stopped",
    "received": "Received",
    "processed": "Processed",
    "rejected": "Rejected",
    "repeat": "Repeat",
}


@register.filter
def state_badge(state: str) -> SafeString:
    """Return a state as a badge: the word, and a colour that never stands alone."""
    return format_html('<span class="pa-badge pa-state-{}">{}</span>', state, STATE_WORDS.get(state, state))


def row_badge(state: str, pk: int) -> SafeString:
    """Return a badge in a list, which app.js keeps up to date while it says queued, sending or running."""
    words = STATE_WORDS.get(state, state)
    return format_html(
        '<span class="pa-badge pa-state-{}" data-state="{}" data-record="{}">{}</span>', state, state, pk, words
    )


@register.filter
def moment(value: datetime.datetime | None) -> SafeString | str:
    """Return a time: absolute in the reader's zone, made relative by the browser, absolute again on hover."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    shown = local.strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time datetime="{}" title="{}" data-relative>{}</time>', value.isoformat(), shown, shown)


@register.filter
def operation(name: str) -> str:
    """Return the words for an operation."""
    return operation_label(name)


@register.filter
def name_of(user: Any) -> str:
    """Return what a person is called; what is done without one is done by the product."""
    return (user.get_full_name() or user.get_username()) if user else "the product"


@register.filter
def pretty_json(value: Any) -> str:
    """Return a JSON value indented; the template escapes it."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)
