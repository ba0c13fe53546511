"""The composer: what a person writes as the customer, in one of the four kinds that the API takes (seed 004)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from protoadmin.clients import messaging
from protoadmin.screens.buttons import ButtonForm

KINDS = (
    ("text", "Text"),
    ("button", "Postback button"),
    ("manual_trigger", "Manual trigger"),
    ("media", "Media"),
)
# Which fields a kind has, and what makes the message of them.
FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "button": ("payload",),
    "manual_trigger": ("trigger_name",),
    "media": ("filename", "url"),
}
MAKERS: dict[str, Callable[..., dict[str, Any]]] = {
    "text": messaging.text_message,
    "button": messaging.button_message,
    "manual_trigger": messaging.manual_trigger_message,
    "media": messaging.media_message,
}


class MessageForm(ButtonForm):
    """A message in one of four kinds; `message` is what goes out once the form is valid."""

    kind = forms.ChoiceField(choices=KINDS, initial="text", widget=forms.RadioSelect)
    text = forms.CharField(required=False, max_length=20_000, strip=False, widget=forms.Textarea(attrs={"rows": 2}))
    payload = forms.CharField(required=False, max_length=2_000, label="Payload of the button")
    trigger_name = forms.CharField(required=False, max_length=500, label="API code of the ManualTrigger action")
    filename = forms.CharField(required=False, max_length=300, label="File name")
    url = forms.CharField(required=False, max_length=2_000, label="https URL of the file")
    reply_token = forms.CharField(
        required=False,
        max_length=2_000,
        label="Reply token",
        help_text="Comes back with the bot's answer. Leave it empty unless your own system asks for one.",
    )
    message: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        """Make the message, and say at its field what is missing."""
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind", "")
        names = FIELDS.get(kind, ())
        if not kind or any(name in self.errors for name in names):
            return cleaned
        try:
            self.message = MAKERS[kind](*(cleaned[name] for name in names))
        except ValueError as error:
            empty = [name for name in names if not cleaned[name].strip()]
            self.add_error(empty[0] if empty else names[-1], ValidationError(str(error)))
        return cleaned
