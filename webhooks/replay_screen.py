"""The buttons that replay: one delivery, a selection, and everything that failed between two times."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible
from protoadmin.refusals import Refused
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm
from protoadmin.screens.pagination import COUNTED, CappedCount
from protoadmin.screens.people import person
from webhooks.models import Delivery, DeliveryState
from webhooks.replaying import NOT_KEPT, failed_between, replay_many
from webhooks.services import REPLAYABLE, deliveries_replay, delivery_replay

AT_ONCE = 200
MOMENT = "%Y-%m-%dT%H:%M"
may_replay = may("webhooks.replay_delivery")


class MomentInput(forms.DateTimeInput):
    """A date and a time, chosen in the reader's own zone."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format=MOMENT)


class ReplayFailedForm(ButtonForm):
    """From when to when, and of which channel."""

    since = forms.DateTimeField(label="From", widget=MomentInput)
    until = forms.DateTimeField(label="To", widget=MomentInput)
    channel = forms.ModelChoiceField(Channel.objects.none(), required=False, empty_label="All channels")
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        now = timezone.now()
        kwargs["initial"] = {"since": now - timedelta(days=1), "until": now + timedelta(minutes=1)}
        super().__init__(*args, **kwargs)
        channels: Any = self.fields["channel"]
        channels.queryset = only_visible(Channel.objects.only("name", "teamspace"), self.user)

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", "This is before the beginning.")
        return cleaned


def _replay_one(request: HttpRequest, delivery: Delivery, form: Any) -> str:
    if delivery.state == DeliveryState.REJECTED:
        raise Refused(NOT_KEPT)
    delivery_replay(delivery=delivery)
    _note(request, [delivery])
    return f"Delivery {delivery.pk} is processed again. What is there already stays as it is."


def _replay_failed(request: HttpRequest, record: None, form: ReplayFailedForm) -> HttpResponse:
    """Say first how many there are; start the run once that was confirmed."""
    since, until, channel = (form.cleaned_data[name] for name in ("since", "until", "channel"))
    by = person(request)
    rows = failed_between(user=by, since=since, until=until, channel=channel)
    count = CappedCount(rows.order_by()[: COUNTED + 1].count())
    if not count:
        raise Refused("Nothing that arrived between these times failed.")
    if form.cleaned_data["confirmed"]:
        run = replay_many(rows=rows, by=by, title="Replay what failed", channel=channel)
        return redirect(reverse("admin:runs_run_change", args=[run.pk]))
    context = {
        **admin.site.each_context(request),
        "title": "Replay what failed",
        "opts": Delivery._meta,
        "given": [(name, form.data.get(name, "")) for name in ("since", "until", "channel", "request_key")],
        "count": count,
        "since": since,
        "until": until,
        "channel": channel,
    }
    return TemplateResponse(request, "admin/webhooks/delivery/confirm_replay.html", context)


def replay_selection(request: HttpRequest, rows: QuerySet[Delivery]) -> HttpResponse | None:
    """Replay the chosen ones: a few at once, many as a run."""
    ids = rows.order_by("pk").values_list("pk", flat=True)
    if len(ids[: AT_ONCE + 1]) > AT_ONCE:
        run = replay_many(rows=rows, by=person(request), title="Replay chosen deliveries")
        return redirect(reverse("admin:runs_run_change", args=[run.pk]))
    states = dict(rows.values_list("pk", "state"))
    _note(request, [row for row in rows if row.state in REPLAYABLE])
    rejected = sum(state == DeliveryState.REJECTED for state in states.values())
    waiting = sum(state == DeliveryState.RECEIVED for state in states.values())
    count = deliveries_replay(ids=[pk for pk in states if states[pk] in REPLAYABLE])
    if count:
        messages.success(request, f"{_deliveries(count)} processed again. What is there already stays as it is.")
    if waiting:
        messages.info(request, f"{_deliveries(waiting)} waiting to be processed anyway.")
    if rejected:
        messages.warning(request, f"{_deliveries(rejected)} not replayed. {NOT_KEPT}")
    return None


def _note(request: HttpRequest, deliveries: list[Delivery]) -> None:
    """Write into the history of each who replayed it; of a run its own page tells."""
    if deliveries:
        LogEntry.objects.log_actions(person(request).pk, deliveries, CHANGE, "Replayed.")


def _deliveries(count: int) -> str:
    return "1 delivery is" if count == 1 else f"{count} deliveries are"


REPLAY = Button(
    "replay",
    "Replay",
    _replay_one,
    may_replay,
    shown=lambda request, delivery: delivery.state in REPLAYABLE,
    icon="replay",
    style="pa-primary",
)
REPLAY_FAILED = Button(
    "replay-failed",
    "Replay what failed",
    _replay_failed,
    may_replay,
    form=ReplayFailedForm,
    icon="replay",
    help="Everything that arrived between these two times and failed. You see first how many there are.",
)
