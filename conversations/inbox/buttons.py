"""The buttons of a chat and of the inbox: POST forms by the mechanism that every screen has."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from conversations import services
from conversations.inbox import reading
from conversations.inbox.composing import MessageForm
from conversations.inbox.filters import Filters
from conversations.inbox.following_up import FOLLOW_UP_BUTTONS
from conversations.inbox.many import MANY_BUTTONS
from conversations.inbox.taking_along import TRANSCRIPT_BUTTON
from conversations.models import Chat
from customers.linking import buttons as linking
from customers.linking.buttons import PersonForm
from customers.models import Customer, Human
from customers.search import search_people
from protoadmin.ids import as_id
from protoadmin.refusals import Refused
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm
from protoadmin.screens.people import person

FOUND = 12


def wants_json(request: HttpRequest) -> bool:
    """Tell whether the page asks by itself and stays where it is."""
    return request.headers.get("X-Inbox") == "1"


def _answer(request: HttpRequest, said: str = "", **more: Any) -> HttpResponse | str:
    return JsonResponse({"said": said, **more}) if wants_json(request) else said


def _send(request: HttpRequest, chat: Chat, form: MessageForm) -> HttpResponse | str:
    message = services.message_send(
        chat=chat,
        message=form.message,
        by=person(request),
        reply_token=form.cleaned_data["reply_token"],
        request_key=form.cleaned_data["request_key"],
    )
    # Who writes has read what stands above; a repeated click finds the same message.
    reading.mark_read(chat=Chat.objects.get(pk=chat.pk), user=person(request), sequence=message.sequence or 0)
    fresh = MessageForm(record=chat, user=request.user)
    return _answer(request, message=message.pk, request_key=fresh.initial["request_key"])


def _pull(request: HttpRequest, chat: Chat, form: Any) -> HttpResponse | str:
    services.chat_pull(chat=chat, by=person(request))
    return _answer(request, "The messages of this chat are being read from Proto.")


def _customer_of(chat: Chat) -> Customer | None:
    return chat.human.customer if chat.human is not None else None


def _open_customer(request: HttpRequest, chat: Chat, form: Any) -> HttpResponse:
    customer = _customer_of(chat)
    if customer is None:
        raise Refused("This chat is not linked to a person yet. Link it first, beside the transcript.")
    return redirect(reverse("admin:customers_customer_change", args=[customer.pk]))


def _read(request: HttpRequest, chat: Chat, form: Any) -> HttpResponse | str:
    sequence = as_id(request.POST.get("sequence"))
    reading.mark_read(chat=chat, user=person(request), sequence=chat.last_sequence if sequence is None else sequence)
    return _answer(request)


def _unread(request: HttpRequest, chat: Chat, form: Any) -> HttpResponse:
    reading.mark_unread(chat=chat, user=person(request))
    said = _answer(request)
    return said if isinstance(said, HttpResponse) else redirect(reverse("admin:conversations_chat_changelist"))


class ChatPersonForm(PersonForm):
    """Which person of the chat's teamspace."""

    @property
    def teamspace_id(self) -> int:
        """The teamspace of the chat's channel."""
        return int(self.record.channel.teamspace_id)


def candidates(chat: Chat, query: str) -> QuerySet[Customer]:
    """Return people of the chat's teamspace who could be its human."""
    people = Customer.objects.filter(teamspace=chat.channel.teamspace_id).defer("remote_data")
    return search_people(people, query).order_by("-pk")[:FOUND] if query.strip() else people.none()


def _human_of(chat: Chat) -> Human:
    if chat.human is None:
        raise Refused("This chat has nobody yet whom Proto named.")
    return chat.human


def _of_human(act: Callable[[HttpRequest, Customer, Human], str]) -> Any:
    def perform(request: HttpRequest, chat: Chat, form: ChatPersonForm) -> HttpResponse | str:
        return _answer(request, act(request, form.cleaned_data["customer"], _human_of(chat)))

    return perform


def _unlink(request: HttpRequest, chat: Chat, form: Any) -> HttpResponse | str:
    return _answer(request, linking.unlink(request, _customer_of(chat), _human_of(chat)))


class ViewForm(ButtonForm):
    """Present filters, under a name."""

    name = forms.CharField(max_length=60)
    shared = forms.BooleanField(required=False, label="For everybody")
    query = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.user.has_perm("conversations.share_view"):
            del self.fields["shared"]


class ForgetForm(ButtonForm):
    """Which view goes."""

    view = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)


def _inbox(query: str = "") -> HttpResponse:
    url = reverse("admin:conversations_chat_changelist")
    return redirect(f"{url}?{query}" if query else url)


def _save_view(request: HttpRequest, record: None, form: ViewForm) -> HttpResponse:
    query = Filters.parse(form.cleaned_data["query"]).query()
    shared = form.cleaned_data.get("shared", False)
    reading.view_save(owner=person(request), name=form.cleaned_data["name"], query=query, shared=shared)
    return _inbox(query)


def _delete_view(request: HttpRequest, record: None, form: ForgetForm) -> HttpResponse:
    view = reading.views_of(person(request)).filter(pk=form.cleaned_data["view"]).first()
    if view is None:
        raise Refused("There is no such view any more.")
    reading.view_delete(view=view, by=person(request))
    return _inbox(view.query)


VIEW = may("conversations.view_chat")
CHANGE = may("customers.change_customer")

BUTTONS = (
    Button(
        "send-message",
        "Send message",
        _send,
        may("conversations.send_message"),
        form=MessageForm,
        icon="send",
        order=10,
        style="pa-primary",
        help="The API sends as the customer.",
    ),
    Button("pull-messages", "Pull messages", _pull, may("conversations.pull_messages"), icon="sync", order=20),
    Button(
        "open-customer",
        "Open customer",
        _open_customer,
        VIEW,
        shown=lambda request, chat: _customer_of(chat) is not None,
        icon="person",
        order=30,
    ),
    Button("read", "Mark as read", _read, VIEW, order=40),
    Button("unread", "Mark as unread", _unread, VIEW, icon="mark_chat_unread", order=41),
    Button("link-person", "Link to this person", _of_human(linking.link), CHANGE, form=ChatPersonForm, order=50),
    Button(
        "not-same-person", "Not the same person", _of_human(linking.not_same), CHANGE, form=ChatPersonForm, order=52
    ),
    Button("may-be-same-person", "Take back", _of_human(linking.may_be_same), CHANGE, form=ChatPersonForm, order=53),
    Button(
        "unlink-person",
        "Unlink",
        _unlink,
        CHANGE,
        shown=lambda request, chat: _customer_of(chat) is not None,
        icon="link_off",
        order=51,
    ),
    TRANSCRIPT_BUTTON,
    *FOLLOW_UP_BUTTONS,
)
LIST_BUTTONS = (
    *MANY_BUTTONS,
    Button("save-view", "Save view", _save_view, VIEW, form=ViewForm, icon="bookmark_add"),
    Button("delete-view", "Delete view", _delete_view, VIEW, form=ForgetForm, icon="delete"),
)
