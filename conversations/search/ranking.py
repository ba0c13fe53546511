"""Which conversations match best: whole words before parts of words, lines of few words before long ones, many lines
before one. Among equals the newest is first."""

import math
from collections.abc import Mapping

from conversations.search.query import Query

WHOLE, BEGINNING, INSIDE = 3.0, 2.0, 1.0
# A line of so many characters is worth half of what a very short one is.
LONG = 200.0


def ranked(
    matches: list[tuple[int, int]], texts: Mapping[int, str | None], query: Query
) -> list[tuple[int, list[int]]]:
    """Return (chat, its messages, the best first), the best chat first, of (message, chat) in their order."""
    needles = [needle for term in query.terms for needle in term.shown]
    chats: dict[int, list[tuple[float, int]]] = {}
    for pk, chat in matches:
        chats.setdefault(chat, []).append((score(texts.get(pk) or "", needles), pk))
    best = {chat: sorted(found, reverse=True) for chat, found in chats.items()}
    order = sorted(best, key=lambda chat: (_of_chat(best[chat]), best[chat][0][1]), reverse=True)
    return [(chat, [pk for _, pk in best[chat]]) for chat in order]


def score(text: str, needles: list[str]) -> float:
    """Return how well a folded text matches."""
    found = sum(max(_kinds(text, needle), default=0.0) for needle in needles)
    return found / (1 + len(text) / LONG)


def _kinds(text: str, needle: str) -> list[float]:
    kinds = []
    start = text.find(needle)
    while start >= 0 and WHOLE not in kinds:
        before, after = text[start - 1 : start], text[start + len(needle) : start + len(needle) + 1]
        if before.isalnum():
            kinds.append(INSIDE)
        else:
            kinds.append(BEGINNING if after.isalnum() else WHOLE)
        start = text.find(needle, start + 1)
    return kinds


def _of_chat(found: list[tuple[float, int]]) -> float:
    return found[0][0] * (1 + math.log10(len(found)))
