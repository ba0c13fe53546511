"""The pages Companies and contacts, read-only mirrored, and the buttons that pull them."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from customers.exporting.lists import COMPANIES, CONTACTS
from customers.exporting.screens import Exporting, export_actions
from customers.helpdesk import filters
from customers.helpdesk.pulling import is_pulling, pull_start
from customers.helpdesk.search import search_rows
from customers.linking.buttons import RECORD_BUTTONS
from customers.linking.by_hand import who_it_is
from customers.linking.kinds import CONTACT
from customers.linking.leaving import leaving
from customers.models import Company, Contact
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.connections.scoping import only_visible
from protoadmin.refusals import Refused
from protoadmin.screens.base import ProtoModelAdmin, may
from protoadmin.screens.buttons import Button, contribute_button
from protoadmin.screens.links import link, record_url_of
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment

SHOWN = 50
NAMED_IN_DELETE = 20
PULLED = "It is pulled in the background; the page shows it as it comes."
# Who may have companies pulled: nobody changes what is mirrored by hand.
PULL_PERMISSION = "customers.change_company"


def _pull_account(request: HttpRequest, account: HelpdeskAccount, form: Any) -> str:
    pull_start(account=account, by=person(request))
    return "Everything is pulled in the background; see Background runs."


def _pull_company(request: HttpRequest, company: Company, form: Any) -> str:
    pull_start(account=company.account, by=person(request), company=company)
    return PULLED


def _pull_accounts(request: HttpRequest, record: None, form: Any) -> str:
    accounts = only_visible(HelpdeskAccount.objects.filter(is_active=True), request.user)
    started, refused = 0, None
    for account in accounts:
        try:
            pull_start(account=account, by=person(request))
            started += 1
        except Refused as error:
            refused = error
    if not started:
        raise refused or Refused("No helpdesk account is connected yet. An administrator adds one under Connections.")
    return "Everything is pulled in the background; see Background runs."


contribute_button(
    "connections.HelpdeskAccount",
    Button("pull-everything", "Pull everything", _pull_account, may(PULL_PERMISSION), icon="sync"),
)


class MirroredAdmin(ProtoModelAdmin):
    """Rows of a helpdesk account: read here, and changed in the helpdesk alone. A local copy may be deleted."""

    teamspace_path = "account__teamspace"
    has_indexed_orders = True
    read_only_page = True
    list_filter_submit = True
    change_list_template = "admin/customers/helpdesk_list.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The copy here may go; the next pull brings it again if the helpdesk still has it."""
        allowed: bool = ModelAdmin.has_delete_permission(self, request, obj)
        return allowed

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the rows; the words that they are found by go with them, and nobody need read those."""
        rows = list(objs)
        more = len(rows) - NAMED_IN_DELETE
        named = [*map(str, rows[:NAMED_IN_DELETE]), *([f"and {more:,} more"] if more > 0 else [])]
        return named, {str(self.opts.verbose_name_plural): len(rows)}, set(), []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The wide JSON of the remote's answer stays in the database."""
        return super().get_queryset(request).defer("remote_data")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search through the index of terms."""
        return search_rows(queryset, search_term), False

    @admin.display(description="Gone", ordering="gone_at")
    def gone(self, row: Any) -> SafeString | str:
        """Since when the helpdesk no longer lists it."""
        if row.gone_at is None:
            return ""
        return format_html('<span class="pa-badge pa-state-dismissed">Gone</span> {}', moment(row.gone_at))


@admin.register(Company)
class CompanyAdmin(Exporting, MirroredAdmin):
    """Companies: found by name, website, industry or id."""

    actions = export_actions(COMPANIES)
    export = COMPANIES

    panels: ClassVar[dict[str, str]] = {
        "company": "admin/panels/company.html",
        "contacts": "admin/panels/company_contacts.html",
    }
    buttons = (
        Button(
            "pull-company",
            "Pull this company",
            _pull_company,
            may(PULL_PERMISSION),
            icon="sync",
            style="pa-primary",
            help="Reads the company's contacts and conversations from the helpdesk.",
        ),
    )
    list_buttons = (Button("pull-everything", "Pull everything", _pull_accounts, may(PULL_PERMISSION), icon="sync"),)
    list_display = ("shown_name", "industry", "stage_id", "deal", "is_customer", "contacted", "gone")
    list_display_links = ("shown_name",)
    list_filter = (
        filters.IndustryFilter,
        filters.StageFilter,
        filters.CustomerFilter,
        filters.GoneFilter,
        filters.AccountFilter,
        filters.AccountTeamspaceFilter,
    )
    search_fields = ("name",)
    search_help_text = "Name, website, industry or id"
    list_select_related = ("account",)

    def panel_context(self, request: HttpRequest, record: Company, name: str) -> dict[str, Any]:
        """Return the facts, or the first contacts, the primary ones before the others."""
        live = is_pulling(record.account)
        if name == "company":
            return {"company": record, "website_url": _web_address(record.website), "live": live}
        contacts = list(record.contacts.order_by("-is_primary", "name", "pk").defer("remote_data")[: SHOWN + 1])
        return {"contacts": contacts[:SHOWN], "more": len(contacts) > SHOWN, "live": live}

    @admin.display(description="Company", ordering="name")
    def shown_name(self, company: Company) -> SafeString:
        """The name, and the website as text."""
        return format_html(
            '<span><span class="pa-person" dir="auto">{}</span> <span class="pa-sub">{}</span></span>',
            company,
            company.website,
        )

    @admin.display(description="Deal value", ordering="deal_value")
    def deal(self, company: Company) -> str:
        """The value, with commas; no currency is known."""
        return "" if company.deal_value is None else f"{company.deal_value:,.2f}".removesuffix(".00")

    @admin.display(description="Last contact", ordering="last_contact")
    def contacted(self, company: Company) -> SafeString | str:
        """When somebody last spoke with them."""
        return moment(company.last_contact)


def _web_address(text: str) -> str:
    """Return an address that a link may lead to; "" for everything that is not plainly a web page's."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    return text.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


@admin.register(Contact)
class ContactAdmin(Exporting, MirroredAdmin):
    """Contacts of companies."""

    actions = export_actions(CONTACTS)
    export = CONTACTS

    panels: ClassVar[dict[str, str]] = {
        "contact": "admin/panels/contact.html",
        "person": "admin/panels/record_person.html",
    }
    buttons = RECORD_BUTTONS
    list_display = ("shown_name", "shown_company", "title", "role", "is_primary", "gone")
    list_display_links = ("shown_name",)
    list_filter = (
        filters.PrimaryFilter,
        filters.GoneFilter,
        filters.AccountFilter,
        filters.AccountTeamspaceFilter,
    )
    search_fields = ("name",)
    search_help_text = "Name, mail, phone or id"
    list_select_related = ("account", "company")

    def delete_model(self, request: HttpRequest, obj: Contact) -> None:
        """Who had it suggested may have nothing suggested any more."""
        with leaving([obj]):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        """The same for many."""
        with leaving(queryset):
            super().delete_queryset(request, queryset)

    def panel_context(self, request: HttpRequest, record: Contact, name: str) -> dict[str, Any]:
        """Return everything about one contact, or who it is."""
        if name == "person":
            return who_it_is(CONTACT, record, request)
        return {"contact": record}

    @admin.display(description="Contact", ordering="name")
    def shown_name(self, contact: Contact) -> SafeString:
        """The name, mail and phone."""
        return format_html(
            '<span><span class="pa-person" dir="auto">{}</span> <span class="pa-sub">{} {}</span></span>',
            contact,
            contact.email,
            contact.phone,
        )

    @admin.display(description="Company", ordering="company__name")
    def shown_company(self, contact: Contact) -> SafeString | str:
        """The company, with a link; its id where it is not known here."""
        return link(record_url_of(contact.company), str(contact.company or contact.remote_company_id))
