"""The page Custom fields: sync them from Proto, add one, delete one."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers import filters, services
from customers.forms import CustomFieldForm
from customers.models import MOVING, CustomField, FieldType, at_proto
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import teamspace_ids, visible_teamspaces
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import visible_to
from protoadmin.screens.base import ProtoModelAdmin, may
from protoadmin.screens.buttons import Button, ButtonForm
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment, row_badge

CALLS_SHOWN = 5


class SyncForm(ButtonForm):
    """Which teamspace's fields to fetch."""

    teamspace: Any = forms.ModelChoiceField(queryset=Teamspace.objects.none(), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teamspace"].queryset = visible_teamspaces(self.user)  # type: ignore[attr-defined]


class DeleteFieldForm(ButtonForm):
    """Asks for the field's name and says what goes."""

    confirm = forms.CharField(label="Name of the field", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.record.values.count()
        self.fields["confirm"].help_text = (
            f"The values of {people:,} {'person' if people == 1 else 'people'} go with it, in Proto and here. "
            f"Type “{self.record.name}” to delete it."
        )

    def clean_confirm(self) -> str:
        """Take the exact name alone."""
        if self.cleaned_data["confirm"].strip() != self.record.name.strip():
            raise ValidationError(f"This is not the field's name. Type “{self.record.name}”.")
        return self.record.name  # type: ignore[no-any-return]


def _sync(request: HttpRequest, record: Any, form: Any) -> str:
    teamspace = form.cleaned_data["teamspace"]
    services.fields_sync(teamspace=teamspace, by=person(request), request_key=form.cleaned_data["request_key"])
    return f"The fields of {teamspace} are being fetched; what is new, changed or gone shows up here."


def _delete(request: HttpRequest, field: CustomField, form: Any) -> Any:
    call = services.field_delete(field=field, by=person(request), request_key=form.cleaned_data["request_key"])
    if call is None:
        return f"{field.name} was known here only, and is removed."
    return f"{field.name} is being deleted in Proto; it goes from here when Proto has taken it."


@admin.register(CustomField)
class CustomFieldAdmin(ProtoModelAdmin):
    """Custom fields: Proto's, mirrored. A field is not edited: the API has no way to."""

    form = CustomFieldForm
    read_only_page = True
    state_field = "sync_state"
    panels: ClassVar[dict[str, str]] = {"field": "admin/panels/custom_field.html"}
    change_list_template = "admin/customers/customfield/change_list.html"
    list_buttons = (
        Button("sync", "Sync from Proto", _sync, may("customers.change_customfield"), form=SyncForm, icon="sync"),
    )
    buttons = (
        Button(
            "delete",
            "Delete",
            _delete,
            may("customers.delete_customfield"),
            form=DeleteFieldForm,
            icon="delete",
            style="pa-danger",
        ),
    )
    list_display = ("name", "shown_type", "shown_options", "teamspace", "shown_state")
    list_select_related = ("teamspace",)
    list_filter = (filters.TeamspaceFilter, "type")
    search_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Administrators add fields."""
        return request.user.has_perm("customers.add_customfield")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A form for a new field alone."""
        return [(None, {"fields": ("teamspace", "name", "type", "options")})] if obj is None else []

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Queue the creation, in the transaction of the row."""
        services.field_create(field=form.instance, by=person(request))

    def panel_context(self, request: HttpRequest, record: CustomField, name: str) -> dict[str, Any]:
        """Everything about one field."""
        calls = Call.objects.for_target(record).prefetch_related("connection")
        return {
            "field": record,
            "people": record.values.count(),
            "calls": visible_to(calls, person(request), teamspace_ids(request.user)).order_by("-id")[:CALLS_SHOWN],
            "live": record.sync_state in MOVING or calls.pending().exists(),
        }

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Say what the last sync found."""
        syncs = Call.objects.filter(operation="list_custom_fields", teamspace__in=visible_teamspaces(request.user))
        extra = {**(extra_context or {}), "last_sync": syncs.select_related("teamspace").order_by("-id").first()}
        return super().changelist_view(request, extra)

    @admin.display(description="Type", ordering="type")
    def shown_type(self, field: CustomField) -> str:
        """The type in words; an unknown one as it came."""
        return dict(FieldType.choices).get(field.type, field.type)

    @admin.display(description="Options")
    def shown_options(self, field: CustomField) -> str:
        """The first options of a select."""
        options = field.options
        return ", ".join(options[:4]) + (f" and {len(options) - 4} more" if len(options) > 4 else "")

    @admin.display(description="At Proto")
    def shown_state(self, field: CustomField) -> SafeString | str:
        """Whether Proto has it, and what changed there."""
        if field.gone_at:
            return format_html('<span class="pa-badge pa-state-failed">Gone</span> {}', moment(field.gone_at))
        if field.changed_at:
            return format_html(
                '<span class="pa-badge pa-state-unconfirmed" title="{}">Changed</span> {}',
                field.change_note,
                moment(field.changed_at),
            )
        return row_badge(at_proto(field), field.pk)
