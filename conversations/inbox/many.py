"""What is done with many chats at once: those that were selected, or all that the filters leave."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from conversations.acting import MANY, PULL, VIEW, chats_act
from conversations.choosing import MOST_SELECTED
from conversations.exporting.services import chats_export
from conversations.inbox.choices import words_of
from conversations.inbox.filters import Filters
from conversations.inbox.following_up import FollowUpForm
from conversations.models import ASSIGN_FOLLOW_UP, EXPORT_CHATS
from customers.exporting.formats import CHOICES
from customers.many import ManyTagsForm
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.ids import as_id
from protoadmin.runs.models import Run
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm
from protoadmin.screens.people import person

# After these, done with chats that were picked by hand, a person goes on in the inbox.
CHEAP = ("chats_mark_read", "chats_mark_unread", "chats_add_tags", "chats_follow_up")


class ChosenForm(ButtonForm):
    """Which chats: `ids` when some were selected, else all that match `query`."""

    query = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    ids = forms.CharField(required=False, max_length=20 * MOST_SELECTED, widget=forms.HiddenInput)

    def clean_ids(self) -> list[int]:
        """Take ids, and no more than are selected by hand."""
        found = [as_id(each) for each in self.cleaned_data["ids"].split(",") if each]
        if None in found or len(found) > MOST_SELECTED:
            raise forms.ValidationError(f"Select up to {MOST_SELECTED:,} chats, or take all that match.")
        return [each for each in found if each is not None]

    @property
    def filters(self) -> Filters:
        """The filters that were shown."""
        return Filters.parse(self.cleaned_data["query"])

    @property
    def words(self) -> list[str]:
        """What was chosen, in words."""
        if selected := self.cleaned_data["ids"]:
            return [f"{len(selected):,} selected chat{'s' if len(selected) > 1 else ''}"]
        filters = self.filters
        said = [f"“{filters.q}”"] if filters.q else []
        return [*said, *(words for words, _ in words_of(self.user, filters))] or ["All chats"]


class ExportForm(ChosenForm):
    """Conversations or messages, and as what file."""

    what = forms.ChoiceField(
        label="What",
        choices=[
            ("conversations", "Conversations, one row each"),
            ("messages", "All their messages, one row each"),
            ("matches", "The messages that match the search, one row each"),
        ],
        widget=forms.RadioSelect,
        initial="conversations",
    )
    format = forms.ChoiceField(label="Format", choices=CHOICES, widget=forms.RadioSelect, initial="csv")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not Filters.parse(str(self["query"].value() or "")).is_search:
            what: Any = self.fields["what"]
            what.choices = what.choices[:2]


def run_page(run: Run) -> HttpResponse:
    """Go to the page of a run."""
    return HttpResponseRedirect(reverse("admin:runs_run_change", args=[run.pk]))


def known_run(request: HttpRequest, form: ButtonForm) -> Run | None:
    """Return the run that this very form started before (a double click, a reload)."""
    latest = Run.objects.filter(requested_by=request.user.pk).order_by("-pk")[:20]
    key = form.cleaned_data["request_key"]
    return next((run for run in latest if run.parameters.get("request_key") == key), None)


def _export(request: HttpRequest, record: Any, form: ExportForm) -> HttpResponse:
    data = form.cleaned_data
    run = known_run(request, form) or chats_export(
        what=data["what"],
        format=data["format"],
        by=person(request),
        filters=form.filters,
        selected=data["ids"],
        words=form.words,
        request_key=data["request_key"],
    )
    return run_page(run)


class TagPeopleForm(ChosenForm, ManyTagsForm):
    """Tags for the people of the chosen chats."""

    def set_up_for_record(self) -> None:
        """Offer the tags of all teamspaces that the person sees: whose chats are chosen is found out by the run."""
        self.set_up(list(visible_teamspaces(self.user)), set())


class ManyFollowUpForm(ChosenForm, FollowUpForm):
    """Whom to ask to come back to the chosen chats."""

    @property
    def teamspaces(self) -> list[int]:
        """Whose people may be asked."""
        return list(visible_teamspaces(self.user).values_list("pk", flat=True))


def _act(kind: str, parameters: Callable[[Any], dict[str, Any]] = lambda form: {}) -> Any:
    def perform(request: HttpRequest, record: Any, form: ChosenForm) -> HttpResponse:
        run = known_run(request, form) or chats_act(
            kind=kind,
            by=person(request),
            filters=form.filters,
            selected=form.cleaned_data["ids"],
            words=form.words,
            request_key=form.cleaned_data["request_key"],
            parameters=parameters(form),
        )
        return back_to_list(request, run, form) if kind in CHEAP and form.cleaned_data["ids"] else run_page(run)

    return perform


def back_to_list(request: HttpRequest, run: Run, form: ChosenForm) -> HttpResponse:
    """Stay in the inbox, and say where the run is."""
    page, query = reverse("admin:runs_run_change", args=[run.pk]), form.filters.query()
    said = format_html(
        '{}: {}. It is done in the background. <a href="{}">See the run</a>', run.title, ", ".join(form.words), page
    )
    messages.success(request, said)
    inbox = reverse("admin:conversations_chat_changelist")
    return HttpResponseRedirect(f"{inbox}?{query}" if query else inbox)


def _tags(form: TagPeopleForm) -> dict[str, Any]:
    return {"tags": form.cleaned_data["names"], "create": form.may_create}


def _follow_up(form: ManyFollowUpForm) -> dict[str, Any]:
    data = form.cleaned_data
    due = data["due"].isoformat() if data["due"] else ""
    return {"assignee": int(data["assignee"]), "due": due, "note": data["note"]}


PROGRESS = "It goes on in the background, with a progress bar and a stop button."
MANY_BUTTONS = (
    Button("mark-read", "Mark read", _act("chats_mark_read"), may(VIEW), form=ChosenForm, icon="mark_chat_read"),
    Button(
        "mark-unread", "Mark unread", _act("chats_mark_unread"), may(VIEW), form=ChosenForm, icon="mark_chat_unread"
    ),
    Button(
        "tag-people",
        "Add tags",
        _act("chats_add_tags", _tags),
        may(MANY),
        form=TagPeopleForm,
        icon="new_label",
        help=f"The people of these chats get the tags. {PROGRESS}",
    ),
    Button(
        "ask-follow-up",
        "Follow up",
        _act("chats_follow_up", _follow_up),
        may(ASSIGN_FOLLOW_UP),
        form=ManyFollowUpForm,
        icon="event_upcoming",
        help=f"Somebody is asked to come back to each of these chats. {PROGRESS}",
    ),
    Button(
        "pull-chats",
        "Pull messages",
        _act("chats_pull"),
        may(PULL),
        form=ChosenForm,
        icon="sync",
        help=f"Their messages are read from Proto. {PROGRESS}",
    ),
    Button(
        "refresh-people",
        "Refresh people",
        _act("chats_refresh_people"),
        may(MANY),
        form=ChosenForm,
        icon="person",
        help=f"The people of these chats are read from Proto. {PROGRESS}",
    ),
    Button(
        "export",
        "Export",
        _export,
        may(EXPORT_CHATS),
        form=ExportForm,
        icon="download",
        help="A worker writes the file; it is on the page of the run, and under Exports, as long as files are kept.",
    ),
)
