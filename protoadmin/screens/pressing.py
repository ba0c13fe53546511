"""The buttons of a page and of its list: POST alone, looked up by name, allowed and then pressed in one transaction."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin

from protoadmin.refusals import Refused
from protoadmin.screens.buttons import Button, ButtonForm, contributed_buttons


class ButtonAdmin(ModelAdmin):  # type: ignore[misc]  # the theme has no types
    """The part of a ModelAdmin that has buttons."""

    buttons: ClassVar[tuple[Button, ...]] = ()
    list_buttons: ClassVar[tuple[Button, ...]] = ()

    def all_buttons(self) -> list[Button]:
        """Return this page's buttons with those that other apps added."""
        found = [*self.buttons, *contributed_buttons(self.opts.label)]
        return sorted(found, key=lambda button: button.order)

    def buttons_for(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        """Return the buttons that this person may press now, each with its address and an unbound form."""
        return [
            {
                "button": button,
                "url": self.button_url(record, button.name),
                "form": button.form(record=record, user=request.user) if button.form else None,
            }
            for button in self.all_buttons()
            if button.allowed(request, record) and button.shown(request, record)
        ]

    def button_url(self, record: Any, name: str) -> str:
        """Return the address to which a button posts."""
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"admin:{info}_button", args=[record.pk, name], current_app=self.admin_site.name)

    def change_url(self, record: Any) -> str:
        """Return the address of a record's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])

    def list_url(self) -> str:
        """Return the address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def visible_record(self, request: HttpRequest, object_id: str) -> Any:
        """Return a record that this person may view; 404 for one that is not theirs, 403 without the permission."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        return record

    def button_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponseBase:
        """Press a button of a record's page."""
        button = next((button for button in self.all_buttons() if button.name == name), None)
        if button is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        record = self.visible_record(request, object_id)
        return self._press(request, button, record, self._back(request) or self.change_url(record))

    def list_button_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Press a button of the list page."""
        button = next((button for button in self.list_buttons if button.name == name), None)
        if button is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._press(request, button, None, self.list_url())

    def _back(self, request: HttpRequest) -> str:
        """Return the page of ours that asked for it, if it says so."""
        wanted = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith(reverse("admin:index"))
        return wanted if safe else ""

    def _press(self, request: HttpRequest, button: Button, record: Any, back: str) -> HttpResponseBase:
        if not button.allowed(request, record):
            raise PermissionDenied
        form = button.form(request.POST, request.FILES, record=record, user=request.user) if button.form else None
        if form is not None and not form.is_valid():
            return self._refused_form(request, button, record, form, back)
        try:
            with transaction.atomic():
                said = button.perform(request, record, form)
        except Refused as error:
            if form is not None:
                form.add_error(None, str(error))
                return self._refused_form(request, button, record, form, back)
            messages.error(request, str(error))
            return redirect(back)
        if isinstance(said, HttpResponseBase):
            return said
        if said:
            messages.success(request, said)
        return redirect(back)

    def _refused_form(
        self, request: HttpRequest, button: Button, record: Any, form: ButtonForm, back: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": button.label,
            "opts": self.opts,
            "button": button,
            "form": form,
            "record": record,
            "back": back,
        }
        return TemplateResponse(request, "admin/button_form.html", context, status=422)
