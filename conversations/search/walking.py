"""Messages that match, from the newest id down, stretch by stretch: how much is read does not depend on how many match.

Each stretch of ids is one question. The first ones are small, so that a common word has its page full there; as long
as a question is answered quickly the next stretch is sixteen times as long, so that a rare word is soon looked for in
everything. A message's id, not its time, is its place: nothing that comes in later moves it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max

from conversations.models import Message
from conversations.search.backends import BLOCK_BITS, backend, block_start
from conversations.search.scope import Scope

Match = tuple[int, int]
Ask = Callable[[int, int, int], list[Match]]
# So many matches are read at once, and up to so many when one page after the other is.
AT_ONCE, MOST_AT_ONCE = 64, 1024
# Seconds: an answer within them lets the next stretch be longer, one beyond lets it be shorter.
QUICK, SLOW = 0.012, 0.05
# Without the index every row is read: no longer stretches than this many steps up.
READ_LEVEL = 1
TABLE = Message._meta.db_table


@dataclass(frozen=True)
class Step:
    """One stretch: the matches in it as (message, chat), newest first, and the lowest id that was looked at."""

    matches: list[Match]
    reached: int


def walk(scope: Scope, below: int | None = None) -> Iterator[Step]:
    """Yield the matches below an id, all of them if it is read to its end."""
    if scope.is_nothing:
        return
    if scope.chats is not None:
        yield from _walk_chats(scope, scope.chats, below)
        return

    def ask(low: int, high: int, at_once: int) -> list[Match]:
        return matches_between(scope, low, high, at_once)

    yield from stretches(ask, newest_id(Message), below, is_indexed=scope.sought().is_indexed)


def newest_id(model: Any) -> int:
    """Return the highest id of a table, 0 when it is empty."""
    return int(model.objects.aggregate(newest=Max("pk"))["newest"] or 0)


def stretches(ask: Ask, newest: int, below: int | None, *, is_indexed: bool) -> Iterator[Step]:
    """Yield what `ask` finds between two ids, from the newest stretch of ids to the oldest."""
    high = newest if below is None else min(below - 1, newest)
    highest = len(BLOCK_BITS) - 1 if is_indexed else READ_LEVEL
    level, at_once = 0, AT_ONCE
    while high > 0:
        low = max(block_start(high, level), 1)
        began = time.perf_counter()
        matches = ask(low, high, at_once)
        took = time.perf_counter() - began
        is_full = len(matches) >= at_once
        reached = matches[-1][0] if is_full else low
        yield Step(matches, reached)
        if is_full or took > SLOW:
            level, at_once = max(level - 1, 0), min(at_once * 2, MOST_AT_ONCE)
        elif took < QUICK:
            level = min(level + 1, highest)
        high = reached - 1


def matches_between(scope: Scope, low: int, high: int, at_once: int) -> list[Match]:
    """Return the newest matches between two ids of one block."""
    among = backend().among(TABLE, scope.sought(), low, high)
    conditions, values = scope.conditions()
    return rows(
        f"SELECT m.id, m.chat_id FROM {among.source} CROSS JOIN conversations_chat c "  # noqa: S608 - our own names
        f"WHERE {among.where} AND {conditions} ORDER BY {among.order} DESC LIMIT %s",
        [*among.values, *values, at_once],
    )


def matches_in(scope: Scope, chats: list[int], at_once: int, below: int | None = None) -> list[Match]:
    """Return the newest matches of some chats, read from these chats' messages."""
    source, values = _in_chats(scope, chats)
    if below is not None:
        source, values = f"{source} AND m.id + 0 < %s", [*values, below]
    return rows(f"SELECT m.id, m.chat_id {source} ORDER BY m.id + 0 DESC LIMIT %s", [*values, at_once])


def chats_with_matches(scope: Scope, chats: list[int], low: int, high: int | None = None) -> set[int]:
    """Return those of some chats that have a match between these ids."""
    if not chats:
        return set()
    source, values = _in_chats(scope, chats)
    high = newest_id(Message) if high is None else high
    found = rows(f"SELECT DISTINCT m.chat_id, 0 {source} AND m.id + 0 BETWEEN %s AND %s", [*values, low, high])
    return {chat for chat, _ in found}


def _walk_chats(scope: Scope, chats: list[int], below: int | None) -> Iterator[Step]:
    """Yield the matches of some chats alone."""
    while chats and (matches := matches_in(scope, chats, MOST_AT_ONCE, below)):
        below = matches[-1][0]
        yield Step(matches, below)


def _in_chats(scope: Scope, chats: list[int]) -> tuple[str, list[Any]]:
    conditions, values = scope.conditions()
    marks = ", ".join(["%s"] * len(chats))
    return (
        f"FROM {TABLE} m CROSS JOIN conversations_chat c WHERE m.chat_id IN ({marks}) AND {conditions}",
        [*chats, *values],
    )


def rows(sql: str, values: list[Any]) -> list[Match]:
    """Return the rows of a question, two numbers each."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [(int(pk), int(chat)) for pk, chat in cursor.fetchall()]
