"""The base of every admin screen: whose rows, which buttons, live panels, bounded lists. The theme is changed here."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from unfold.views import ChangeList

from protoadmin.connections.scoping import only_visible
from protoadmin.screens.live import PanelAdmin
from protoadmin.screens.ordering import is_list_of, turned_round, visible_in_order
from protoadmin.screens.pagination import CappedPaginator


class ProtoChangeList(ChangeList):  # type: ignore[misc]  # the theme has no types
    """A list that offers no "show all": the count is the count of what matches."""

    def get_results(self, request: HttpRequest) -> None:
        """Take the capped count for the full one."""
        super().get_results(request)
        self.full_result_count = self.result_count

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[Any]:
        """Turn the whole order round, also among rows with the same value: an index is read from either end."""
        ordering: list[Any] = super().get_ordering(request, queryset)
        return turned_round(ordering)


class ProtoModelAdmin(PanelAdmin):
    """A ModelAdmin that shows only the rows of the person's teamspaces, and whose buttons are POST forms."""

    # The way from a row to its teamspace; None for what belongs to no teamspace.
    teamspace_path: ClassVar[str | None] = "teamspace"
    # Whether each order of the list has an index without the teamspace, for who sees several (screens/ordering.py).
    has_indexed_orders: ClassVar[bool] = False
    # Whether the page says so when no worker is running.
    waits_for_workers: ClassVar[bool] = True
    # A page that is read and never edited: its panels take the whole width, and there is no form.
    read_only_page: ClassVar[bool] = False
    # Panels that need width: they stand below the form instead of beside it.
    main_panels: ClassVar[tuple[str, ...]] = ()
    paginator = CappedPaginator
    show_full_result_count = False
    # Facets count every choice over the whole table.
    show_facets = admin.ShowFacets.NEVER
    show_add_link = False
    list_per_page = 50
    list_max_show_all = 0
    list_fullwidth = True
    compressed_fields = True
    # A button above the form leaves the page, and with it what was typed.
    warn_unsaved_form = True
    change_form_template = "admin/proto_change_form.html"
    change_list_template = "admin/proto_change_list.html"

    # --- whose rows ---------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Return the rows that this person may see."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        if self.teamspace_path is None:
            return rows
        narrow = visible_in_order if self.has_indexed_orders and is_list_of(request) else only_visible
        return narrow(rows, request.user, self.teamspace_path)

    def _choices_for(self, db_field: Any, request: HttpRequest) -> models.QuerySet[Any] | None:
        related = self.admin_site._registry.get(db_field.remote_field.model)
        return related.get_queryset(request) if related is not None else None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows that this person may see, and choose where there is no choice."""
        if "queryset" not in kwargs and (choices := self._choices_for(db_field, request)) is not None:
            kwargs["queryset"] = choices
            if len(only := choices.order_by("pk")[:2]) == 1:
                kwargs.setdefault("initial", only[0].pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows that this person may see."""
        if "queryset" not in kwargs and (choices := self._choices_for(db_field, request)) is not None:
            kwargs["queryset"] = choices
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ProtoChangeList]:
        """Lists that count no further than a person pages."""
        return ProtoChangeList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the form of a page that is only read."""
        return [] if self.read_only_page else super().get_fieldsets(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse what cannot be made by hand."""
        return not self.read_only_page and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what is only read."""
        return not self.read_only_page and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what is only read."""
        return not self.read_only_page and super().has_delete_permission(request, obj)

    # --- pages --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the buttons' and the live panels' addresses."""
        view, info = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("do/<slug:name>/", view(self.list_button_view), name=f"{info}_list_button"),
            path("states/", view(self.states_view), name=f"{info}_states"),
            path("<path:object_id>/do/<slug:name>/", view(self.button_view), name=f"{info}_button"),
            path("<path:object_id>/live/<slug:name>/", view(self.panel_view), name=f"{info}_panel"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Give the page its buttons and panels."""
        # Save stays on the page: one button, one meaning.
        extra = {
            "waits_for_workers": self.waits_for_workers,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            **(extra_context or {}),
        }
        if object_id is not None:
            record = self.get_object(request, unquote(object_id))
            if record is not None and self.has_view_permission(request, record):
                extra["proto_buttons"] = self.buttons_for(request, record)
                rendered = {name: self.render_panel(request, record, name)[0] for name in self.all_panels()}
                extra["main_panels"] = [rendered.pop(name) for name in self.main_panels]
                extra["proto_panels"] = rendered
                extra["record"] = record
                extra["wide_panels"] = self.read_only_page
        return super().changeform_view(request, object_id, form_url, extra)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay on the page."""
        return redirect(self.change_url(obj))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go to the page of what was added: what comes next is done there."""
        return redirect(self.change_url(obj))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Give the list its buttons."""
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        listed = [
            {
                "button": button,
                "url": reverse(f"admin:{info}_list_button", args=[button.name]),
                "form": button.form(user=request.user) if button.form else None,
            }
            for button in self.list_buttons
            if button.allowed(request, None)
        ]
        extra = {
            "waits_for_workers": self.waits_for_workers,
            **(extra_context or {}),
            "proto_buttons": listed,
            "add_url": reverse(f"admin:{info}_add"),
        }
        return super().changelist_view(request, extra)


def may(permission: str) -> Any:
    """Return an `allowed` for buttons: the person has this permission."""

    def check(request: HttpRequest, record: Any = None) -> bool:
        return request.user.has_perm(permission)

    return check


register = admin.register
