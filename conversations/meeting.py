"""Find or make the chats and the humans that arriving events name."""

from collections.abc import Iterable
from typing import Any

from django.db.models.functions import Length

from conversations.arrivals import Event
from conversations.models import Chat
from customers.linking.kinds import Sort
from customers.linking.looking import look_again, the_only_ones
from customers.models import Human

ChatKey = tuple[int, str]
# What the recording needs of a chat: everything that stands in its row but what is large or encrypted.
HEAVY = ("data", "remote_data", "chat_token")


def chats_of(events: list[Event]) -> dict[ChatKey, Chat]:
    """Return the chats of these events, locked, made where they are new, by (channel, chat id)."""
    firsts: dict[ChatKey, Event] = {}
    for event in events:
        firsts.setdefault((event.channel_pk, event.chat_id), event)
    humans = _humans_of(events)
    chats = _locked(firsts)
    missing = [key for key in firsts if key not in chats]
    if missing:
        Chat.objects.bulk_create([_new_chat(firsts[key], humans) for key in missing], ignore_conflicts=True)
        chats.update(_locked(missing))
    _note_tokens(events, chats)
    for chat in chats.values():
        event = firsts[chat.channel_id, chat.chat_id or ""]
        human = humans.get((event.channel_pk, event.human_id))
        if chat.human_id is None and human is not None:
            chat.human = human
            Chat.objects.filter(pk=chat.pk).update(human=human)
    return chats


def _locked(keys: Iterable[ChatKey]) -> dict[ChatKey, Chat]:
    by_channel: dict[int, list[str]] = {}
    for channel_pk, chat_id in keys:
        by_channel.setdefault(channel_pk, []).append(chat_id)
    found: dict[ChatKey, Chat] = {}
    for channel_pk in sorted(by_channel):
        rows = Chat.objects.select_for_update(of=("self",), no_key=True).defer(*HEAVY).order_by("pk")
        # An encrypted field is no condition for the database: whether there is one is seen by its length.
        rows = rows.annotate(token_length=Length("chat_token"))
        for chat in rows.filter(channel=channel_pk, chat_id__in=by_channel[channel_pk]):
            found[channel_pk, chat.chat_id or ""] = chat
    return found


def _new_chat(event: Event, humans: dict[ChatKey, Human]) -> Chat:
    return Chat(
        channel_id=event.channel_pk,
        teamspace_id=event.teamspace_pk,
        chat_id=event.chat_id,
        human=humans.get((event.channel_pk, event.human_id)),
        chat_token=event.chat_token,
        created_at=event.received_at,
        last_message_at=event.received_at,
    )


def _note_tokens(events: list[Event], chats: dict[ChatKey, Chat]) -> None:
    """Keep a chat token that came later than the chat itself."""
    for event in events:
        chat: Any = chats[event.channel_pk, event.chat_id]
        if event.chat_token and not chat.token_length:
            Chat.objects.filter(pk=chat.pk).update(chat_token=event.chat_token)
            chat.token_length = len(event.chat_token)


def _humans_of(events: list[Event]) -> dict[ChatKey, Human]:
    """Return the humans that are named, made where they are new; a name that has changed is taken over."""
    named: dict[ChatKey, Event] = {}
    for event in events:
        if event.human_id:
            key = (event.channel_pk, event.human_id)
            if event.human_name or key not in named:
                named[key] = event
    found = _known_humans(named)
    missing = [named[key] for key in named if key not in found]
    if missing:
        customers = _customers_by_gateway_id(missing)
        several = [key for key, customer in customers.items() if customer is None]
        Human.objects.bulk_create(
            [
                Human(
                    channel_id=event.channel_pk,
                    human_id=event.human_id,
                    name=event.human_name,
                    customer_id=customers.get((event.teamspace_pk, event.human_id)),
                )
                for event in missing
            ],
            ignore_conflicts=True,
        )
        for teamspace_pk, human_id in several:
            # Two people have this id: nobody is linked, and both have a suggestion.
            look_again(teamspace_pk, {Sort.PROFILE: [human_id]})
        found = _known_humans(named)
    for key, human in found.items():
        name = named[key].human_name
        if name and name != human.name:
            human.name = name
            Human.objects.filter(pk=human.pk).update(name=name)
    return found


def _known_humans(keys: Iterable[ChatKey]) -> dict[ChatKey, Human]:
    by_channel: dict[int, list[str]] = {}
    for channel_pk, human_id in keys:
        by_channel.setdefault(channel_pk, []).append(human_id)
    found: dict[ChatKey, Human] = {}
    for channel_pk, ids in by_channel.items():
        for human in Human.objects.filter(channel=channel_pk, human_id__in=ids).only(
            "pk", "channel", "human_id", "name"
        ):
            found[channel_pk, human.human_id or ""] = human
    return found


def _customers_by_gateway_id(events: list[Event]) -> dict[ChatKey, int | None]:
    """Return the person whom Proto itself has told us to be each human, by (teamspace, human id); None for several."""
    ids: dict[int, set[str]] = {}
    for event in events:
        ids.setdefault(event.teamspace_pk, set()).add(event.human_id)
    return {
        (teamspace_pk, human_id): person
        for teamspace_pk, wanted in ids.items()
        for human_id, person in the_only_ones(teamspace_pk, wanted).items()
    }
