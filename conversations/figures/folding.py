"""The figures of one chat, told by its messages in their order: one after the other, and later on from there."""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from conversations.figures.steps import step_of
from conversations.models import AuthorType, Chat, ChatFigures, Origin
from conversations.models.figures import EVERY_LANGUAGE
from customers.models import SyncState

# A chat in which nothing was said for so long counts as ended, whatever Proto says of it.
SILENCE = datetime.timedelta(hours=24)
# What the platform writes into a chat when somebody takes it over from the bot (DESIGN, section 5).
TAKEOVER = "thirdparty_agent_takeover"
QUARTER = datetime.timedelta(minutes=15)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MILLISECOND = datetime.timedelta(milliseconds=1)
Quarters = dict[int, Counter[str]]
AUTHORS = ("human", "bot", "agent", "other")
# What is read of a message, in this order.
COLUMNS = ("pk", "sequence", "author_type", "type", "received_at", "origin", "repeat_of", "sync_state")


@dataclass(frozen=True, slots=True)
class Told:
    """One message as it is counted."""

    pk: int
    sequence: int
    author_type: str
    type: str
    received_at: datetime.datetime
    origin: str
    repeat_of: int | None
    sync_state: str

    @property
    def counts(self) -> bool:
        """Whether it is counted: a probable repeat is not, nor one that was dismissed."""
        return self.repeat_of is None and self.sync_state != SyncState.LOCAL

    @property
    def is_timed(self) -> bool:
        """Whether its time is known: Proto's list of messages tells none."""
        return self.origin != Origin.PULLED


def quarter_of(moment: datetime.datetime) -> int:
    """Return the number of the quarter of an hour in which this was."""
    return (moment - EPOCH) // QUARTER


def moment_of(quarter: int) -> datetime.datetime:
    """Return when a quarter begins."""
    return EPOCH + quarter * QUARTER


def figures_of(chat: Chat) -> ChatFigures:
    """Return the figures of a chat of which nothing was counted yet, unsaved."""
    return ChatFigures(
        chat_id=chat.pk,
        teamspace_pk=chat.teamspace_id,
        channel_pk=chat.channel_id,
        started_at=chat.created_at,
        last_at=chat.created_at,
    )


def go_on(figures: ChatFigures, messages: Iterable[Told]) -> Quarters:
    """Count further messages into the figures, in their order; return what each side said, by quarter."""
    quarters: Quarters = {}
    for message in messages:
        figures.last_sequence = max(figures.last_sequence, message.sequence)
        figures.last_message_pk = max(figures.last_message_pk, message.pk)
        if not message.counts:
            continue
        author = message.author_type if message.author_type in AUTHORS else "other"
        quarters.setdefault(quarter_of(message.received_at), Counter())[author] += 1
        figures.started_at = min(figures.started_at, message.received_at)
        figures.last_at = max(figures.last_at, message.received_at)
        _hand_over(figures, message)
        _answer(figures, message)
        setattr(figures, author, getattr(figures, author) + 1)
    return quarters


def _hand_over(figures: ChatFigures, message: Told) -> None:
    is_first_of_agent = message.author_type == AuthorType.AGENT and figures.bot > 0
    if figures.handed_over_at is None and (message.type == TAKEOVER or is_first_of_agent):
        figures.handed_over_at = message.received_at


def _answer(figures: ChatFigures, message: Told) -> None:
    """Note the customer's first message, and what first answers it."""
    if figures.asked_at is None:
        if message.author_type == AuthorType.HUMAN:
            figures.asked_at, figures.is_asked_timed = message.received_at, message.is_timed
        return
    if message.author_type not in (AuthorType.BOT, AuthorType.AGENT) or message.type == TAKEOVER:
        return
    took: int | None = None
    if message.is_timed and figures.is_asked_timed:
        took = max((message.received_at - figures.asked_at) // MILLISECOND, 0)
    step = step_of(took) if took is not None else None
    if not figures.is_answered:
        figures.is_answered, figures.answer_ms, figures.answer_step = True, took, step
    if message.author_type == AuthorType.AGENT and not figures.is_agent_answered:
        figures.is_agent_answered, figures.agent_ms, figures.agent_step = True, took, step


def shown_lang(chat: Chat) -> str:
    """Return a chat's language as the sums name it: `*` stands for every one there."""
    return "" if chat.lang == EVERY_LANGUAGE else chat.lang


def close(figures: ChatFigures, chat: Chat, now: datetime.datetime) -> None:
    """Bring in line what hangs on the chat's row and on the clock."""
    figures.lang = shown_lang(chat)
    ends_at = figures.last_at + SILENCE
    figures.ended = not chat.active or ends_at <= now
    figures.ends_at = None if figures.ended else ends_at
    figures.bot_alone = bool(figures.ended and figures.bot and not figures.agent and figures.handed_over_at is None)


def counted(figures: ChatFigures) -> Quarters:
    """Return what a chat adds to the sums beside its messages, by quarter."""
    found: Quarters = {
        quarter_of(figures.started_at): Counter(
            started=1,
            ended=int(figures.ended),
            bot_alone=int(figures.bot_alone),
            answered=int(figures.answer_ms is not None),
            agent_answered=int(figures.agent_ms is not None),
        )
    }
    if figures.handed_over_at is not None:
        found.setdefault(quarter_of(figures.handed_over_at), Counter())["handed_over"] += 1
    return found


def steps_of(figures: ChatFigures) -> dict[tuple[int, bool, int], int]:
    """Return what a chat adds to the histograms: (UTC day, by an agent, step)."""
    day = quarter_of(figures.started_at) // 96 * 96
    given: list[tuple[bool, Any]] = [(False, figures.answer_step), (True, figures.agent_step)]
    return {(day, by_agent, step): 1 for by_agent, step in given if step is not None}
