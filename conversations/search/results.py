"""What search shows: conversations with the lines that match, a page at a time; and all of it, for whoever exports.

A page ends below a message's id. A conversation stands where its newest match stands, and once.
"""

import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.safestring import SafeString

from conversations.inbox.filters import Filters
from conversations.inbox.listing import Row, rows_of
from conversations.inbox.people import Sought, sought_by
from conversations.models import Chat, Message
from conversations.search.marking import needles_of, snippet
from conversations.search.ranking import ranked
from conversations.search.scope import Scope, scope_of
from conversations.search.walking import chats_with_matches, matches_in, walk
from protoadmin.ids import as_id

PAGE = 25
LINES = 3
# More matches than this are not counted; longer chats are not looked through for further lines.
COUNTED = 500
LONG_CHAT = 2_000
# Relevance is decided among so many of the newest matches.
RANKED = 400
# After so many seconds a page is shown as it is; it says how far was looked, and goes on from there when asked.
# Without the index (one or two letters of most scripts) every message is read, and that is soon long enough.
PATIENCE, PATIENCE_READING = 0.4, 0.06
PATIENCE_COUNTING = 2.0


@dataclass
class Hit:
    """A matching line."""

    pk: int
    author: str
    stamp: str
    html: SafeString


@dataclass
class Found:
    """A conversation with its newest matching lines; `more` are known besides."""

    row: Row
    hits: list[Hit]
    more: int = 0


@dataclass
class FoundPage:
    """A page of results; `next` is the id below which it goes on, `looked_to` the time down to which was looked."""

    found: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    next: int | None = None
    looked_to: datetime.datetime | None = None
    # Relevance was decided among the newest matches alone.
    is_partly_ranked: bool = False
    # Nothing was asked for.
    is_empty: bool = False


def found_page(user: User, filters: Filters, after: str = "") -> FoundPage:
    """Return the conversations that match `filters.q` and every other filter, newest match or most relevant first."""
    search = _Search(user, filters)
    page = FoundPage(problems=search.scope.problems, is_empty=search.scope.query.is_empty)
    by_relevance = filters.order == "relevance"
    chosen = _most_relevant(search, page) if by_relevance else _newest(search, page, as_id(after))
    page.found = _shown(search, chosen)
    return page


def matching_messages(user: User, filters: Filters) -> Iterator[tuple[int, int]]:
    """Yield (message id, chat id) of all that matches, the highest message id first: for exports and bulk actions.

    It is read in stretches while it is used, so that memory stays flat; what matches is what `found_page` shows, every
    filter of the inbox included. To go on later, remember the last id and pass over what is not below it.
    """
    search = _Search(user, filters)
    for step in walk(search.scope):
        search.judge({chat for _, chat in step.matches})
        yield from (match for match in step.matches if match[1] in search.passed)


def next_chats(user: User, filters: Filters, below: int, upto: int) -> tuple[list[int], int | None]:
    """Return some chats with a match below this message, and the message below which it goes on (None: nowhere).

    For runs, which go on where they were: `below` begins at `upto` + 1, the newest message when the run was asked for.
    Over all steps each chat comes once.
    """
    search = _Search(user, filters)
    before = (below, upto) if below <= upto else None
    for step in walk(search.scope, below):
        search.judge({chat for _, chat in step.matches}, before)
        if search.passed:
            return sorted(search.passed), step.reached if step.reached > 1 else None
    return [], None


def next_messages(user: User, filters: Filters, below: int) -> tuple[list[tuple[int, int]], int | None]:
    """Return some matches (message id, chat id) below this message, and the message below which it goes on, if any."""
    search = _Search(user, filters)
    for step in walk(search.scope, below):
        search.judge({chat for _, chat in step.matches})
        if found := [match for match in step.matches if match[1] in search.passed]:
            return found, step.reached if step.reached > 1 else None
    return [], None


def matching_counted(user: User, filters: Filters, upto: int) -> str:
    """Return how many chats have a match, in words; it is not counted any further, or any longer than a while."""
    end = time.monotonic() + PATIENCE_COUNTING
    count = 0
    for count, _ in enumerate(matching_chats(user, filters), start=1):
        if count > upto:
            return f"more than {upto:,}"
        if time.monotonic() > end:
            return f"at least {count:,}"
    return f"{count:,}"


def matching_chats(user: User, filters: Filters) -> Iterator[int]:
    """Yield the id of every chat with a match, once, in the order of the results (keyset: its newest match's id)."""
    seen: set[int] = set()
    for _, chat in matching_messages(user, filters):
        if chat not in seen:
            seen.add(chat)
            yield chat


class _Search:
    """One question of one person, and what is known of the chats that it met."""

    def __init__(self, user: User, filters: Filters) -> None:
        self.user, self.filters = user, filters
        self.scope: Scope = scope_of(user, filters)
        self.passed: set[int] = set()
        self.judged: set[int] = set()
        self.patience = PATIENCE if self.scope.sought().is_indexed else PATIENCE_READING
        self._wanted = filters.conditions(user)
        self._people: Sought = sought_by(replace(filters, q=""), user)
        self.scope.chats = self._people.chats
        self._is_narrowed = filters.walked or bool(filters.since or filters.until or self._people.tests)

    def judge(self, chats: set[int], before: tuple[int, int | None] | None = None) -> None:
        """Find out which of these chats fulfil the filters, and have no match between the ids `before`."""
        fresh = list(chats - self.judged)
        self.judged |= chats
        if before is not None:
            fresh = list(set(fresh) - chats_with_matches(self.scope, fresh, *before))
        if self._is_narrowed and fresh:
            rows: Any = Chat.objects.filter(self._wanted, pk__in=fresh).order_by()
            walked = rows.values_list("last_message_at", "pk", "human", "human__customer")
            fresh = [chat[1] for chat in self._people.passing(list(walked))]
        self.passed |= set(fresh)


Chosen = dict[int, list[int]]


def _newest(search: _Search, page: FoundPage, below: int | None) -> Chosen:
    chosen: Chosen = {}
    end = time.monotonic() + search.patience
    for step in walk(search.scope, below):
        search.judge({chat for _, chat in step.matches}, None if below is None else (below, None))
        for pk, chat in step.matches:
            if chat not in search.passed:
                continue
            if chat not in chosen and len(chosen) == PAGE:
                page.next = pk + 1
                return chosen
            chosen.setdefault(chat, []).append(pk)
        if time.monotonic() > end and step.reached > 1:
            page.next, page.looked_to = step.reached, _time_at(step.reached)
            return chosen
    return chosen


def _most_relevant(search: _Search, page: FoundPage) -> Chosen:
    """Rank the newest matches; there is one page of them."""
    matches: list[tuple[int, int]] = []
    end = time.monotonic() + search.patience
    for step in walk(search.scope):
        search.judge({chat for _, chat in step.matches})
        matches += [match for match in step.matches if match[1] in search.passed]
        if len(matches) >= RANKED or time.monotonic() > end:
            page.is_partly_ranked = step.reached > 1
            break
    texts = dict(Message.objects.filter(pk__in=[pk for pk, _ in matches]).values_list("pk", "search_text"))
    return dict(ranked(matches, texts, search.scope.query)[:PAGE])


def _shown(search: _Search, chosen: Chosen) -> list[Found]:
    rows = rows_of(search.user, list(chosen))
    short = [row.pk for row in rows if row.values["message_count"] <= LONG_CHAT and len(chosen[row.pk]) < COUNTED]
    lines = {pk: list(matches) for pk, matches in chosen.items()}
    if short and not search.scope.is_nothing:
        for pk, chat in matches_in(search.scope, short, COUNTED):
            if pk not in lines[chat]:
                lines[chat].append(pk)
    wanted = [pk for matches in lines.values() for pk in matches[:LINES]]
    columns = ("pk", "text", "author_type", "author_name", "received_at", "chat")
    messages = {message.pk: message for message in Message.objects.filter(pk__in=wanted).only(*columns)}
    needles = needles_of(search.scope.query)
    return [
        Found(
            row,
            [_hit(messages[pk], row, needles) for pk in lines[row.pk][:LINES] if pk in messages],
            max(0, len(lines[row.pk]) - LINES),
        )
        for row in rows
    ]


def _hit(message: Message, row: Row, needles: list[str]) -> Hit:
    names = {"human": row.name, "bot": "Bot", "agent": "Agent"}
    author = message.author_name or names.get(message.author_type, message.author_type)
    local = timezone.localtime(message.received_at)
    return Hit(message.pk, author, f"{local:%Y-%m-%d %H:%M}", snippet(message.text, needles))


def _time_at(pk: int) -> datetime.datetime | None:
    older = Message.objects.filter(pk__lte=pk).order_by("-pk")
    return older.values_list("received_at", flat=True).first()
