"""Read chats and their messages, and say what they add to the figures now, beside what they added before."""

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import Q

from conversations.figures.folding import COLUMNS, Quarters, Told, close, figures_of, go_on, shown_lang
from conversations.figures.sums import MESSAGES
from conversations.models import Chat, ChatFigures, ChatQuarter, Message

# A batch leaves the rest for later when its chats have more messages than this.
MOST_MESSAGES = 20_000
READ_AT_ONCE = 2_000
ASKED_TOGETHER = 50
NEEDED = (
    "pk", "teamspace", "channel", "created_at", "active", "lang", "version", "figured_version", "message_count",
)  # fmt: skip
FIGURES = [field.attname for field in ChatFigures._meta.concrete_fields if not field.primary_key]


@dataclass
class Count:
    """One chat: its figures when they were counted last, and now; what was said, and of that what was counted."""

    chat: Chat
    before: ChatFigures | None
    now: ChatFigures
    said: Quarters = field(default_factory=dict)
    said_before: Quarters = field(default_factory=dict)


def look_at(ids: list[int], now: datetime.datetime) -> list[Count]:
    """Return these chats with their figures, fewer of them when they are long; nothing is written."""
    chats = list(Chat.objects.filter(pk__in=ids).order_by("pk").only(*NEEDED))
    known: dict[Any, ChatFigures] = {row.chat_id: row for row in ChatFigures.objects.filter(chat__in=ids)}
    news = _news([chat for chat in chats if chat.pk in known])
    counts, anew, messages = [], [], 0
    for chat in chats:
        before = known.get(chat.pk)
        if before is not None and _only_longer(chat, before, news.get(chat.pk, [])):
            count = Count(chat, before, _copy(before))
            count.said = go_on(count.now, news.get(chat.pk, []))
        elif messages > MOST_MESSAGES:
            continue
        else:
            count = Count(chat, before, figures_of(chat))
            count.now.pk = before.pk if before is not None else None
            anew.append(count)
            messages += chat.message_count
        counts.append(count)
    _read_wholly(anew)
    for count in counts:
        close(count.now, count.chat, now)
    return counts


def figures_by_chat(ids: list[int], now: datetime.datetime) -> dict[int, ChatFigures]:
    """Return the figures of these chats as they are now, by the chat's id, whether or not they were counted yet."""
    found: dict[int, ChatFigures] = {}
    # Long chats are left for the next look.
    while counts := look_at([pk for pk in ids if pk not in found], now):
        found |= {count.chat.pk: count.now for count in counts}
    return found


def _only_longer(chat: Chat, figures: ChatFigures, news: list[Told]) -> bool:
    """Tell whether nothing happened but messages at the end: then counting goes on where it was."""
    if shown_lang(chat) != figures.lang:
        return False
    return all(told.sequence > figures.last_sequence and told.pk > figures.last_message_pk for told in news)


def _copy(figures: ChatFigures) -> ChatFigures:
    return ChatFigures(pk=figures.pk, **{name: getattr(figures, name) for name in FIGURES})


def _news(chats: list[Chat]) -> dict[int, list[Told]]:
    """Return what is new or changed in chats that were counted before."""
    news: dict[int, list[Told]] = {}
    changed = [chat for chat in chats if chat.figured_version < chat.version]
    for first in range(0, len(changed), ASKED_TOGETHER):
        wanted = Q()
        for chat in changed[first : first + ASKED_TOGETHER]:
            wanted |= Q(chat=chat.pk, version__gt=chat.figured_version)
        rows = Message.objects.filter(wanted).order_by("chat", "sequence", "pk").values_list("chat", *COLUMNS)
        for pk, *values in rows.iterator(chunk_size=READ_AT_ONCE):
            news.setdefault(pk, []).append(_told(values))
    return news


def _told(values: list[Any]) -> Told:
    pk, sequence, *rest = values
    return Told(pk, sequence or 0, *rest)


def _read_wholly(counts: list[Count]) -> None:
    """Count every message of these chats, and say what of them was counted before."""
    by_chat = {count.chat.pk: count for count in counts}
    for pk, messages in _every_message(list(by_chat)):
        by_chat[pk].said = go_on(by_chat[pk].now, messages)
    before = said_in([count.before.pk for count in counts if count.before is not None])
    for count in counts:
        if count.before is not None:
            count.said_before = before.get(count.before.pk, {})


def _every_message(ids: list[int]) -> Iterator[tuple[int, Iterator[Told]]]:
    rows = Message.objects.filter(chat__in=ids).order_by("chat", "sequence", "pk").values_list("chat", *COLUMNS)
    for pk, group in groupby(rows.iterator(chunk_size=READ_AT_ONCE), key=lambda row: row[0]):
        yield pk, (_told(values) for _, *values in group)


def said_in(figures: list[int]) -> dict[int, Quarters]:
    """Return what was counted as said in chats, by the ids of their figures."""
    found: dict[int, Quarters] = {}
    rows = ChatQuarter.objects.filter(figures__in=figures).values_list("figures", "start", *MESSAGES)
    for pk, start, *counts in rows.iterator(chunk_size=READ_AT_ONCE):
        found.setdefault(pk, {})[start] = Counter(dict(zip(MESSAGES, counts, strict=True)))
    return found
