"""The button Import people, its form, and Start import on the page of the run."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from customers.importing.columns import UnreadableFile
from customers.importing.sniffing import MAX_BYTES, look
from customers.importing.working import NAME, PERMISSION
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.services import run_continue, run_start
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm, contribute_button


class ImportForm(ButtonForm):
    """A CSV file of people, and whose they are."""

    file = forms.FileField(
        label="CSV file",
        help_text="The first line names the columns: provided_unique_id (your own id of each person, needed), name, "
        "email, phone_number, location, external_customer_id, avatar, tags (separated by ;). Up to 50 MiB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    teamspace = forms.ModelChoiceField(Teamspace.objects.none(), label="Teamspace", empty_label="Choose one")
    empty_clears = forms.BooleanField(
        label="Empty cells empty the field",
        required=False,
        help_text="Otherwise an empty cell leaves what the person has. Tags are never taken away.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["teamspace"]
        field.queryset = visible_teamspaces(self.user)
        mine = list(field.queryset[:2])
        if len(mine) == 1:
            self.initial.setdefault("teamspace", mine[0].pk)

    def clean_file(self) -> "UploadedFile[bytes]":
        """Say at once what is wrong with the file as a whole; its rows are for the worker."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError("The file is larger than 50 MiB. Split it, and import the parts one after the other.")
        try:
            # Looked at where it is: closing it would throw it away.
            look(file)
        except UnreadableFile as error:
            raise ValidationError(str(error)) from error
        file.seek(0)
        return file


def _run_page(run: Run) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:runs_run_change", args=[run.pk]))


def _import(request: HttpRequest, record: Any, form: ImportForm) -> HttpResponse:
    key = form.cleaned_data["request_key"]
    # Sent twice (a double click, a reload): the run of the first time is shown.
    latest = Run.objects.filter(kind=NAME, requested_by=request.user.pk)[:20]
    if known := next((run for run in latest if run.parameters.get("request_key") == key), None):
        return _run_page(known)
    file, teamspace = form.cleaned_data["file"], form.cleaned_data["teamspace"]
    run = run_start(
        kind=NAME,
        by=request.user,  # type: ignore[arg-type]  # the admin lets only people in
        title=f"Import {file.name} into {teamspace}",
        teamspace=teamspace,
        parameters={"empty_clears": form.cleaned_data["empty_clears"], "request_key": key},
        upload=file,
    )
    return _run_page(run)


def _may_start(request: HttpRequest, run: Run) -> bool:
    """Only whoever uploaded the file starts it: it is done in their name."""
    return run.kind == NAME and run.requested_by_id == request.user.pk and request.user.has_perm(PERMISSION)


def _start(request: HttpRequest, run: Run, form: Any) -> str:
    if not run_continue(run=run):
        raise Refused("This import is not waiting (any more): it was started, or it has ended.")
    return "The import has started. You can leave this page; it goes on by itself."


IMPORT_BUTTON = Button(
    "import-people",
    "Import people",
    _import,
    may(PERMISSION),
    form=ImportForm,
    icon="upload_file",
    help="First you see what the file would do; nothing is changed before you say so.",
)

contribute_button(
    "runs.Run",
    Button(
        "start-import",
        "Start import",
        _start,
        _may_start,
        shown=lambda request, run: run.state == RunState.WAITING,
        icon="play_arrow",
        style="pa-primary",
        order=10,
    ),
)
