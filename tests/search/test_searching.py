"""Search beside a plain fold-and-substring check: whatever is asked, the same messages are found."""

import datetime
import random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conversations.choosing import choose
from conversations.exporting.services import chats_export
from conversations.inbox.filters import Filters
from conversations.models import Chat, Message
from conversations.search import rebuilding, results
from conversations.search.query import parse
from conversations.search.results import found_page, matching_chats, matching_counted, matching_messages
from conversations.search.text import searchable
from tests.inbox.scene import Scene

SAID = (
    "Guten Tag, wo ist meine Bestellung?", "¿Dónde está mi pedido, José?",
    "我想退款，谢谢", "退款需要三到五天", "好",
    "สินค้าของฉันอยู่ที่ไหน", "ສິນຄ້າຂອງຂ້ອຍ",
    "注文した商品がまだ届きません", "환불하고 싶어요", "Мой заказ не пришёл",
    "Η παραγγελία μου", "أين طلبي؟ شُكْرًا",
    "איפה ההזמנה שלי", "मेरा ऑर्डर कहाँ है", "Call +43 660 123-4567 please",
    "0660/1234567", "mail: Ann.Lee@Example.com", "order ORD-2026-00017",
    "ÇA ne marche PAS", "👍👍 great",
    "ﬁne ｆｕｌｌｗｉｄｔｈ",
    "رقم ٠١٢٣٤٥٦٧", "a", "ok",
    '"quoted" text -minus', "under_score 100%", "'; DROP TABLE x; --",
    "Straße nach İstanbul",
)  # fmt: skip
ASKED = (
    "jose", "José", "退款", "款", "好", "สินค้า", "ค้า",
    "ສິນ", "届きません", "환불", "불하", "заказ", "ЗАКАЗ", "παραγγελια",
    "شكرا",
    "ההזמנה", "ऑर्डर", "06601234567", "+43 660 1234567",
    "0660 123 4567", "1234567", "ann.lee@example.com", "example",
    "ORD-2026", "00017", "ca ne", '"ne marche"', "-bestellung meine", "meine -zzz",
    "👍", "fine fullwidth", "012345",
    "a", "o",
    "ok", "%", "_", "'", '"quoted', "strasse",
    "istanbul", "xyzzy", "from:agent", "from:human a", "-a", "ellung wo",
    "in:web", "in:far", "in:nowhere ok",
    "after:2026-01-02", "before:2026-01-03 -ok",
    "after:2026-01-02 before:2026-01-04 a",
)  # fmt: skip
DAYS = [datetime.datetime(2026, 1, day, 12, tzinfo=datetime.UTC) for day in (1, 2, 3, 4)]


def naive(rows: list[Message], text: str) -> list[int]:
    """Return what is found by looking at every message."""
    query = parse(text)
    if query.is_empty or (query.problems and not (query.terms or query.excluded)):
        return []
    found = []
    for row in rows:
        said = searchable(row.text)
        ways = [
            (not term.only_number and all(needle in said for needle in term.needles))
            or (bool(term.number) and term.number in said)
            for term in query.terms
        ]
        names = [name for name in query.channels if name in {"web", "far"}]
        wanted = [
            *ways,
            not any(word in said for word in query.excluded),
            not query.authors or row.author_type in query.authors,
            not names or row.chat.channel.name in names,
            query.since is None or row.received_at.date() >= query.since,
            query.until is None or row.received_at.date() < query.until,
            row.repeat_of_id is None,
        ]
        found += [row.pk] if all(wanted) else []
    return sorted(found, reverse=True)


def messages(scene: Scene, texts: list[str], seed: int = 0) -> list[Message]:
    """Write these into a few chats of two teamspaces, by three kinds of authors, on four days."""
    chance = random.Random(seed)
    chats = [scene.chat(channel=channel) for channel in (scene.web, scene.web, scene.far)]
    for text in texts:
        author, at = chance.choice(["human", "bot", "agent"]), chance.choice(DAYS)
        Message.objects.create(chat=chance.choice(chats), text=text, author_type=author, received_at=at)
    return list(Message.objects.select_related("chat__channel"))


def found(user: Any, text: str) -> list[int]:
    return [pk for pk, _ in matching_messages(user, Filters(q=text))]


@pytest.mark.django_db
def test_known_words_in_many_scripts(scene: Scene) -> None:
    rows = messages(scene, list(SAID) * 3)
    own = [row for row in rows if row.chat.teamspace_id == scene.home.pk]
    for text in ASKED:
        assert found(scene.root, text) == naive(rows, text), text
        if "in:" not in text:
            assert found(scene.sam, text) == naive(own, text), text
    assert found(scene.root, "退款") != []
    assert found(scene.root, "06601234567") == found(scene.root, "+43 660 1234567") != []


ALPHABET = st.one_of(
    st.sampled_from("ab é退款好สี้ค한국あが👍 01-+\"_%'"), st.characters(exclude_categories=["Cs", "Cc"])
)


class Randomly(TestCase):
    """Random messages, random questions."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=12),
        st.lists(st.text(ALPHABET, max_size=5), min_size=1, max_size=4),
    )
    @example(["ab退款", "退 款", "é"], ["退款", "e", "b退"])
    def test_random_messages_and_questions(self, texts: list[str], asked: list[str]) -> None:
        texts = [text.replace("\0", "") for text in texts]
        scene = Scene()
        rows = messages(scene, texts)
        questions = [*asked, *(text[1:4] for text in texts), *(text[:2] for text in texts)]
        for text in questions:
            assert found(scene.root, text) == naive(rows, text), (text, texts)


@pytest.mark.django_db
def test_it_follows_every_change(scene: Scene) -> None:
    chat = scene.chat("human: first apple")
    message = Message.objects.get()
    assert found(scene.sam, "apple") == [message.pk]
    message.text = "now a pear"
    message.save()
    assert found(scene.sam, "apple") == []
    message.text = "or a cherry"
    message.save(update_fields=["text"])
    assert found(scene.sam, "pear") == []
    assert found(scene.sam, "cherry") == [message.pk]
    Message.objects.bulk_create([Message(chat=chat, text="in bulk", author_type="bot")])
    assert len(found(scene.sam, "bulk from:bot")) == 1
    repeat = Message.objects.create(chat=chat, text="or a cherry", author_type="human", repeat_of=message)
    assert found(scene.sam, "cherry") == [message.pk], "a repeat is no line of its own"
    repeat.delete()
    Chat.objects.all().delete()
    assert found(scene.sam, "cherry") == []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM conversations_message_index WHERE conversations_message_index MATCH '\"che\"'"
            )
            assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_a_change_that_is_undone_leaves_nothing(scene: Scene) -> None:
    from django.db import transaction  # noqa: PLC0415 - only here

    with transaction.atomic():
        scene.chat("human: ephemeral")
        assert len(found(scene.sam, "ephemeral")) == 1
        transaction.set_rollback(True)
    assert found(scene.root, "ephemeral") == []


@pytest.mark.django_db
def test_rows_without_an_index_are_indexed_later(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.chat("human: hidden treasure", "bot: other things")
    Message.objects.update(search_text=None, search_tokens=None)
    assert found(scene.sam, "treasure") == []
    assert not rebuilding.is_complete()
    assert rebuilding.index_some() == 2
    assert rebuilding.is_complete()
    assert rebuilding.index_some() == 0
    assert len(found(scene.sam, "treasure")) == 1
    Message.objects.update(search_text="wrong", search_tokens=None)
    call_command("rebuild_search")
    assert "messages: 100 %" in capsys.readouterr().out
    assert len(found(scene.sam, "treasure")) == 1
    assert found(scene.sam, "wrong") == []


# --- pages ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_pages_show_every_conversation_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "PAGE", 3)
    chats = [scene.chat(f"human: needle {number}", "bot: nothing here") for number in range(8)]
    for chat in (*chats[:4], chats[0], chats[7]):
        scene.say(chat, "agent: one more needle")
    wanted = list(matching_chats(scene.sam, Filters(q="needle")))
    assert sorted(wanted) == sorted(chat.pk for chat in chats)
    assert wanted[:2] == [chats[7].pk, chats[0].pk]
    seen: list[int] = []
    after = ""
    while True:
        page = found_page(scene.sam, Filters(q="needle"), after)
        assert len(page.found) <= 3
        seen += [each.row.pk for each in page.found]
        if page.next is None:
            break
        after = str(page.next)
    assert seen == wanted


@pytest.mark.django_db
def test_lines_are_marked_and_escaped(scene: Scene) -> None:
    chat = scene.chat(
        "human: <b>Señor</b> JOSÉ says <script>", "bot: jose", "bot: other", "human: jose jose", "agent: José"
    )
    (only,) = found_page(scene.sam, Filters(q="josé")).found
    assert only.row.pk == chat.pk
    assert [str(hit.html) for hit in only.hits] == [
        "<mark>José</mark>",
        "<mark>jose</mark> <mark>jose</mark>",
        "<mark>jose</mark>",
    ]
    assert only.more == 1
    (only,) = found_page(scene.sam, Filters(q="senor")).found
    assert str(only.hits[0].html) == "&lt;b&gt;<mark>Señor</mark>&lt;/b&gt; JOSÉ says &lt;script&gt;"


@pytest.mark.django_db
def test_every_filter_of_the_inbox_combines(scene: Scene) -> None:
    jane = scene.customer("Jane")
    one = scene.chat("human: needle", human=scene.human(customer=jane), lang="en")
    two = scene.chat("human: needle", "agent: yes", lang="de", active=False)
    far = scene.chat("human: needle", channel=scene.far)
    second = scene.channel("second", scene.home)
    three = scene.chat("bot: needle", channel=second)

    def shown(**filters: str) -> set[int]:
        return {each.row.pk for each in found_page(scene.root, Filters(q="needle", **filters)).found}

    assert shown() == {one.pk, two.pk, three.pk, far.pk}
    assert shown(lang="en") == {one.pk}
    assert shown(active="0") == {two.pk}
    assert shown(waiting="1") == {one.pk, far.pk}
    assert shown(agent="1") == {two.pk}
    assert shown(author="bot") == {three.pk}
    assert shown(person=str(jane.pk)) == {one.pk}
    assert shown(channel=str(second.pk)) == {three.pk}
    assert shown(teamspace=str(scene.away.pk)) == {far.pk}
    assert shown(since="2000-01-01", until="2001-01-01") == set()
    assert {each.row.pk for each in found_page(scene.sam, Filters(q="needle")).found} == {one.pk, two.pk, three.pk}
    assert found_page(scene.sam, Filters(q="needle", teamspace=str(scene.away.pk))).found == []
    assert found_page(scene.sam, Filters(q="needle", channel=str(scene.far.pk))).found == []
    assert found_page(scene.sam, Filters(q="in:far needle")).problems == ["“in:far”: no channel is called that."]


@pytest.mark.django_db
def test_the_most_relevant_come_first(scene: Scene) -> None:
    whole = scene.chat("human: my order")
    part = scene.chat("human: please reorder everything that I have ever bought in this shop, and more")
    newest = scene.chat("human: ordered")
    ranked = [each.row.pk for each in found_page(scene.sam, Filters(q="order", order="relevance")).found]
    assert ranked == [whole.pk, newest.pk, part.pk]
    assert [each.row.pk for each in found_page(scene.sam, Filters(q="order")).found] == [newest.pk, part.pk, whole.pk]


@pytest.mark.django_db
def test_all_that_match_are_exported_once_each(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.search.walking.AT_ONCE", 2)
    chats = [scene.chat("human: needle", "bot: x", lang="en" if number % 2 else "de") for number in range(7)]
    for chat in chats[:5]:
        scene.say(chat, "agent: needle again")
    run = chats_export(
        what="conversations", format="csv", by=scene.mia, filters=Filters(q="needle", lang="en"), words=[]
    )
    late = scene.chat("human: needle, too late", lang="en")
    scene.say(chats[1], "human: needle, too late as well")
    wanted = [chat.pk for number, chat in enumerate(chats) if number % 2]
    met: list[int] = []
    place: Any = None
    while True:
        step = choose(run, scene.mia, place)
        met += step.ids
        place = step.next
        if place is None:
            break
    assert sorted(met) == wanted
    assert late.pk not in met
    assert matching_counted(scene.mia, Filters(q="needle"), 5) == "more than 5"
    assert matching_counted(scene.mia, Filters(q="needle again"), 5) == "5"
