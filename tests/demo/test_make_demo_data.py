"""`manage.py make_demo_data`: as much as was asked for, the same for the same seed, and true in itself."""

import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from conversations.figures.reading import to_count
from conversations.models import Chat, ChatFigures, Message, Ticket
from conversations.summing import sum_up
from customers.models import Customer, SearchTerm
from customers.search import search_people
from protoadmin.connections.models import Channel, Teamspace

pytestmark = pytest.mark.django_db
UNTIL = datetime.date(2026, 11, 1)
SUMMED = ("message_count", "has_agent", "last_sequence", "last_text", "last_author_type", "last_author_name")


def make(messages: int = 600, **options: object) -> str:
    out = StringIO()
    call_command("make_demo_data", messages=messages, until=UNTIL, days=30, stdout=out, **options)
    return out.getvalue()


def everything() -> list[tuple[object, ...]]:
    rows = Message.objects.order_by("chat__chat_id", "sequence")
    return list(rows.values_list("chat__chat_id", "chat__human__name", "author_type", "text", "received_at"))


def test_as_many_messages_as_asked_for() -> None:
    said = make(601)
    assert Message.objects.count() == 601
    assert "601 messages in" in said
    assert ChatFigures.objects.count() == Chat.objects.count()
    assert not to_count().exists()
    assert Ticket.objects.exists()
    first, last = UNTIL - datetime.timedelta(days=30), UNTIL
    days = {at.date() for at in Chat.objects.values_list("created_at", flat=True)}
    assert min(days) >= first
    assert max(days) < last
    assert len(days) > 25
    assert Chat.objects.values("lang").distinct().count() > 10


def test_the_same_seed_makes_the_same_data() -> None:
    make()
    before = everything()
    Message.objects.all().delete()
    Chat.objects.all().delete()
    Customer.objects.all().delete()
    Channel.objects.all().delete()
    make()
    assert everything() == before
    Message.objects.all().delete()
    Chat.objects.all().delete()
    Customer.objects.all().delete()
    make(seed=2)
    assert everything() != before


def test_run_again_it_adds() -> None:
    make(200)
    make(300)
    assert Message.objects.count() == 500
    assert Teamspace.objects.count() == 2


def test_nothing_leaves_the_house() -> None:
    make(100)
    assert not Teamspace.objects.filter(is_active=True).exists()
    assert not Channel.objects.filter(is_active=True).exists()


def test_the_rows_are_true_in_themselves() -> None:
    make()
    for chat in Chat.objects.all():
        shown = {name: getattr(chat, name) for name in SUMMED}
        sum_up(chat)
        assert {name: getattr(chat, name) for name in SUMMED} == shown
    person = Customer.objects.annotate(chats=Count("humans__chats")).filter(chats__gt=1)[0]
    assert person in search_people(Customer.objects.all(), person.email)
    assert SearchTerm.objects.filter(customer=person).exists()
    assert person.humans.get().human_id == person.gateway_profile_id


@pytest.mark.parametrize("options", [{"messages": 0}, {"messages": 10, "days": 0}])
def test_what_cannot_be_made_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(CommandError):
        call_command("make_demo_data", **options)
