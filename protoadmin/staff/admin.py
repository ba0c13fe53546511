"""The page Staff: who may use the admin, in which role, and in which teamspaces."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.refusals import Refused
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.templatetags.proto import moment
from protoadmin.staff import services
from protoadmin.staff.filters import RoleFilter, TeamspaceFilter
from protoadmin.staff.forms import NewPersonForm, PersonForm, PersonPasswordForm
from protoadmin.staff.history import PASSWORD_MESSAGE, log_message, readable_by
from protoadmin.staff.roles import ROLES
from protoadmin.staff.rules import MEMBERSHIPS, name_of, visible_people, why_untouchable

DETAILS = ("username", ("first_name", "last_name"), "email")

admin.site.unregister(User)
# Groups are the product's own: the roles, kept in step by migrate.
admin.site.unregister(Group)


@admin.register(User)
class StaffAdmin(ProtoModelAdmin):
    """See and change the people of one's teamspaces; the rules are in rules.py, and services.py holds them."""

    teamspace_path = None
    waits_for_workers = False
    form = PersonForm
    change_form_template = "staff/change_form.html"
    change_list_template = "staff/change_list.html"
    list_display = ("shown_name", "username", "shown_roles", "shown_teamspaces", "shown_active", "shown_last_login")
    list_display_links = ("shown_name", "username")
    list_filter: ClassVar[Any] = (RoleFilter, TeamspaceFilter, "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = "Name, username or mail"
    ordering = ("username",)
    readonly_fields = ("shown_roles", "shown_teamspaces", "shown_last_login", "shown_joined")
    actions = None

    # --- whose page -----------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the people that this person sees, with what the list shows of them."""
        by: Any = request.user
        teamspaces = visible_teamspaces(by)
        others = MEMBERSHIPS.filter(user=OuterRef("pk")).exclude(teamspace__in=teamspaces)
        shown = Prefetch("teamspaces", teamspaces, to_attr="teamspaces_shown")
        people = visible_people(by).annotate(has_others=Exists(others)).prefetch_related("groups", shown)
        return people.order_by(*self.ordering)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse those whom this person may read and not change."""
        by: Any = request.user
        return super().has_change_permission(request, obj) and (obj is None or not why_untouchable(obj, by))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody is deleted: people are deactivated."""
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow the list's own filters alone: others could ask for passwords, or for teamspaces out of sight."""
        return lookup in {"is_active__exact", RoleFilter.parameter_name, TeamspaceFilter.parameter_name}

    # --- the form -------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Return the form for a new person, one whom this person may change, or one to be read."""
        access = ("roles", "teamspaces", "is_active")
        if obj is None:
            return [(None, {"fields": (*DETAILS, "password1", "password2")}), ("Access", {"fields": access})]
        if not self.has_change_permission(request, obj):
            access = ("shown_roles", "shown_teamspaces", "is_active")
        return [
            (None, {"fields": DETAILS}),
            ("Access", {"fields": access}),
            ("Log-ins", {"fields": (("shown_last_login", "shown_joined"),)}),
        ]

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form whose page it is on."""
        kwargs.setdefault("form", PersonForm if obj else NewPersonForm)
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"editor": request.user})

    @method_decorator(sensitive_post_parameters("password1", "password2"))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Say why a page can only be read."""
        by: Any = request.user
        extra = {**(extra_context or {}), "title": "Add a person" if object_id is None else "Staff"}
        person = self.get_object(request, unquote(object_id)) if object_id is not None else None
        if person is not None:
            extra |= {"title": name_of(person), "person": person, "is_own_page": person.pk == by.pk}
            if self.has_view_permission(request, person):
                extra["why_untouchable"] = why_untouchable(person, by)
        return super().changeform_view(request, object_id, form_url, extra)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Call the page by its name."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "Staff"})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Hand over to the services; the form keeps what changed, for the log."""
        by: Any = request.user
        if change:
            form.changes = services.person_change(person=obj, data=form.person_data(), by=by)
            return
        made, form.changes = services.person_create(
            data=form.person_data(), password=form.cleaned_data["password1"], by=by
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    # --- the log --------------------------------------------------------------------------------

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Return old and new values for the log; of a password only that it was set."""
        if isinstance(form, PersonForm):
            return log_message(form.changes, added=add)
        return PASSWORD_MESSAGE

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leave out the names of teamspaces that the reader does not see."""
        by: Any = request.user
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            page = response.context_data["action_list"]
            page.object_list = readable_by(list(page.object_list), by)
        return response

    # --- passwords ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which somebody is given a new password."""
        view = self.admin_site.admin_view(self.password_view)
        return [path("<path:object_id>/password/", view, name="auth_user_password_change"), *super().get_urls()]

    @method_decorator(sensitive_post_parameters("password1", "password2"))
    def password_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give somebody a new password; one's own is changed on the page that asks for the old one."""
        by: Any = request.user
        if not super().has_change_permission(request):
            raise PermissionDenied
        if str(by.pk) == object_id:
            return redirect("admin:password_change")
        person = self.visible_record(request, object_id)
        if why := why_untouchable(person, by):
            raise PermissionDenied(why)
        form = PersonPasswordForm(person, request.POST if request.method == "POST" else None)
        if form.is_valid() and self._set_password(request, person, form):
            messages.success(request, f"{name_of(person)} has a new password, and has to log in with it.")
            return redirect(self.change_url(person))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Change password: {name_of(person)}",
            "form": form,
            "opts": self.opts,
            "original": person,
        }
        return TemplateResponse(request, "staff/password.html", context)

    def _set_password(self, request: HttpRequest, person: User, form: PersonPasswordForm) -> bool:
        by: Any = request.user
        try:
            with transaction.atomic():
                services.person_set_password(person=person, password=form.cleaned_data["password1"], by=by)
                self.log_change(request, person, PASSWORD_MESSAGE)
        except Refused as error:
            form.add_error(None, str(error))
            return False
        return True

    # --- what the list and the page show --------------------------------------------------------

    @admin.display(description="Name", ordering="first_name")
    def shown_name(self, person: User) -> str:
        """Their name."""
        return name_of(person)

    @admin.display(description="Roles")
    def shown_roles(self, person: User) -> str:
        """Their roles; a superuser needs none."""
        held = {group.name for group in person.groups.all()}
        roles = [role for role in ROLES if role in held]
        return ", ".join(["Superuser", *roles] if person.is_superuser else roles)

    @admin.display(description="Teamspaces")
    def shown_teamspaces(self, person: Any) -> str:
        """Their teamspaces that the reader sees, and that there are others."""
        names = [teamspace.name for teamspace in person.teamspaces_shown]
        return ", ".join([*names, "others that you do not see"] if person.has_others else names)

    @admin.display(description="Active", boolean=True, ordering="is_active")
    def shown_active(self, person: User) -> bool:
        """Whether they can log in."""
        return person.is_active

    @admin.display(description="Last login", ordering="last_login")
    def shown_last_login(self, person: User) -> SafeString | str:
        """When they logged in last."""
        return moment(person.last_login) or "never"

    @admin.display(description="Here since")
    def shown_joined(self, person: User) -> SafeString | str:
        """When they were made."""
        return moment(person.date_joined)
