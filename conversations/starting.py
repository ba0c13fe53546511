"""Start chat, on a person's page: its form, and the panel with the person's chats on each channel."""

import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from conversations.models import Chat
from conversations.services import chat_start, chats_pull
from customers.models import MOVING, Customer
from protoadmin.clients.messaging import LANGUAGES, text_message
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import Call
from protoadmin.refusals import Refused
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm, contribute_button
from protoadmin.screens.panels import Panel, contribute_panel
from protoadmin.screens.people import person

SHOWN = 10
ROWS = 2


class KeyValueRows(forms.Widget):
    """Rows of two inputs each; what was typed stays, and app.js adds rows."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        """Return the rows as they were typed."""
        get = data.getlist if hasattr(data, "getlist") else lambda key: data.get(key, [])
        return list(zip(get(f"{name}_key"), get(f"{name}_value"), strict=False))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell whether the form was sent without any row."""
        return f"{name}_key" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the rows, empty ones at the end, and the button for one more."""
        typed = [row for row in value or [] if any(row)]
        rows = [*typed, *[("", "")] * max(1, ROWS - len(typed))]
        marker = secrets.token_hex(4)
        cells = format_html_join(
            "",
            '<div class="pa-pair"><input name="{0}_key" value="{1}" maxlength="100" placeholder="Name" '
            'aria-label="Name"><input name="{0}_value" value="{2}" maxlength="2000" placeholder="Value" '
            'aria-label="Value"></div>',
            ((name, key, content) for key, content in rows),
        )
        return format_html(
            '<div class="pa-pairs" id="pairs-{0}">{1}</div>'
            '<button type="button" class="pa-button" data-add-pair="pairs-{0}">Add a row</button>',
            marker,
            cells,
        )


class KeyValueField(forms.Field):
    """Names with values; each name once."""

    widget = KeyValueRows

    def clean(self, value: Any) -> dict[str, str]:
        """Return the rows as an object; raises ValidationError for a value without a name, or a name given twice."""
        found: dict[str, str] = {}
        for key, content in value or []:
            name = key.strip()
            if not name and not content.strip():
                continue
            if not name:
                raise ValidationError("A value needs a name in front of it.")
            if name in found:
                raise ValidationError(f"The name {name} is given twice.")
            found[name] = content
        return found


def channels_for(customer: Customer) -> "models.QuerySet[Channel]":
    """Return the channels on which a person can be written to."""
    return Channel.objects.filter(teamspace=customer.teamspace_id, is_active=True).order_by("name")


class StartChatForm(ButtonForm):
    """On which channel, in which language, with what the bot is told, and perhaps a first message."""

    channel: Any = forms.ModelChoiceField(Channel.objects.none(), empty_label=None)
    lang = forms.ChoiceField(label="Language", required=False)
    bot_data = KeyValueField(label="Bot data", required=False, help_text="What the bot knows from the start.")
    message = forms.CharField(
        label="First message",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Sent as the customer: the API speaks for them, not for you.",
    )
    chat_token = forms.CharField(
        label="Chat token", required=False, max_length=500, help_text="If given, it comes back in the webhooks."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels = channels_for(self.record)
        self.fields["channel"].queryset = channels  # type: ignore[attr-defined]
        self.fields["lang"].choices = [("", "The channel's own"), *LANGUAGES.items()]  # type: ignore[attr-defined]
        self.fields["message"].label = f"First message, as {self.record}"

    def clean_message(self) -> Mapping[str, Any] | None:
        """Return the first message as the API takes it, or None."""
        text: str = self.cleaned_data["message"]
        return text_message(text) if text.strip() else None


def _start(request: HttpRequest, customer: Customer, form: StartChatForm) -> HttpResponse:
    given = form.cleaned_data
    chat = chat_start(
        customer=customer,
        channel=given["channel"],
        lang=given["lang"] or given["channel"].default_language,
        data=given["bot_data"],
        message=given["message"],
        chat_token=given["chat_token"],
        by=person(request),
        request_key=given["request_key"],
    )
    return redirect(reverse("admin:conversations_chat_change", args=[chat.pk]))


def _pull(request: HttpRequest, customer: Customer, form: Any) -> str:
    humans = list(customer.humans.exclude(human_id=None).select_related("channel"))
    if not humans:
        raise Refused(f"No channel knows {customer} yet: Start chat makes them known to one.")
    for human in humans:
        chats_pull(human=human, by=person(request))
    return "The chats are being read from Proto."


def _chats(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    if not request.user.has_perm("conversations.view_chat"):
        return {"chats": [], "humans": [], "hidden": True}
    chats = Chat.objects.filter(human__customer=customer).select_related("channel", "human")
    newest = list(chats.order_by("-last_message_at", "-pk")[: SHOWN + 1])
    humans = list(customer.humans.select_related("channel").order_by("channel__name", "pk")[:SHOWN])
    pending = Call.objects.filter(operation__in=("list_chats", "get_human"), target_id__in=[h.pk for h in humans])
    states = [chat.sync_state for chat in newest] + [human.sync_state for human in humans]
    return {
        "chats": newest[:SHOWN],
        "more": len(newest) > SHOWN,
        "humans": humans,
        "live": any(state in MOVING for state in states) or pending.pending().exists(),
    }


def _has_channel(request: HttpRequest, customer: Customer) -> bool:
    return channels_for(customer).exists()


def _has_human(request: HttpRequest, customer: Customer) -> bool:
    return bool(customer.humans.exclude(human_id=None).exists())


contribute_button(
    "customers.Customer",
    Button(
        "start-chat",
        "Start chat",
        _start,
        may("conversations.start_chat"),
        form=StartChatForm,
        shown=_has_channel,
        icon="chat",
        order=40,
    ),
)
contribute_button(
    "customers.Customer",
    Button(
        "pull-chats",
        "Pull chats",
        _pull,
        may("conversations.pull_messages"),
        shown=_has_human,
        icon="cloud_download",
        order=55,
    ),
)
contribute_panel("customers.Customer", Panel("chats", "admin/panels/customer_chats.html", _chats))
