"""A chat's transcript as a download, and as the pages for paper and for copying."""

from django import forms
from django.http import HttpRequest, StreamingHttpResponse

from conversations.exporting.transcript import KINDS, file_name, pieces
from conversations.models import EXPORT_CHATS, Chat
from customers.exporting.engine import note_export
from customers.history import note_changes
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm
from protoadmin.screens.people import person


class TranscriptForm(ButtonForm):
    """As what."""

    format = forms.ChoiceField(choices=[("text", "Text"), ("html", "HTML")])


def streamed(chat: Chat, kind: str) -> StreamingHttpResponse:
    """Return the whole transcript as it is made."""
    return StreamingHttpResponse(pieces(chat, kind), content_type=KINDS[kind][1])


def _export(request: HttpRequest, chat: Chat, form: TranscriptForm) -> StreamingHttpResponse:
    kind, by = form.cleaned_data["format"], person(request)
    name = file_name(chat, kind)
    note_export(Chat, by, f"the transcript of {chat}", f"to {name}", object_id=str(chat.pk))
    if chat.human is not None and chat.human.customer is not None:
        note_changes(chat.human.customer, by, [("Chat", "", f"transcript exported to {name}")])
    answer = streamed(chat, kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


TRANSCRIPT_BUTTON = Button(
    "export-transcript", "Download the transcript", _export, may(EXPORT_CHATS), form=TranscriptForm, order=60
)
