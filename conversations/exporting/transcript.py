"""The whole transcript of a chat, as text or as a page that stands alone: made page by page while it is read."""

import re
from collections.abc import Iterator
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from conversations.inbox.transcript import whole
from conversations.models import Chat

KINDS = {"text": ("txt", "text/plain; charset=utf-8"), "html": ("html", "text/html; charset=utf-8")}


def file_name(chat: Chat, kind: str) -> str:
    """Return what the file is called."""
    known = re.sub(r"[^A-Za-z0-9._-]+", "-", str(chat.chat_id or chat.pk)).strip("-.")[:80] or str(chat.pk)
    return f"transcript-{known}-{timezone.localdate():%Y-%m-%d}.{KINDS[kind][0]}"


def pieces(chat: Chat, kind: str) -> Iterator[str]:
    """Yield the transcript, in the time zone of whoever asks now: it is read when that is over."""
    return _pieces(chat, KINDS[kind][0], timezone.get_current_timezone())


def _pieces(chat: Chat, suffix: str, zone: Any) -> Iterator[str]:
    def rendered(part: str, **context: Any) -> str:
        with timezone.override(zone):
            return render_to_string(f"admin/transcript/{part}.{suffix}", {"chat": chat, **context})

    yield rendered("head", now=timezone.now())
    is_empty = True
    for lines in whole(chat, zone):
        is_empty = False
        yield rendered("lines", lines=lines)
    yield rendered("foot", is_empty=is_empty)
