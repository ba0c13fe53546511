"""The figures, counted anew from the raw messages: slowly, plainly, and without a line of what is tested."""

import datetime
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from conversations.models import AnswerTally, Chat, ChatFigures, ChatQuarter, Message, Tally

SIDES = ("human", "bot", "agent")
SILENT = datetime.timedelta(hours=24)
COUNTS = (
    "started", "ended", "bot_alone", "handed_over", "answered", "agent_answered", "human", "bot", "agent", "other",
)  # fmt: skip


@dataclass
class Recounted:
    """What one chat's messages say."""

    chat: Chat
    started_at: datetime.datetime
    ended: bool
    bot_alone: bool
    handed_over_at: datetime.datetime | None
    answer: datetime.timedelta | None
    agent_answer: datetime.timedelta | None
    said: list[tuple[str, datetime.datetime]] = field(default_factory=list)


def recount(now: datetime.datetime, chats: Iterable[Chat] | None = None) -> list[Recounted]:
    """Recount every chat as it is now."""
    return [_recount(chat, now) for chat in (Chat.objects.order_by("pk") if chats is None else chats)]


def _recount(chat: Chat, now: datetime.datetime) -> Recounted:
    rows = Message.objects.filter(chat=chat).order_by("sequence", "pk")
    told = [row for row in rows if row.repeat_of_id is None and row.sync_state != "local"]
    times = [row.received_at for row in told]
    ended = not chat.active or max([chat.created_at, *times]) + SILENT <= now
    agents = [row for row in told if row.author_type == "agent"]
    bots = [row for row in told if row.author_type == "bot"]
    handed_over = _handed_over(told)
    return Recounted(
        chat=chat,
        started_at=min([chat.created_at, *times]),
        ended=ended,
        bot_alone=bool(ended and bots and not agents and handed_over is None),
        handed_over_at=handed_over,
        answer=_answered(told, ("bot", "agent")),
        agent_answer=_answered(told, ("agent",)),
        said=[(row.author_type if row.author_type in SIDES else "other", row.received_at) for row in told],
    )


def _handed_over(told: list[Message]) -> datetime.datetime | None:
    bot_spoke = False
    for row in told:
        if row.type == "thirdparty_agent_takeover" or (row.author_type == "agent" and bot_spoke):
            return row.received_at
        bot_spoke = bot_spoke or row.author_type == "bot"
    return None


def _answered(told: list[Message], by: tuple[str, ...]) -> datetime.timedelta | None:
    asked = next((number for number, row in enumerate(told) if row.author_type == "human"), None)
    if asked is None:
        return None
    rest = [row for row in told[asked + 1 :] if row.type != "thirdparty_agent_takeover"]
    answer = next((row for row in rest if row.author_type in by), None)
    if answer is None or "pulled" in (told[asked].origin, answer.origin):
        return None
    return max(answer.received_at - told[asked].received_at, datetime.timedelta(0))


def quarter(moment: datetime.datetime) -> int:
    """Return the number of a quarter of an hour since 1970."""
    return math.floor(moment.timestamp() / 900)


def expected_sums(found: list[Recounted]) -> dict[tuple[Any, ...], dict[str, int]]:
    """Return every sum that should be there, by (width, teamspace, channel, language, start)."""
    sums: dict[tuple[Any, ...], Counter[str]] = {}
    for each in found:
        for start, name in _events(each):
            for channel in (0, each.chat.channel_id):
                for lang in ("*", each.chat.lang):
                    for width, begins in ((0, 0), (1, start), (96, start - start % 96)):
                        key = (width, each.chat.teamspace_id, channel, lang, begins)
                        sums.setdefault(key, Counter())[name] += 1
    return {key: dict(counts) for key, counts in sums.items()}


def _events(each: Recounted) -> list[tuple[int, str]]:
    start = quarter(each.started_at)
    events = [(start, "started")]
    events += [(start, "ended")] if each.ended else []
    events += [(start, "bot_alone")] if each.bot_alone else []
    events += [(start, "answered")] if each.answer is not None else []
    events += [(start, "agent_answered")] if each.agent_answer is not None else []
    events += [(quarter(each.handed_over_at), "handed_over")] if each.handed_over_at else []
    return events + [(quarter(at), side) for side, at in each.said]


def stored_sums() -> dict[tuple[Any, ...], dict[str, int]]:
    """Return the sums that are there."""
    rows = Tally.objects.values_list("width", "teamspace_pk", "channel_pk", "lang", "start", *COUNTS)
    return {tuple(row[:5]): {name: count for name, count in zip(COUNTS, row[5:], strict=True) if count} for row in rows}


def assert_counted(now: datetime.datetime) -> list[Recounted]:
    """Compare everything that is stored with a recount; return the recount."""
    found = recount(now)
    assert stored_sums() == expected_sums(found)
    figures = {row.chat_id: row for row in ChatFigures.objects.all()}
    assert figures.keys() == {each.chat.pk for each in found}
    millisecond = datetime.timedelta(milliseconds=1)
    for each in found:
        row = figures[each.chat.pk]
        assert (row.started_at, row.handed_over_at) == (each.started_at, each.handed_over_at)
        assert (row.ended, row.bot_alone) == (each.ended, each.bot_alone)
        assert row.answer_ms == (None if each.answer is None else each.answer // millisecond)
        assert row.agent_ms == (None if each.agent_answer is None else each.agent_answer // millisecond)
        said = Counter((quarter(at), side) for side, at in each.said)
        stored = {
            (start, side): count
            for start, *counts in ChatQuarter.objects.filter(figures=row).values_list("start", *SIDES, "other")
            for side, count in zip((*SIDES, "other"), counts, strict=True)
            if count
        }
        assert stored == dict(said)
        assert (row.human, row.bot, row.agent, row.other) == tuple(
            sum(side == name for side, _ in each.said) for name in (*SIDES, "other")
        )
    _assert_histograms(figures.values())
    return found


def _assert_histograms(figures: Iterable[ChatFigures]) -> None:
    wanted: Counter[tuple[Any, ...]] = Counter()
    for row in figures:
        day = quarter(row.started_at) // 96 * 96
        for by_agent, step in ((False, row.answer_step), (True, row.agent_step)):
            if step is not None:
                for channel in (0, row.channel_pk):
                    for lang in ("*", row.lang):
                        wanted[row.teamspace_pk, channel, lang, day, by_agent, step] += 1
    rows = AnswerTally.objects.values_list("teamspace_pk", "channel_pk", "lang", "start", "by_agent", "step", "chats")
    assert {tuple(row[:-1]): row[-1] for row in rows} == dict(wanted)
