"""Actions over many people: a form, then a background run over the selection or all rows that match."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import actions, helpers
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from customers.forms import FieldValuesForm, TagsForm
from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.runs.services import ASKED_OVER, run_start
from protoadmin.screens.pagination import COUNTED
from protoadmin.screens.people import person

DELETED_AT_ONCE = 500


class ManyTagsForm(TagsForm):
    """Tags for many people; `record` is the list of their teamspaces."""

    def set_up_for_record(self) -> None:
        """Offer the tags of the chosen people's teamspaces."""
        self.set_up(self.record, set())


class ManyFieldsForm(FieldValuesForm):
    """Custom field values for many people, of the one teamspace in `record`: an empty input leaves the field alone."""

    def set_up_for_record(self) -> None:
        """Offer the fields of the chosen people's teamspace."""
        self.set_up(self.record[0], {})

    def clean(self) -> dict[str, Any]:
        """Ask for at least one value."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.entered:
            raise forms.ValidationError("Enter at least one value.")
        return cleaned

    @property
    def entered(self) -> dict[str, Any]:
        """Return the entered values by the field's id."""
        return {str(field.pk): value for field, value in self.values.items() if value not in (None, "")}


def _teamspaces_of(request: HttpRequest, people: QuerySet[Customer]) -> list[Teamspace]:
    """Return the teamspaces of these people."""
    chosen = people.order_by().filter(teamspace=OuterRef("pk"))
    return list(visible_teamspaces(request.user).filter(Exists(chosen)))


def _start(
    request: HttpRequest, people: QuerySet[Customer], teamspaces: list[Teamspace], *, kind: str, label: str, **more: Any
) -> HttpResponse:
    """Start the run and go to its page. One over several teamspaces is seen by who started it alone."""
    run = run_start(
        kind=kind,
        by=person(request),
        title=f"{label}: people of {', '.join(map(str, teamspaces))}",
        teamspace=teamspaces[0] if len(teamspaces) == 1 else None,
        ids=people.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2000),
        asks_over=ASKED_OVER,
        **more,
    )
    return HttpResponseRedirect(reverse("admin:runs_run_change", args=[run.pk]))


def _count_words(request: HttpRequest, people: QuerySet[Customer]) -> str:
    counted = len(people.order_by("pk").values_list("pk", flat=True)[: COUNTED + 1])
    return f"{counted:,}" if counted <= COUNTED else f"more than {COUNTED:,}"


def _ask(
    modeladmin: Any, request: HttpRequest, people: QuerySet[Customer], *, action: str, label: str, form: Any
) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": label,
        "opts": modeladmin.opts,
        "form": form,
        "action": action,
        "label": label,
        "count": _count_words(request, people),
        "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "across": request.POST.get("select_across", "0"),
        "action_name": helpers.ACTION_CHECKBOX_NAME,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/customers/many.html", context)


def _with_form(
    action: str, label: str, form_class: Any, kind: str, parameters: Callable[[Any], dict[str, Any]]
) -> Callable[..., HttpResponse | None]:
    def run_action(modeladmin: Any, request: HttpRequest, people: QuerySet[Customer]) -> HttpResponse | None:
        _require(request)
        teamspaces = _teamspaces_of(request, people)
        if len(teamspaces) > 1 and form_class is ManyFieldsForm:
            messages.error(request, "Custom fields belong to a teamspace: choose people of one. Filter by it.")
            return None
        if not teamspaces:
            messages.error(request, "None of the chosen people is there any more.")
            return None
        sent = "apply" in request.POST
        form = form_class(request.POST if sent else None, record=teamspaces, user=request.user)
        if not (sent and form.is_valid()):
            return _ask(modeladmin, request, people, action=action, label=label, form=form)
        return _start(request, people, teamspaces, kind=kind, label=label, parameters=parameters(form))

    run_action.__name__ = action
    return admin.action(description=label, permissions=["change_many"])(run_action)


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm("customers.change_many_customers"):
        raise PermissionDenied


add_tags = _with_form(
    "add_tags",
    "Add tags",
    ManyTagsForm,
    "people_add_tags",
    lambda form: {"tags": form.cleaned_data["names"], "create": form.may_create},
)
set_custom_fields = _with_form(
    "set_custom_fields", "Set custom fields", ManyFieldsForm, "people_set_fields", lambda form: {"values": form.entered}
)


@admin.action(description="Refresh from Proto", permissions=["change_many"])
def refresh(modeladmin: Any, request: HttpRequest, people: QuerySet[Customer]) -> HttpResponse | None:
    """Read the chosen people anew."""
    _require(request)
    teamspaces = _teamspaces_of(request, people)
    return _start(request, people, teamspaces, kind="people_refresh", label="Refresh from Proto")


@admin.action(description="Delete selected customers", permissions=["delete"])
def delete_selected(modeladmin: Any, request: HttpRequest, people: QuerySet[Customer]) -> HttpResponse | None:
    """Delete local copies, a few hundred at once: it is done while one waits."""
    if len(people.order_by("pk").values_list("pk", flat=True)[: DELETED_AT_ONCE + 1]) > DELETED_AT_ONCE:
        messages.error(request, f"At most {DELETED_AT_ONCE} local copies can be deleted at once. Choose fewer.")
        return None
    return actions.delete_selected(modeladmin, request, people)


ACTIONS = (add_tags, set_custom_fields, refresh)
