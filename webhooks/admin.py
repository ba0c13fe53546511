"""The page Webhook deliveries: what arrived, what became of it, and what was refused."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Max, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from conversations.models import Chat
from protoadmin.connections.models import Channel
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.links import link, record_url_of
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment, row_badge
from webhooks import channel_page, filters
from webhooks.models import Delivery, DeliveryState, Refusals
from webhooks.outcomes import became, original_of, repeats_of
from webhooks.refusing import LABELS
from webhooks.replay_screen import REPLAY, REPLAY_FAILED, may_replay, replay_selection
from webhooks.replaying import visible_to
from webhooks.searching import search
from webhooks.showing import how_long, shown_body, size_in_words

channel_page.contribute()

SECRETS = tuple(f"channel__{name}" for name in Channel.secret_names())


def refusals_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Return how many requests were refused, by reason, of those that this person may know of."""
    rows = visible_to(Refusals.objects.all(), person(request))
    sums = rows.order_by().values("reason").annotate(number=Sum("count"), last=Max("last_at")).order_by("-last")
    return [{**row, "label": LABELS.get(row["reason"], row["reason"])} for row in sums]


@admin.register(Delivery)
class DeliveryAdmin(ProtoModelAdmin):
    """Read every delivery; replay what was kept."""

    read_only_page = True
    teamspace_path = "channel__teamspace"
    state_field = "state"
    change_list_template = "admin/webhooks/delivery/change_list.html"
    buttons = (REPLAY,)
    list_buttons = (REPLAY_FAILED,)
    panels: ClassVar[dict[str, str]] = {
        "delivery": "admin/webhooks/delivery/panel.html",
        "body": "admin/webhooks/delivery/body.html",
    }
    list_display = ("shown_state", "number", "kind", "shown_channel", "shown_size", "arrived", "took", "shown_error")
    list_display_links = ("number",)
    # Kind comes last: it looks only through the newest of what the others leave.
    list_filter = (
        ("state", ChoicesDropdownFilter),
        filters.ChannelFilter,
        filters.TeamspaceFilter,
        ("received_at", filters.TimeFilter),
        filters.KindFilter,
    )
    list_filter_submit = True
    search_fields = ("body",)
    search_help_text = "Text in the body"
    ordering = ("-id",)
    sortable_by = ()
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Deliveries of one's channels; never their bodies, of which a list has no need."""
        rows = visible_to(super(ProtoModelAdmin, self).get_queryset(request), person(request))
        return rows.select_related("channel").defer("body", "traceback", *SECRETS)

    def get_search_results(self, request: Any, queryset: QuerySet[Delivery], search_term: str) -> Any:
        """Look for text in the bodies, and remember how far that looked, for the page to say."""
        if not search_term:
            return queryset, False
        found, request.searched = search(queryset, search_term)
        return found, False

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer Replay only to who may."""
        return super().get_actions(request) if may_replay(request) else {}

    def changelist_view(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """Tell of the refused requests, and how far a search looked."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            looked = {name: getattr(request, name, None) for name in ("looked", "searched")}
            response.context_data.update({"refusals": refusals_of(request), **looked})
        return response

    def get_urls(self) -> list[URLPattern]:
        """Add the download of a body."""
        view = self.admin_site.admin_view(self.body_view)
        return [path("<path:object_id>/raw/", view, name="webhooks_delivery_raw"), *super().get_urls()]

    def body_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the body byte for byte, always as a download: it holds tokens, and anything else that somebody sent."""
        delivery = self.visible_record(request, object_id)
        if not may_replay(request):
            raise PermissionDenied
        if delivery.state == DeliveryState.REJECTED:
            raise Http404
        return HttpResponse(
            bytes(delivery.body),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="delivery-{delivery.pk}.bin"',
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )

    def panel_context(self, request: HttpRequest, record: Delivery, name: str) -> dict[str, Any]:
        """Everything about one delivery, live while it waits; its body, which never changes, apart from that."""
        context: dict[str, Any] = {
            "delivery": record,
            "size": size_in_words(record.size),
            "may_replay": may_replay(request),
            "was_kept": record.state != DeliveryState.REJECTED,
        }
        if name == "body":
            return {**context, "body": shown_body(record)}
        return {
            **context,
            "took": how_long(record),
            "live": record.state == DeliveryState.RECEIVED,
            "channel_url": record_url_of(record.channel),
            "original": original_of(record),
            "repeats": repeats_of(record),
            "became": became(record),
            "chats_have_pages": Chat in self.admin_site._registry,
        }

    @admin.display(description="State")
    def shown_state(self, delivery: Delivery) -> SafeString:
        """The state as a badge."""
        return row_badge(delivery.state, delivery.pk)

    @admin.display(description="Delivery")
    def number(self, delivery: Delivery) -> str:
        """The number, which leads to its page."""
        return f"#{delivery.pk}"

    @admin.display(description="Channel")
    def shown_channel(self, delivery: Delivery) -> SafeString | str:
        """The channel, with a link to it."""
        if delivery.channel is None:
            return format_html('<span class="pa-sub">{}</span>', "no known channel")
        return link(record_url_of(delivery.channel), delivery.channel.name)

    @admin.display(description="Size")
    def shown_size(self, delivery: Delivery) -> str:
        """The size of the body."""
        return size_in_words(delivery.size)

    @admin.display(description="Received")
    def arrived(self, delivery: Delivery) -> SafeString | str:
        """When it arrived."""
        return moment(delivery.received_at)

    @admin.display(description="Processed after")
    def took(self, delivery: Delivery) -> str:
        """How long it took until it was processed."""
        return how_long(delivery)

    @admin.display(description="Error")
    def shown_error(self, delivery: Delivery) -> str:
        """The error, shortened."""
        return delivery.error if len(delivery.error) <= 120 else f"{delivery.error[:117]}…"

    @admin.action(description="Replay")
    def replay(self, request: HttpRequest, rows: QuerySet[Delivery]) -> HttpResponse | None:
        """Have the chosen ones processed again."""
        return replay_selection(request, rows)
