"""Follow-ups on a chat's page: who is asked to come back to it, and the buttons that ask and say that it is done."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest

from conversations.follow_ups import assignees, follow_up_assign, follow_up_done
from conversations.models import ASSIGN_FOLLOW_UP, Chat
from protoadmin.refusals import Refused
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm
from protoadmin.screens.people import person

OFFERED = 500
SHOWN = 10


class FollowUpForm(ButtonForm):
    """Who, until when, and why; `teamspaces` are those whose people may be asked."""

    assignee = forms.ChoiceField(label="Who")
    due = forms.DateField(required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(required=False, max_length=500, label="Note", widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = assignees(self.teamspaces)[:OFFERED]
        names = [(str(each.pk), each.get_full_name() or each.username) for each in offered]
        self.fields["assignee"].choices = [("", "Choose one"), *names]  # type: ignore[attr-defined]

    @property
    def teamspaces(self) -> list[int]:
        """The chat's own."""
        return [self.record.teamspace_id]


class DoneForm(ButtonForm):
    """Which one is done."""

    follow_up = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)


def _assign(request: HttpRequest, chat: Chat, form: FollowUpForm) -> str:
    data = form.cleaned_data
    assignee = User.objects.get(pk=data["assignee"])
    follow_up_assign(chat=chat, assignee=assignee, due=data["due"], note=data["note"], by=person(request))
    return f"{assignee.get_full_name() or assignee.username} is asked to follow up."


def _done(request: HttpRequest, chat: Chat, form: DoneForm) -> str:
    follow_up = chat.follow_ups.filter(pk=form.cleaned_data["follow_up"]).first()
    if follow_up is None:
        raise Refused("There is no such follow-up any more.")
    follow_up_done(follow_up=follow_up, by=person(request))
    return "The follow-up is done."


def follow_ups_of(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """Return what the page shows of a chat's open follow-ups, and the form for a further one."""
    may_assign = request.user.has_perm(ASSIGN_FOLLOW_UP)
    found = chat.follow_ups.filter(done_at=None).select_related("assignee", "by")[:SHOWN]
    form = FollowUpForm(record=chat, user=request.user, auto_id="follow_up_%s") if may_assign else None
    shown = [(each, may_assign or each.assignee_id == request.user.pk) for each in found]
    return {"follow_ups": shown, "follow_up_form": form}


FOLLOW_UP_BUTTONS = (
    Button(
        "follow-up",
        "Ask for a follow-up",
        _assign,
        may(ASSIGN_FOLLOW_UP),
        form=FollowUpForm,
        icon="event_upcoming",
        order=70,
    ),
    Button("follow-up-done", "Follow-up done", _done, may("conversations.view_chat"), form=DoneForm, order=71),
)
