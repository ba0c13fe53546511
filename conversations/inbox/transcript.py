"""The messages of a chat: pages around a place, what is new since a version, repeats under their originals.

A message's place is (sequence, id). Repeats are never lines of their own: each is told of under its original.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from conversations.inbox.bubbles import Part, parts_of
from conversations.models import Chat, Message
from customers.models import SyncState
from protoadmin.ids import as_id
from protoadmin.outbox.models import Call

PAGE = 50
# What is unread is shown with this much of what came before it.
BEFORE_UNREAD = 8
NEW_AT_ONCE = 200
WHOLE_PAGE = 500
REPEATS = 20
OPEN = (SyncState.QUEUED, SyncState.SENDING, SyncState.FAILED, SyncState.UNCONFIRMED)
TOGETHER_SECONDS = 300
AUTHORS = {"human": "Customer", "bot": "Bot", "agent": "Agent"}


@dataclass
class Line:
    """One message as the transcript shows it."""

    message: Message
    parts: list[Part]
    author: str
    repeats: list[Message] = field(default_factory=list)
    call: Call | None = None
    # Said by the same one as the line before, soon after it; and on another day than it.
    is_next: bool = False
    is_new_day: bool = False
    is_first_unread: bool = False
    # The one of a search's matches that is looked at.
    is_found: bool = False

    @property
    def side(self) -> str:
        """Whose side it stands on."""
        return self.message.author_type if self.message.author_type in AUTHORS else "other"

    @property
    def place(self) -> str:
        """Where it stands, for URLs."""
        return f"{self.message.sequence}-{self.message.pk}"

    @cached_property
    def local(self) -> datetime.datetime:
        """The time in the reader's zone."""
        return timezone.localtime(self.message.received_at)

    @property
    def day(self) -> str:
        """The reader's day, as dates are written for programs."""
        return f"{self.local:%Y-%m-%d}"

    @property
    def clock(self) -> str:
        """The time of day."""
        return f"{self.local:%H:%M}"

    @property
    def stamp(self) -> str:
        """Day and time."""
        return f"{self.local:%Y-%m-%d %H:%M:%S}"

    @property
    def at(self) -> int:
        """The time in seconds, for the page to tell how soon one line followed another."""
        return int(self.message.received_at.timestamp())

    @property
    def plain(self) -> str:
        """The message as text."""
        return "\n".join(part.plain for part in self.parts)

    @property
    def is_notice(self) -> bool:
        """Whether it is a line across the transcript."""
        return self.parts[0].kind == "takeover"


@dataclass
class Transcript:
    """A page of lines; whether there are older ones before it, and newer ones behind it."""

    lines: list[Line]
    has_older: bool = False
    has_newer: bool = False


def version_of(chat: Chat) -> str:
    """Return what a page remembers of a chat, to ask for what is new since: the version, and what its head shows."""
    return f"{chat.version}.{int(chat.active)}.{chat.at_proto}"


def opened(chat: Chat, read_to: int | None) -> Transcript:
    """Return what a person sees who opens the chat: from the first unread message on, else the newest."""
    first = None
    if read_to is not None and read_to < chat.last_sequence:
        first = _said(chat).filter(sequence__gt=read_to).order_by("sequence", "pk").first()
    if first is None:
        return older_than(chat, None)
    before = _page(_said(chat).filter(_before(first.sequence or 0, first.pk)), BEFORE_UNREAD, newest=True)
    after = _page(_said(chat).filter(_after(first.sequence or 0, first.pk)), PAGE, newest=False)
    messages = [*before[0], first, *after[0]]
    transcript = Transcript(lines_of(chat, messages), before[1], after[1])
    next(line for line in transcript.lines if line.message.pk == first.pk).is_first_unread = True
    return transcript


def around(chat: Chat, pk: int) -> Transcript | None:
    """Return what stands around a message of the chat; None when it is no line of it."""
    found = _said(chat).filter(pk=pk).first()
    if found is None:
        return None
    before = _page(_said(chat).filter(_before(found.sequence or 0, found.pk)), PAGE // 2, newest=True)
    after = _page(_said(chat).filter(_after(found.sequence or 0, found.pk)), PAGE // 2, newest=False)
    transcript = Transcript(lines_of(chat, [*before[0], found, *after[0]]), before[1], after[1])
    transcript.lines[len(before[0])].is_found = True
    return transcript


def mark(lines: list[Line], needles: list[str]) -> None:
    """Have what was looked for marked in these lines."""
    for line in lines:
        for part in line.parts:
            part.needles = needles


def older_than(chat: Chat, place: tuple[int, int] | None) -> Transcript:
    """Return the page before a place; the newest one without a place."""
    rows = _said(chat) if place is None else _said(chat).filter(_before(*place))
    messages, more = _page(rows, PAGE, newest=True)
    return Transcript(lines_of(chat, messages), has_older=more, has_newer=place is not None)


def newer_than(chat: Chat, place: tuple[int, int]) -> Transcript:
    """Return the page behind a place."""
    messages, more = _page(_said(chat).filter(_after(*place)), PAGE, newest=False)
    return Transcript(lines_of(chat, messages), has_older=True, has_newer=more)


def changed_since(chat: Chat, version: int) -> tuple[list[Line], list[int]]:
    """Return the lines that are new or different since a version, and the messages that are no line any more."""
    changed = list(_light(chat.messages.filter(version__gt=version)).order_by("-version", "-sequence")[:NEW_AT_ONCE])
    repeats = [message for message in changed if message.repeat_of_id is not None]
    messages = {message.pk: message for message in changed if message.repeat_of_id is None}
    missing = [message.repeat_of_id for message in repeats if message.repeat_of_id not in messages]
    if missing:
        messages |= {message.pk: message for message in _said(chat).filter(pk__in=filter(None, missing))}
    ordered = sorted(messages.values(), key=lambda message: (message.sequence or 0, message.pk))
    return lines_of(chat, ordered), [message.pk for message in repeats]


def whole(chat: Chat, zone: datetime.tzinfo) -> Iterator[list[Line]]:
    """Yield all lines of a chat, some hundred at a time, their days told apart in this zone."""
    place, last_day, more = (-(2**62), 0), "", True
    while more:
        messages, more = _page(_said(chat).filter(_after(*place)), WHOLE_PAGE, newest=False)
        if not messages:
            return
        with timezone.override(zone):
            lines = lines_of(chat, messages)
            lines[0].is_new_day = lines[0].day != last_day
            last_day = lines[-1].day
        place = (messages[-1].sequence or 0, messages[-1].pk)
        yield lines


def place_of(text: str) -> tuple[int, int] | None:
    """Return the place that a URL names; None for what is none."""
    sequence, _, pk = text.partition("-")
    first, second = as_id(sequence), as_id(pk)
    return None if first is None or second is None else (first, second)


def lines_of(chat: Chat, messages: list[Message]) -> list[Line]:
    """Return messages as lines, with their repeats and, where they wait for something, their calls."""
    pks = [message.pk for message in messages]
    repeats: dict[int | None, list[Message]] = {}
    if pks:
        # Without an order and the chat, so that the index of originals is the only one that fits.
        found = Message.objects.filter(repeat_of__in=pks).order_by().only("repeat_of", "received_at", "sequence")
        for repeat in sorted(found, key=lambda message: (message.sequence or 0, message.pk)):
            repeats.setdefault(repeat.repeat_of_id, []).append(repeat)
    calls = _calls([message.call_id for message in messages if message.call_id])
    lines = [
        Line(
            message, parts_of(message), _author(chat, message), repeats.get(message.pk, []), calls.get(message.call_id)
        )
        for message in messages
    ]
    for before, line in zip([None, *lines], lines, strict=False):
        line.is_next = before is not None and _belongs_to(before, line)
        line.is_new_day = before is None or before.day != line.day
    return lines


def _calls(pks: list[int]) -> dict[int | None, Call]:
    if not pks:
        return {}
    calls = Call.objects.filter(pk__in=pks).select_related("requested_by").prefetch_related("connection")
    columns = ("state", "error", "next_attempt_at", "connection_type", "connection_id", "requested_by__username")
    return {call.pk: call for call in calls.only(*columns, "requested_by__first_name", "requested_by__last_name")}


def _belongs_to(before: Line, line: Line) -> bool:
    first, second = before.message, line.message
    is_same = (first.author_type, before.author, first.origin) == (second.author_type, line.author, second.origin)
    soon = before.day == line.day and abs((second.received_at - first.received_at).total_seconds()) < TOGETHER_SECONDS
    return is_same and soon and not before.is_notice and not line.is_notice


def _author(chat: Chat, message: Message) -> str:
    if message.author_name:
        return message.author_name
    if message.author_type == "human" and chat.human is not None:
        return str(chat.human)
    return AUTHORS.get(message.author_type, message.author_type or "Unknown")


def _light(messages: QuerySet[Message]) -> QuerySet[Message]:
    return messages.defer("reply_token", "search_text", "search_tokens")


def _said(chat: Chat) -> QuerySet[Message]:
    return _light(chat.messages.filter(repeat_of=None))


def _before(sequence: int, pk: int) -> Q:
    return Q(sequence__lte=sequence) & (Q(sequence__lt=sequence) | Q(pk__lt=pk))


def _after(sequence: int, pk: int) -> Q:
    return Q(sequence__gte=sequence) & (Q(sequence__gt=sequence) | Q(pk__gt=pk))


def _page(messages: QuerySet[Message], size: int, *, newest: bool) -> tuple[list[Any], bool]:
    order = ("-sequence", "-pk") if newest else ("sequence", "pk")
    found = list(messages.order_by(*order)[: size + 1])
    page = found[:size]
    return (page[::-1] if newest else page), len(found) > size
