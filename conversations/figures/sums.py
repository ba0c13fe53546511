"""Differences, added to the sums: for a channel and a language, for each of them alone, and for everything."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models

from conversations.models import AnswerTally, ChatQuarter, Tally
from conversations.models.figures import EVERY_CHANNEL, EVERY_LANGUAGE, Width

MESSAGES = ("human", "bot", "agent", "other")
COUNTS = ("started", "ended", "bot_alone", "handed_over", "answered", "agent_answered", *MESSAGES)
LANE = ("teamspace_pk", "channel_pk", "lang")
ROWS = 200
# Of a chat: teamspace, channel, language.
Lane = tuple[int, int, str]


class Sums:
    """Collects the differences of many chats, and writes each sum once, in one order for every writer."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[Any, ...], Counter[str]] = {}
        self._answers: Counter[tuple[Any, ...]] = Counter()

    def add(self, lane: Lane, quarter: int, counts: Mapping[str, int]) -> None:
        """Add counts of a quarter to every sum that has it."""
        for place in _lanes(lane):
            for width, start in ((Width.EVER, 0), (Width.QUARTER, quarter), (Width.DAY, quarter // 96 * 96)):
                tally = self._tallies.setdefault((int(width), *place, start), Counter())
                for name, count in counts.items():
                    tally[name] += count

    def add_answer(self, lane: Lane, place: tuple[int, bool, int], chats: int) -> None:
        """Add chats to a step of the histograms."""
        for each in _lanes(lane):
            self._answers[*each, *place] += chats

    def write(self) -> None:
        """Write what has changed; a sum of which nothing is left goes."""
        rows = {key: [counts[name] for name in COUNTS] for key, counts in self._tallies.items()}
        add_up(Tally, ("width", *LANE, "start"), COUNTS, rows)
        answers = {key: [chats] for key, chats in self._answers.items()}
        add_up(AnswerTally, (*LANE, "start", "by_agent", "step"), ("chats",), answers)


def _lanes(lane: Lane) -> list[Lane]:
    teamspace, channel, lang = lane
    return [
        (teamspace, EVERY_CHANNEL, EVERY_LANGUAGE),
        (teamspace, EVERY_CHANNEL, lang),
        (teamspace, channel, EVERY_LANGUAGE),
        (teamspace, channel, lang),
    ]


def add_quarters(rows: dict[tuple[int, int, int], Counter[str]]) -> None:
    """Add to what was said in chats, by (figures, teamspace, quarter)."""
    values = {key: [counts[name] for name in MESSAGES] for key, counts in rows.items()}
    add_up(ChatQuarter, ("figures_id", "teamspace_pk", "start"), MESSAGES, values, unique=("figures_id", "start"))


def add_up(
    model: type[models.Model],
    keys: Sequence[str],
    counts: Sequence[str],
    rows: Mapping[tuple[Any, ...], list[int]],
    unique: Sequence[str] = (),
) -> None:
    """Add to the rows with these keys, made where they are new, in the order of the keys; empty ones are removed."""
    changed = sorted((key, values) for key, values in rows.items() if any(values))
    table, columns = connection.ops.quote_name(model._meta.db_table), [*keys, *counts]
    names = ", ".join(map(connection.ops.quote_name, columns))
    added = ", ".join(f'"{name}" = {table}."{name}" + excluded."{name}"' for name in counts)
    target = ", ".join(map(connection.ops.quote_name, unique or keys))
    row = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        for part in _parts(changed):
            cursor.execute(
                f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * len(part))} "  # noqa: S608 - our own names
                f"ON CONFLICT ({target}) DO UPDATE SET {added}",
                [value for key, values in part for value in (*key, *values)],
            )
        shrunk = [key for key, values in changed if min(values) < 0]
        empty = " AND ".join(f'"{name}" = 0' for name in counts)
        match = " AND ".join(f'"{name}" = %s' for name in keys)
        if shrunk:
            cursor.executemany(f"DELETE FROM {table} WHERE {match} AND {empty}", shrunk)  # noqa: S608 - see above


def _parts(rows: list[Any]) -> Iterable[list[Any]]:
    return (rows[first : first + ROWS] for first in range(0, len(rows), ROWS))
