"""Write made-up conversations, day after day, as fast as the database takes them; memory stays flat."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from conversations.arrivals import Event, Said
from conversations.models import Chat, Ticket
from conversations.models.chats import STEP, note
from conversations.writing import Fresh, insert, prepare
from customers.models import Human
from protoadmin.dashboard.demo_data.connecting import connect
from protoadmin.dashboard.demo_data.people import Person, make_people
from protoadmin.dashboard.demo_data.talks import MESSAGES_PER_CHAT, Line, Talk, talks_of

CHATS_PER_PERSON = 8
LEAST_PEOPLE = 50
TICKETS = 0.05
PICTURE = "https://files.example.com/photo.jpg"


@dataclass(frozen=True)
class Wish:
    """What is to be made: the same wish makes the same data."""

    messages: int
    days: int
    until: datetime.date
    seed: int


@dataclass
class Made:
    """What has been written so far."""

    people: int = 0
    chats: int = 0
    messages: int = 0
    tickets: int = 0


def fill(wish: Wish, say: Callable[[Made], None]) -> Made:
    """Write the conversations, oldest day first, one transaction a day; `say` is called after each day."""
    rng = Random(wish.seed)  # noqa: S311 - the same data every time
    made = Made()
    first_day = wish.until - datetime.timedelta(days=wish.days)
    before = datetime.datetime.combine(first_day, datetime.time.min, datetime.UTC)
    wanted = max(1, round(wish.messages / MESSAGES_PER_CHAT))
    with transaction.atomic():
        channels = connect()
        taken = _taken(Chat.objects.filter(channel__in=channels), "chat_id")
        named = _taken(Human.objects.filter(channel__in=channels), "human_id")
        people = make_people(max(LEAST_PEOPLE, wanted // CHATS_PER_PERSON), named, channels, before, rng)
        made.people = len(people)
    known = [(person.name, person.lang) for person in people]
    while made.messages < wish.messages:
        # As many chats as were guessed bring a little less or more: what is missing is spread over all days again.
        missing = max(1, round((wish.messages - made.messages) / MESSAGES_PER_CHAT))
        for number, day in enumerate(_days(first_day, wish.days)):
            chats = missing * (number + 1) // wish.days - missing * number // wish.days
            left = wish.messages - made.messages
            if chats and left > 0:
                _write_day(list(_up_to(left, talks_of(day, chats, known, rng))), people, taken, made, rng)
                say(made)
    return made


def _taken(rows: QuerySet[Any], name: str) -> int:
    """Return how many numbers of earlier runs are taken: they end the ids, all of one length."""
    last: str | None = rows.aggregate(last=Max(name))["last"]
    return int(last.rpartition("-")[2]) + 1 if last else 0


def _days(first: datetime.date, days: int) -> Iterator[datetime.date]:
    return (first + datetime.timedelta(days=number) for number in range(days))


def _up_to(messages: int, talks: Iterator[Talk]) -> Iterator[Talk]:
    """Yield talks until there are so many messages; the last one is cut short."""
    for talk in talks:
        talk.lines = talk.lines[:messages]
        messages -= len(talk.lines)
        yield talk
        if messages <= 0:
            return


@transaction.atomic
def _write_day(talks: list[Talk], people: list[Person], taken: int, made: Made, rng: Random) -> None:
    """Write a day's chats and their messages, all in the order of time."""
    chats = [_chat(talk, people[talk.person], number) for number, talk in enumerate(talks, start=taken + made.chats)]
    events = [[_event(line, position) for position, line in enumerate(talk.lines)] for talk in talks]
    prepare(event for of_talk in events for event in of_talk)
    for chat, of_talk in zip(chats, events, strict=True):
        for place, event in enumerate(of_talk, start=1):
            said = event.said[0]
            note(chat, place * STEP, said.author_type, said.author_name, said.text, event.received_at)
    Chat.objects.bulk_create(chats, batch_size=1000)
    fresh = [
        Fresh(chat, event, event.said[0], place * STEP)
        for chat, of_talk in zip(chats, events, strict=True)
        for place, event in enumerate(of_talk, start=1)
    ]
    fresh.sort(key=lambda message: message.event.received_at)
    insert(fresh)
    tickets = [
        _ticket(chat, talk, people[talk.person])
        for chat, talk in zip(chats, talks, strict=True)
        if rng.random() < TICKETS
    ]
    Ticket.objects.bulk_create(tickets)
    made.chats += len(chats)
    made.messages += len(fresh)
    made.tickets += len(tickets)


def _chat(talk: Talk, person: Person, number: int) -> Chat:
    start = talk.lines[0].at
    return Chat(
        channel=person.channel,
        teamspace_id=person.channel.teamspace_id,
        chat_id=f"demo-chat-{number:07d}",
        human_id=person.human_id,
        active=not talk.ended,
        lang=talk.lang,
        created_at=start,
        last_message_at=start,
        version=1,
    )


def _event(line: Line, position: int) -> Event:
    """Return a line as if it had been delivered by itself; there is no delivery."""
    kind, data = "text", {"text": line.text}
    if line.is_picture:
        kind, data = "image", {"url": PICTURE}
    said = Said(position, line.author, f"demo-{line.author}", line.name, kind, data)
    return Event(index=0, chat_id="", said=[said], received_at=line.at)


def _ticket(chat: Chat, talk: Talk, person: Person) -> Ticket:
    return Ticket(
        teamspace_id=chat.teamspace_id,
        customer_id=person.customer_id,
        subject=talk.lines[0].text[:200],
        remote_id=f"demo-ticket-{chat.chat_id}",
        sync_state="done",
        created_at=talk.lines[-1].at,
    )
