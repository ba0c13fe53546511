"""Acting on many chats, as runs: they are chosen and counted first, and more than 10,000 wait for a person's word."""

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from conversations.chat_services import chat_pull
from conversations.choosing import choose, only_teamspace_of, parameters_of
from conversations.follow_ups import follow_up_assign
from conversations.inbox.filters import Filters
from conversations.inbox.reading import mark_read, mark_unread
from conversations.models import ASSIGN_FOLLOW_UP, Chat
from customers.models import Customer
from customers.run_rights import person_of
from customers.services import customer_add_tags, customer_refresh
from protoadmin.connections.scoping import only_visible
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import calls_dismiss_of_run
from protoadmin.refusals import Refused
from protoadmin.runs.chunks import all_asked, next_ids
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunKind, Slice
from protoadmin.runs.services import ASKED_OVER, run_add_chunk, run_count, run_note_errors, run_start

PER_SLICE = 100
VIEW = "conversations.view_chat"
MANY = "customers.change_many_customers"
PULL = "conversations.pull_messages"

# What is done with one chat: the call that was made, or None when nothing is waited for. It may raise Refused.
Act = Callable[[Run, Chat, User], Call | None]


def _kind(name: str, label: str, act: Act, permission: str) -> RunKind:
    def work(run: Run) -> Slice:
        person = person_of(run, permission, "do this")
        return _choose(run, person) if run.cursor.get("phase", "choose") == "choose" else _act(run, person, act)

    return RunKind(
        name,
        label,
        work,
        stop=_dismiss_unsent,
        permission=permission,
        asks=True,
    )


def _choose(run: Run, person: User) -> Slice:
    """Find the next chats and keep which they are; behind the last, ask first if there are many."""
    found, number = choose(run, person, run.cursor.get("place")), run.cursor.get("number", 0)
    if found.ids:
        run_add_chunk(run=run, position=number, ids=found.ids)
    run.total = (run.total or 0) + len(found.ids)
    if found.next is not None:
        run.cursor = {"phase": "choose", "place": found.next, "number": number + bool(found.ids)}
        return Slice.MORE
    run.cursor = {"phase": "act", "chunk": 0, "offset": 0}
    return Slice.WAITING if run.total > ASKED_OVER else Slice.MORE


def _act(run: Run, person: User, act: Act) -> Slice:
    ids = next_ids(run, size=PER_SLICE)
    if ids is None:
        return all_asked(run)
    rows = Chat.objects.select_related("human__customer__teamspace", "channel", "teamspace").defer("remote_data")
    chats = only_visible(rows, person).in_bulk(ids)
    done, refused = 0, []
    for pk in ids:
        try:
            if pk not in chats:
                raise Refused("It was removed meanwhile, or belongs to a teamspace that you are not a member of.")
            done += act(run, chats[pk], person) is None
        except Refused as error:
            refused.append((str(chats.get(pk, f"Chat {pk}")), str(error)))
    run_count(run_id=run.pk, done=done, failed=len(refused))
    run_note_errors(run_id=run.pk, errors=refused)
    return Slice.MORE


def _dismiss_unsent(run: Run) -> None:
    calls_dismiss_of_run(run=run)


# --- what is done with one ------------------------------------------------------------------------


def _read(run: Run, chat: Chat, person: User) -> None:
    mark_read(chat=chat, user=person, sequence=chat.last_sequence)


def _unread(run: Run, chat: Chat, person: User) -> None:
    mark_unread(chat=chat, user=person)


def _follow_up(run: Run, chat: Chat, person: User) -> None:
    wanted = run.parameters
    assignee = User.objects.filter(pk=wanted["assignee"]).first()
    if assignee is None:
        raise Refused("Whoever was asked is not here any more.")
    due = datetime.date.fromisoformat(wanted["due"]) if wanted["due"] else None
    follow_up_assign(chat=chat, assignee=assignee, due=due, note=wanted["note"], by=person)


def _pull(run: Run, chat: Chat, person: User) -> Call:
    return chat_pull(chat=chat, by=person, run=run)


def _customer_of(chat: Chat) -> Customer:
    if chat.human is None or chat.human.customer is None:
        raise Refused("It is not linked to a person.")
    return chat.human.customer


def _add_tags(run: Run, chat: Chat, person: User) -> Call | None:
    names, create = run.parameters["tags"], bool(run.parameters.get("create"))
    return customer_add_tags(customer=_customer_of(chat), names=names, create=create, by=person, run=run)


def _refresh(run: Run, chat: Chat, person: User) -> Call | None:
    customer = _customer_of(chat)
    # Somebody with several chats is asked about once.
    if Call.objects.for_target(customer).filter(operation="get_customer", run=run).exists():
        return None
    return customer_refresh(customer=customer, by=person, run=run)


KINDS = (
    _kind("chats_mark_read", "Mark read", _read, VIEW),
    _kind("chats_mark_unread", "Mark unread", _unread, VIEW),
    _kind("chats_add_tags", "Add tags to the people of chats", _add_tags, MANY),
    _kind("chats_follow_up", "Ask for follow-ups", _follow_up, ASSIGN_FOLLOW_UP),
    _kind("chats_pull", "Pull messages of chats", _pull, PULL),
    _kind("chats_refresh_people", "Refresh the people of chats", _refresh, MANY),
)
LABELS = {kind.name: kind.label for kind in KINDS}


def chats_act(
    *,
    kind: str,
    by: User,
    filters: Filters,
    selected: list[int] | None,
    words: list[str],
    parameters: dict[str, Any],
    request_key: str = "",
) -> Run:
    """Start one of these on the selected chats, or on all that the filters leave; `words` say which these are."""
    return run_start(
        kind=kind,
        by=by,
        title=LABELS[kind],
        teamspace=only_teamspace_of(by),
        parameters={**parameters_of(filters, selected), **parameters, "words": words, "request_key": request_key},
    )
