"""The pages Customers, Tags and Custom fields: thin; what they do is in services.py."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from customers import filters, many, services
from customers.buttons import BUTTONS, unknown_at_proto
from customers.exporting.people import PEOPLE
from customers.exporting.screens import PEOPLE_ACTIONS, Exporting
from customers.fields_admin import CustomFieldAdmin
from customers.forms import EDITABLE, CustomerForm
from customers.helpdesk.admin import CompanyAdmin, ContactAdmin
from customers.history import LABELS, LINKED_BY_ID
from customers.importing.screens import IMPORT_BUTTON
from customers.linking import cards
from customers.linking.buttons import FIND_BUTTON, PERSON_BUTTONS
from customers.linking.by_hand import look_for_records
from customers.linking.leaving import leaving
from customers.models import MOVING, Customer, SearchTerm, Tag
from customers.protocol.admin import ProtocolCustomerAdmin
from customers.search import search_people
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import visible_to
from protoadmin.refusals import Refused
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.links import link
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment, row_badge

__all__ = ["CompanyAdmin", "ContactAdmin", "CustomFieldAdmin", "CustomerAdmin", "ProtocolCustomerAdmin", "TagAdmin"]

CALLS_SHOWN = 8
CHANGES_SHOWN = 12
NAMED_IN_DELETE = 20
OPEN_TAG_STATES = ("queued", "sending", "failed", "unconfirmed")


@admin.register(Customer)
class CustomerAdmin(Exporting, ProtoModelAdmin):
    """People: find, correct, tag, fill, and see what Proto made of it."""

    form = CustomerForm
    buttons = (*BUTTONS, *PERSON_BUTTONS)
    state_field = "sync_state"
    main_panels = ("known",)
    panels: ClassVar[dict[str, str]] = {
        "known": "admin/panels/customer_known.html",
        "sending": "admin/panels/customer_sending.html",
        "person": "admin/panels/customer_person.html",
    }
    closing_panels: ClassVar[dict[str, str]] = {"history": "admin/panels/customer_history.html"}
    change_form_template = "admin/customers/customer/change_form.html"
    delete_confirmation_template = "admin/customers/customer/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/customers/customer/delete_selected_confirmation.html"
    list_display = ("shown_person", "state", "contact", "provided_unique_id", "tag_chips", "changed")
    list_display_links = ("shown_person",)
    list_filter = (
        filters.TeamspaceChoice,
        filters.TagFilter,
        filters.FieldValueFilter,
        filters.FieldTextFilter,
        ("sync_state", ChoicesDropdownFilter),
        filters.OpenFailuresFilter,
        filters.SuggestionsFilter,
    )
    list_filter_submit = True
    list_select_related = ("teamspace",)
    search_fields = ("name",)
    search_help_text = "Name, mail, phone or any id"
    ordering = ("-id",)
    has_indexed_orders = True
    actions = (*many.ACTIONS, *PEOPLE_ACTIONS, many.delete_selected)
    export = PEOPLE
    list_buttons = (IMPORT_BUTTON, FIND_BUTTON)

    # --- list ---------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """Search through the index of terms."""
        return search_people(queryset, search_term), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        """The person's people; the wide JSON of the remote's answer stays in the database."""
        rows: QuerySet[Customer] = super().get_queryset(request)
        return rows.defer("remote_data").prefetch_related("tags")

    def has_change_many_permission(self, request: HttpRequest) -> bool:
        """Whether the person may work on many people at once."""
        return request.user.has_perm("customers.change_many_customers")

    @admin.display(description="Person", ordering="name")
    def shown_person(self, customer: Customer) -> SafeString:
        """The name, and where they are."""
        return format_html(
            '<span><span class="pa-person">{}</span> <span class="pa-sub">{}</span></span>', customer, customer.location
        )

    @admin.display(description="Mail and phone", ordering="email")
    def contact(self, customer: Customer) -> SafeString:
        """How to reach them."""
        return format_html('<span>{} <span class="pa-sub">{}</span></span>', customer.email, customer.phone_number)

    @admin.display(description="Tags")
    def tag_chips(self, customer: Customer) -> SafeString:
        """The first tags."""
        tags = list(customer.tags.all())
        more = format_html('<span class="pa-sub">+{}</span>', len(tags) - 3) if len(tags) > 3 else ""
        chips = format_html_join(" ", '<span class="pa-chip">{}</span>', ((tag.name,) for tag in tags[:3]))
        return format_html("{} {}", chips, more)

    @admin.display(description="State", ordering="sync_state")
    def state(self, customer: Customer) -> SafeString:
        """Whether Proto has what we have."""
        return row_badge(customer.sync_state, customer.pk)

    @admin.display(description="Changed", ordering="updated_at")
    def changed(self, customer: Customer) -> SafeString | str:
        """When the details last changed."""
        return moment(customer.updated_at)

    # --- page ---------------------------------------------------------------------------------

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the people and count what goes with them; tickets go by the permission to delete people."""
        chosen = [person.pk for person in objs]
        named = [str(person) for person in objs[:NAMED_IN_DELETE]]
        more = len(chosen) - len(named)
        counts = {"people": len(chosen)}
        for relation in Customer._meta.related_objects:
            if relation.one_to_many and relation.related_model is not SearchTerm:
                rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": chosen})
                counts[str(relation.related_model._meta.verbose_name_plural)] = rows.count()
        return [*named, *([f"and {more:,} more"] if more else [])], counts, set(), []

    def delete_model(self, request: HttpRequest, obj: Customer) -> None:
        """What was linked to the person may be somebody else's now."""
        with leaving([obj]):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        """The same for many."""
        with leaving(queryset):
            super().delete_queryset(request, queryset)

    def get_fields(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """The teamspace is chosen once; ids that Proto gives are shown when there are any."""
        if obj is None:
            return ("teamspace", *EDITABLE)
        given = [name for name in ("proto_id", "gateway_profile_id") if getattr(obj, name)]
        return (*EDITABLE, *given)

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """What cannot be changed here."""
        if obj is None:
            return ()
        sent = ("provided_unique_id",) if obj.sent_at is not None else ()
        return ("proto_id", "gateway_profile_id", *sent)

    def panel_context(self, request: HttpRequest, record: Customer, name: str) -> dict[str, Any]:
        """What the page tells beside the form."""
        if name == "sending":
            return self._sending(request, record)
        if name == "history":
            return {"changes": record.changes.select_related("by")[:CHANGES_SHOWN], "own_doing": LINKED_BY_ID}
        if name == "known":
            return self._known(request, record)
        return self._facts(record)

    def _known(self, request: HttpRequest, customer: Customer) -> dict[str, Any]:
        linked, more_linked = cards.known_of(customer, request.user)
        suggested, more_suggested = cards.suggested_to(customer, request.user)
        may_change = request.user.has_perm("customers.change_customer")
        query = request.GET.get("find", "") if may_change else ""
        return {
            "customer": customer,
            "linked": linked,
            "more_linked": more_linked,
            "suggested": suggested,
            "more_suggested": more_suggested,
            "not_same": cards.said_not_same(customer, request.user),
            "may_change": may_change,
            "looked": look_for_records(customer, request.user, query),
        }

    def _sending(self, request: HttpRequest, customer: Customer) -> dict[str, Any]:
        calls = Call.objects.filter(lane=f"customers.customer:{customer.pk}")
        shown = visible_to(calls, person(request), teamspace_ids(request.user)).select_related("requested_by")
        refresh = Call.objects.for_target(customer).filter(operation="get_customer").order_by("-id").first()
        save = Call.objects.for_target(customer).filter(operation="save_customer").order_by("-id").first()
        return {
            "customer": customer,
            "calls": list(shown.prefetch_related("connection").order_by("-id")[:CALLS_SHOWN]),
            "may_settle_all": request.user.has_perm("outbox.settle_all_calls"),
            "may_settle_own": request.user.has_perm("outbox.change_call"),
            "save": save,
            "refresh": refresh if refresh and refresh.state == "done" and (not save or refresh.pk > save.pk) else None,
            "unknown": unknown_at_proto(customer),
            "may_insert": customer.can_be_sent and request.user.has_perm("customers.change_customer"),
            "live": customer.sync_state in MOVING or calls.pending().exists(),
            "all_calls_url": f"{reverse('admin:outbox_call_changelist')}?lane=customers.customer:{customer.pk}",
            "refused": [
                (name, save.error_fields.get(name, "") if save and save.state == "failed" else "") for name in EDITABLE
            ],
            "current": {name: getattr(customer, name) or "" for name in EDITABLE},
        }

    def _facts(self, customer: Customer) -> dict[str, Any]:
        waiting = list(
            Call.objects.for_target(customer)
            .filter(operation__in=["add_tags", "set_custom_fields"], state__in=OPEN_TAG_STATES)
            .order_by("id")
        )
        tag_states = {tag: c.state for c in waiting for tag in c.payload.get("tags", [])}
        field_states = {e.get("field"): c.state for c in waiting for e in c.payload.get("custom_fields", [])}
        values = customer.field_values.select_related("field").order_by("field__name")
        return {
            "customer": customer,
            "tags": [(tag, tag_states.get(tag.name, "")) for tag in customer.tags.all()],
            "values": [(value, field_states.get(value.field_id, "")) for value in values],
            "live": any(call.is_pending for call in waiting),
        }

    def save_model(self, request: HttpRequest, obj: Customer, form: CustomerForm, change: bool) -> None:
        """Write the row through its service; the request to Proto is queued in save_related."""
        if change:
            form.changed_fields = services.customer_change(customer=obj, values=form.values, by=person(request))
            return
        made = services.customer_create(teamspace=obj.teamspace, values=form.values, by=person(request))
        obj.pk, obj._state.adding = made.pk, False
        form.changed_fields = list(EDITABLE)

    def save_related(self, request: HttpRequest, form: CustomerForm, formsets: Any, change: bool) -> None:
        """Queue the save for Proto, in the transaction of the row. Nothing changed, nothing sent."""
        form.instance.was_changed = bool(form.changed_fields)
        if form.changed_fields:
            services.customer_push(customer=form.instance, by=person(request))

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Name the fields that really changed."""
        if add:
            return super().construct_change_message(request, form, formsets, add)
        return ", ".join(LABELS.get(name, name) for name in form.changed_fields) or "Nothing changed."

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Say in words what a service refuses."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())

    def response_change(self, request: HttpRequest, obj: Customer) -> HttpResponse:
        """Stay on the page and say what happens next."""
        return self._after_save(request, obj)

    def response_add(self, request: HttpRequest, obj: Customer, post_url_continue: str | None = None) -> HttpResponse:
        """Go to the new person's page and say what happens next."""
        return self._after_save(request, obj)

    def _after_save(self, request: HttpRequest, obj: Customer) -> HttpResponse:
        if not getattr(obj, "was_changed", True):
            messages.info(request, "Nothing was changed, so nothing is sent.")
        elif obj.can_be_sent:
            messages.info(request, "Saved here, and on its way to Proto.")
        else:
            messages.warning(request, "Saved here only: without a unique id Proto cannot be told of this person.")
        return redirect(
            reverse("admin:customers_customer_add") if "_addanother" in request.POST else self.change_url(obj)
        )


@admin.register(Tag)
class TagAdmin(ProtoModelAdmin):
    """Tags of one's teamspaces, with the people who have them one click away."""

    list_display = ("name", "teamspace", "people")
    list_select_related = ("teamspace",)
    list_filter = (filters.TeamspaceFilter,)
    search_fields = ("name",)
    fields = ("teamspace", "name")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A tag has its name at Proto too, where it cannot be changed from here."""
        return False

    @admin.display(description="People")
    def people(self, tag: Tag) -> SafeString | str:
        """The filtered list of people."""
        return link(f"{reverse('admin:customers_customer_changelist')}?tag={tag.pk}", "Show people")
