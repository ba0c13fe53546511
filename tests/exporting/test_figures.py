"""What an export says of conversations, the reports and a recount of the messages: one and the same."""

import datetime
import random
import statistics
from typing import Any

import pytest
from django.utils import timezone

from conversations.figures import looking
from conversations.figures.answer_times import answer_times
from conversations.figures.counting import count_batch
from conversations.figures.reading import Scope
from conversations.models import Chat, Message, Tally
from tests.exporting.reading import exported, rows
from tests.inbox.scene import Scene
from tests.reports.recount import Recounted, recount

pytestmark = pytest.mark.django_db
MILLISECOND = datetime.timedelta(milliseconds=1)
SIDES = ("customer", "bot", "agent", "other")


def random_talk(scene: Scene, chat: Chat, rng: random.Random, number: int) -> None:
    """Let anything be said that may be: pulled, repeated, dismissed, taken over, out of order."""
    at = timezone.now() - datetime.timedelta(days=2)
    for _ in range(number):
        at += datetime.timedelta(milliseconds=rng.randrange(-2_000, 90_000), microseconds=rng.randrange(1000))
        message = scene.say(
            chat,
            f"{rng.choice(['human', 'human', 'bot', 'agent', 'narrator'])}: x",
            received_at=at,
            origin=rng.choice(["webhook"] * 4 + ["pulled"]),
            sync_state=rng.choice(["done"] * 6 + ["local"]),
            type=rng.choice(["text"] * 6 + ["thirdparty_agent_takeover"]),
        )
        if rng.random() < 0.15:
            scene.say(chat, f"{message.author_type}: x", received_at=at, repeat_of=message)


def check_row(row: dict[str, Any], told: Recounted) -> None:
    """Compare a conversation of the export with its messages."""
    said = [side for side, _ in told.said]
    counts = [said.count(side) for side in ("human", "bot", "agent", "other")]
    assert [row[f"{side}_messages"] for side in SIDES] == counts
    assert row["messages"] == len(said)
    asked = next((at for side, at in told.said if side == "human"), None)
    assert moment(row["first_customer_message"]) == asked
    for name, took in (("first_answer", told.answer), ("first_agent_answer", told.agent_answer)):
        assert row[f"{name}_seconds"] == (None if took is None else round(took // MILLISECOND / 1000))
        shown = moment(row[name])
        assert (shown is None) is (took is None)
        if shown and took and asked:
            assert shown == asked + took // MILLISECOND * MILLISECOND


def moment(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None


@pytest.mark.parametrize("seed", range(5))
def test_random_chats(scene: Scene, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_MESSAGES", 30)
    monkeypatch.setattr("conversations.exporting.chats.TOGETHER", 7)
    rng = random.Random(seed)
    chats = [scene.chat() for _ in range(20)]
    for chat in chats:
        random_talk(scene, chat, rng, rng.randrange(12))
    while count_batch():
        pass
    # Some go on, and a message of some changes, before they are counted again.
    for chat in rng.sample(chats, 8):
        random_talk(scene, chat, rng, rng.randrange(6))
    late = Message.objects.filter(chat=rng.choice(chats)).first()
    if late is not None:
        Message.objects.filter(pk=late.pk).update(sync_state="local", version=10_000)
        Chat.objects.filter(pk=late.chat_id).update(version=10_000)
    found = rows(exported(scene.mia, "conversations", "jsonl"))
    told = recount(timezone.now())
    assert [row["conversation"] for row in found] == [each.chat.pk for each in told]
    for row, each in zip(found, told, strict=True):
        check_row(row, each)
    check_report(scene, found, told)


def check_report(scene: Scene, found: list[dict[str, Any]], told: list[Recounted]) -> None:
    """Compare the export with what the page of the reports says of the same chats."""
    while count_batch():
        pass
    sums = Tally.objects.get(width=0, channel_pk=0, lang="*")
    assert [sums.human, sums.bot, sums.agent, sums.other] == [
        sum(row[f"{side}_messages"] for row in found) for side in SIDES
    ]
    quarter = 15 * 60
    first, last = (int(pick(each.started_at for each in told).timestamp()) // quarter for pick in (min, max))
    ((answers, agents),) = answer_times(Scope((scene.home.pk,)), [(first, last + 1)])
    for times, name in ((answers, "first_answer_seconds"), (agents, "first_agent_answer_seconds")):
        seconds = [row[name] for row in found if row[name] is not None]
        assert times.chats == len(seconds)
        assert times.median is not None
        assert abs(times.median / 1000 - statistics.median_low(seconds)) <= 0.5
