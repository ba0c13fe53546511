"""Whom a chat is with: what the pane beside the transcript shows and offers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from conversations.content import as_text
from conversations.inbox.bubbles import data_text
from conversations.inbox.buttons import candidates
from conversations.inbox.following_up import follow_ups_of
from conversations.models import Chat
from customers.linking.cards import people_for
from customers.linking.kinds import HUMAN
from customers.models import MOVING, Customer, Human
from protoadmin.connections.scoping import only_visible, teamspace_ids
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import visible_to
from protoadmin.screens.people import person

TICKETS = 5
CHATS = 6
CALLS = 4
HUMANS = 8
# What is on the record's own page and not needed here.
LEFT_OUT = {"insert"}


def person_name(chat: Chat) -> str:
    """Return whom a chat is with, as the list names them too: by their own page first."""
    human = chat.human
    if human is None:
        return f"Chat {chat.chat_id or chat.pk}"
    return (human.customer.name if human.customer else "") or str(human)


def customer_buttons(request: HttpRequest, chat: Chat) -> list[dict[str, Any]]:
    """Return the buttons of the person's own page."""
    customer = chat.human.customer if chat.human is not None else None
    if customer is None or not request.user.has_perm("customers.view_customer"):
        return []
    pages: Any = admin.site._registry[Customer]
    found = [entry for entry in pages.buttons_for(request, customer) if entry["button"].name not in LEFT_OUT]
    for entry in found:
        if entry["form"] is not None:
            # The chat's own forms are on the same page.
            entry["form"].auto_id = f"id_{entry['button'].name}_%s"
    return found


def pane(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """Return what the pane shows."""
    human = chat.human
    may_see = request.user.has_perm("customers.view_customer")
    customer = human.customer if human is not None and may_see else None
    bot_data = data_text(chat.data) if chat.data else ""
    context: dict[str, Any] = {"bot_data": bot_data, "chat": chat, "human": human, "customer": customer, "live": False}
    context |= follow_ups_of(request, chat)
    if human is not None:
        context |= {"chats": _other_chats(request, chat), "human_tags": _tags(human.tags)}
    if customer is None:
        context["is_linked"] = human is not None and human.customer_id is not None
        offered, not_same, _ = people_for(HUMAN, human) if human is not None and may_see else ([], [], False)
        # Whoever is suggested, or is said to be somebody else, need not be guessed at.
        query = request.GET.get("find", "") or ("" if offered or not_same else _guess(chat))
        context |= {"offered": offered, "not_same": not_same}
        context |= {"find": query, "candidates": list(candidates(chat, query))}
        return context
    calls = Call.objects.filter(lane=f"customers.customer:{customer.pk}").prefetch_related("connection")
    shown = visible_to(calls, person(request), teamspace_ids(request.user)).exclude(state="done")
    tickets = list(customer.tickets.order_by("-id")[: TICKETS + 1])
    return context | {
        "tags": list(customer.tags.all()),
        "values": list(customer.field_values.select_related("field").order_by("field__name")),
        "tickets": tickets[:TICKETS],
        "more_tickets": len(tickets) > TICKETS,
        "calls": list(shown.exclude(state="dismissed").select_related("requested_by").order_by("-id")[:CALLS]),
        "may_settle_all": request.user.has_perm("outbox.settle_all_calls"),
        "may_settle_own": request.user.has_perm("outbox.change_call"),
        "live": customer.sync_state in MOVING or calls.pending().exists(),
    }


def _guess(chat: Chat) -> str:
    """Return what the human may be found by among the people."""
    human = chat.human
    return (human.email or human.phone_number or human.name) if human is not None else ""


def _other_chats(request: HttpRequest, chat: Chat) -> list[Chat]:
    """Return the person's newest other chats; asked human by human, as the index knows them in their order."""
    human = chat.human
    if human is None:
        return []
    humans = Human.objects.filter(customer=human.customer_id).values_list("pk", flat=True) if human.customer_id else ()
    found: list[Chat] = []
    for pk in list(humans[:HUMANS]) or [human.pk]:
        chats = Chat.objects.filter(human=pk).order_by("-last_message_at").select_related("channel")
        found += only_visible(chats, request.user).defer("remote_data", "chat_token", "data")[: CHATS + 1]
    others = [other for other in found if other.pk != chat.pk]
    return sorted(others, key=lambda other: other.last_message_at, reverse=True)[:CHATS]


def _tags(tags: Any) -> list[str]:
    """Return a human's tags in words; another revision of the vendor's page leaves the name out."""
    found = []
    for tag in tags[:50] if isinstance(tags, list) else []:
        if isinstance(tag, dict):
            name, value = as_text(tag.get("name") or tag.get("id")), tag.get("value")
            values = [as_text(each) for each in value] if isinstance(value, list) else [as_text(value)]
            shown = ", ".join(filter(None, values))
            found.append(f"{name}: {shown}" if name and shown else name or shown)
        else:
            found.append(as_text(tag))
    return [tag for tag in found if tag]
