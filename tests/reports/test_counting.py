"""What is counted, against a recount from the raw messages: whatever happens to them, in whatever order."""

import datetime
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from conversations.chat_rows import chat_identified
from conversations.figures import counting, looking
from conversations.figures.reading import to_count
from conversations.models import Chat, ChatFigures, ChatQuarter, Message, Tally
from tests.chats.machine import WORDS, ChatMachine
from tests.inbox.scene import Scene
from tests.reports.recount import assert_counted

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def count(now: datetime.datetime | None = None) -> datetime.datetime:
    """Count all that is due."""
    now = now or timezone.now()
    while counting.count_batch(now):
        pass
    return now


def test_a_chat_with_everything(scene: Scene) -> None:
    start = timezone.now() - 5 * HOUR
    chat = scene.chat(lang="fr", created_at=start)
    lines = ["human: hello", "bot: hi", "human: a person please", "agent: here", "narrator: rain", "agent: bye"]
    for number, line in enumerate(lines):
        scene.say(chat, line, received_at=start + number * datetime.timedelta(minutes=7))
    (found,) = assert_counted(count())
    assert found.handed_over_at == start + datetime.timedelta(minutes=21)
    assert found.answer == datetime.timedelta(minutes=7)
    assert found.agent_answer == datetime.timedelta(minutes=21)
    row = Tally.objects.get(width=0, channel_pk=0, lang="*")
    assert (row.started, row.human, row.bot, row.agent, row.other, row.ended) == (1, 2, 1, 2, 1, 0)


def test_a_chat_without_messages_and_one_without_a_language(scene: Scene) -> None:
    scene.chat()
    scene.chat("bot: hello", lang="*")
    Chat.objects.filter(lang="*").update(lang="")
    assert_counted(count())


def test_repeats_and_dismissed_messages_do_not_count(scene: Scene) -> None:
    chat = scene.chat("human: hello")
    original = Message.objects.get()
    scene.say(chat, "human: hello", repeat_of=original)
    dismissed = scene.say(chat, "human: never sent", sync_state="local")
    assert len(assert_counted(count())[0].said) == 1
    Chat.objects.filter(pk=chat.pk).update(version=50)
    Message.objects.filter(pk=dismissed.pk).update(sync_state="done", version=50)
    assert len(assert_counted(count())[0].said) == 2


def test_what_was_pulled_has_no_answer_time(scene: Scene) -> None:
    chat = scene.chat("human: hello")
    scene.say(chat, "bot: hi", origin="pulled")
    scene.say(chat, "agent: here")
    (found,) = assert_counted(count())
    assert found.answer is None
    assert found.agent_answer is not None


def test_silence_ends_a_chat_and_a_word_opens_it_again(scene: Scene) -> None:
    chat = scene.chat("human: hello", "bot: hi")
    now = count()
    assert not assert_counted(now)[0].ended
    later = count(now + 25 * HOUR)
    assert assert_counted(later)[0].bot_alone
    scene.say(chat, "human: one more thing", received_at=now + 24 * HOUR)
    assert not assert_counted(count(later))[0].ended


def test_an_end_is_counted_once_by_two_workers(scene: Scene) -> None:
    chat = scene.chat("human: hello", "bot: hi")
    later = count() + 25 * HOUR
    stale = looking.look_at([chat.pk], later)
    counting.count_chats([chat.pk], later)
    with mock.patch.object(counting, "look_at", return_value=stale):
        counting.count_chats([chat.pk], later)
    assert_counted(later)


def test_what_changes_meanwhile_is_not_taken_and_comes_again(scene: Scene) -> None:
    chat = scene.chat("human: hello")
    now = timezone.now()
    read = looking.look_at([chat.pk], now)
    scene.say(chat, "bot: hi")
    with mock.patch.object(counting, "look_at", return_value=read):
        counting.count_chats([chat.pk], now)
    assert not ChatFigures.objects.exists()
    assert_counted(count())


def test_a_count_that_is_cut_off_leaves_nothing(scene: Scene) -> None:
    scene.chat("human: hello")
    with (
        mock.patch("conversations.figures.sums.Sums.write", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        count()
    assert not ChatFigures.objects.exists()
    assert not ChatQuarter.objects.exists()
    assert_counted(count())


def test_a_long_chat_is_read_from_where_it_was(scene: Scene) -> None:
    chat = scene.chat(*["human: hello", "bot: hi"] * 30)
    count()
    scene.say(chat, "agent: here")
    with CaptureQueriesContext(connection) as queries, mock.patch.object(looking, "_told", wraps=looking._told) as told:
        count()
    assert told.call_count == 1
    assert not [query for query in queries if "IN (" in query["sql"] and "conversations_message" in query["sql"]]
    assert_counted(timezone.now())


def test_a_message_in_the_middle_and_a_moved_one(scene: Scene) -> None:
    chat = scene.chat("human: hello", "bot: hi", "human: thanks")
    count()
    first, second, third = Message.objects.order_by("sequence")
    scene.say(chat, "agent: between", sequence=(first.sequence + second.sequence) // 2)  # type: ignore[operator]
    assert_counted(count())
    chat.refresh_from_db()
    Message.objects.filter(pk=first.pk).update(sequence=third.sequence + 5, version=chat.version + 1)  # type: ignore[operator]
    Chat.objects.filter(pk=chat.pk).update(version=chat.version + 1)
    assert_counted(count())


def test_another_language_moves_everything(scene: Scene) -> None:
    chat = scene.chat("human: hello", "agent: hi")
    count()
    Chat.objects.filter(pk=chat.pk).update(lang="th", version=chat.version + 1)
    assert_counted(count())
    assert not Tally.objects.filter(lang="").exists()


def test_deleted_chats_and_channels_take_their_figures_along(scene: Scene) -> None:
    gone = scene.chat("human: hello", "bot: hi")
    scene.chat("human: far", "agent: yes", channel=scene.far)
    scene.chat("human: here")
    count()
    gone.delete()
    assert_counted(count())
    scene.far.delete()
    assert_counted(count())
    assert Tally.objects.filter(teamspace_pk=scene.home.pk).exists()
    assert not Tally.objects.filter(teamspace_pk=scene.away.pk).exists()


def test_two_rows_of_one_chat_become_one(scene: Scene) -> None:
    ours, theirs = scene.chat("human: hello"), scene.chat("bot: hi", "human: ok")
    count()
    chat_identified(Chat.objects.get(pk=ours.pk), {"id": theirs.chat_id})
    assert_counted(count())
    assert Tally.objects.get(width=0, channel_pk=0, lang="*").started == 1


def test_rebuilding(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.chat("human: hello", "bot: hi")
    count()
    Tally.objects.update(started=7)
    ChatFigures.objects.update(bot=9)
    call_command("rebuild_figures")
    assert_counted(timezone.now())
    assert "1 of 1 chats counted (100 %)" in capsys.readouterr().out


class CountedMachine(ChatMachine):
    """The machine of the chats, counted now and then: the sums are always those of a recount."""

    @rule()
    def count_now(self) -> None:
        """A worker counts."""
        self.counted_at = count()

    @rule(words=st.lists(WORDS, min_size=1, max_size=2))
    def an_agent_says(self, words: list[str]) -> None:
        """Somebody at Proto writes; it comes with a pull."""
        self.remote += [("agent", word) for word in words]

    @precondition(lambda self: hasattr(self, "counted_at") and not to_count().exists())
    @invariant()
    def sums_are_right(self) -> None:
        """Whenever nothing is due, the sums are those of the messages."""
        assert_counted(self.counted_at)


EXAMPLES = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def test_any_interleaving_is_counted_rightly() -> None:
    run_state_machine_as_test(CountedMachine, settings=EXAMPLES)
