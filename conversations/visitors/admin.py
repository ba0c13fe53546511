"""The pages of visitor conversations, read-only mirrored, and what they add to a company's page."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from conversations.exporting.lists import VISITORS
from conversations.models import VisitorConversation
from customers.exporting.screens import Exporting, export_actions
from customers.helpdesk import filters
from customers.helpdesk.admin import MirroredAdmin
from customers.helpdesk.pulling import is_pulling
from customers.models import Company
from protoadmin.screens.links import link, record_url_of
from protoadmin.screens.panels import Panel, contribute_panel
from protoadmin.screens.templatetags.proto import moment

SHOWN = 50
TAGS_SHOWN = 3


def _of_company(request: HttpRequest, company: Company) -> dict[str, Any]:
    rows = VisitorConversation.objects.filter(company=company).order_by("-last_message_at", "-pk")
    found = list(rows.defer("remote_data", "user_agent")[: SHOWN + 1])
    return {"conversations": found[:SHOWN], "more": len(found) > SHOWN, "live": is_pulling(company.account)}


contribute_panel("customers.Company", Panel("conversations", "admin/panels/company_conversations.html", _of_company))


class StatusFilter(filters.UsedValueFilter):
    """By status."""

    title, parameter_name, column = "status", "status", "status"


class ReadFilter(filters.YesNoFilter):
    """Read or not."""

    title, parameter_name, column = "read", "read", "is_read"


@admin.register(VisitorConversation)
class VisitorConversationAdmin(Exporting, MirroredAdmin):
    """Conversations of the helpdesk."""

    actions = export_actions(VISITORS)
    export = VISITORS

    panels: ClassVar[dict[str, str]] = {"conversation": "admin/panels/visitor_conversation.html"}
    list_display = ("shown_visitor", "shown_company", "status", "tag_chips", "is_read", "last", "gone")
    list_display_links = ("shown_visitor",)
    list_filter = (
        StatusFilter,
        ReadFilter,
        filters.GoneFilter,
        filters.AccountFilter,
        filters.AccountTeamspaceFilter,
    )
    search_fields = ("visitor_name",)
    search_help_text = "Visitor, mail or id"
    list_select_related = ("account", "company")

    def panel_context(self, request: HttpRequest, record: VisitorConversation, name: str) -> dict[str, Any]:
        """Return everything about one conversation."""
        return {"conversation": record}

    @admin.display(description="Visitor", ordering="visitor_name")
    def shown_visitor(self, conversation: VisitorConversation) -> SafeString:
        """The name, and the mail."""
        return format_html(
            '<span><span class="pa-person" dir="auto">{}</span> <span class="pa-sub">{}</span></span>',
            conversation,
            conversation.visitor_email,
        )

    @admin.display(description="Company", ordering="company__name")
    def shown_company(self, conversation: VisitorConversation) -> SafeString | str:
        """The company, with a link; its id where it is not known here."""
        return link(record_url_of(conversation.company), str(conversation.company or conversation.remote_company_id))

    @admin.display(description="Tags")
    def tag_chips(self, conversation: VisitorConversation) -> SafeString:
        """The first tags."""
        tags = conversation.tags if isinstance(conversation.tags, list) else []
        shown = ((tag,) for tag in tags[:TAGS_SHOWN])
        return format_html_join(" ", '<span class="pa-chip" dir="auto">{}</span>', shown)

    @admin.display(description="Last message", ordering="last_message_at")
    def last(self, conversation: VisitorConversation) -> SafeString | str:
        """When somebody last wrote."""
        return moment(conversation.last_message_at)
