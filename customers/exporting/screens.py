"""The actions Export CSV, Export JSON Lines and Export XLSX of a list."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from customers.exporting.engine import Export
from customers.exporting.formats import FORMATS
from customers.exporting.people import PEOPLE
from protoadmin.runs.services import run_start
from protoadmin.screens.people import person
from protoadmin.storable import storable_text

# What else stands in the address of a list: the search, the page, the order.
NO_FILTERS = {"q", "p", "o", "all"}
Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse]


def export_actions(export: Export) -> tuple[Action, ...]:
    """Return an action for each format; the list's admin is an Exporting with the same export."""
    return tuple(_action(export, name, each.label) for name, each in FORMATS.items())


class Exporting:
    """For a list's admin: who sees the actions."""

    export: Export

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether the person may export these rows."""
        return request.user.has_perm(self.export.permission)


def _action(export: Export, format: str, label: str) -> Action:
    def action(modeladmin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
        if not request.user.has_perm(export.permission):
            raise PermissionDenied
        run = run_start(
            kind=export.name,
            by=person(request),
            title=export.label,
            # In the order of the list.
            ids=rows.values_list("pk", flat=True).iterator(chunk_size=2000),
            parameters={
                "format": format,
                "zone": timezone.get_current_timezone_name(),
                "words": _words(modeladmin, request),
            },
        )
        return HttpResponseRedirect(reverse("admin:runs_run_change", args=[run.pk]))

    action.__name__ = f"export_{format}"
    return admin.action(description=f"Export {label}", permissions=["export"])(action)


def _words(modeladmin: Any, request: HttpRequest) -> list[str]:
    """Return which rows of the list, in words."""
    if request.POST.get("select_across") != "1":
        return ["Selected rows"]
    searched = request.GET.get("q", "").strip()
    words = [f"“{searched}”"] if searched else []
    return [storable_text(each) for each in (*words, *_filters_in_words(modeladmin, request))] or ["All rows"]


def _filters_in_words(modeladmin: Any, request: HttpRequest) -> Iterator[str]:
    """Yield each chosen filter as `Label: value`, and what is no filter of the list as the address has it."""
    given = {name: str(value) for name, value in request.GET.items() if value and name not in NO_FILTERS}
    changelist = modeladmin.get_changelist_instance(request) if given else None
    for spec in changelist.filter_specs if changelist else ():
        own = {name: given.pop(name) for name in spec.expected_parameters() if name in given}
        label = str(spec.title)
        for value in _chosen(spec, changelist, own) if own else ():
            yield f"{label[:1].upper()}{label[1:]}: {value}"
    yield from (f"{name}={value}" for name, value in given.items())


def _chosen(spec: Any, changelist: Any, given: dict[str, str]) -> list[str]:
    """Return what is chosen of a filter as the list shows it: Django's filters say it, the theme's have a form."""
    found: list[str] = []
    for choice in spec.choices(changelist):
        if "form" in choice:
            offered = {
                name: {str(key): str(words) for key, words in getattr(field, "choices", ())}
                for name, field in choice["form"].fields.items()
            }
            found += [offered.get(name, {}).get(value, value) for name, value in given.items()]
        elif choice.get("selected"):
            found.append(str(choice["display"]))
    return found or list(given.values())


PEOPLE_ACTIONS = export_actions(PEOPLE)
