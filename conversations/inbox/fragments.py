"""The fragments of the inbox: what its page asks for after it was opened. All of it is read, nothing is changed."""

import hashlib
import json
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from conversations.inbox import reading, transcript
from conversations.inbox.composing import MessageForm
from conversations.inbox.filters import Filters
from conversations.inbox.finding import matches_of, needles
from conversations.inbox.listing import ListPage, Place, chats_counted, chats_page, pulse
from conversations.inbox.many import MANY_BUTTONS
from conversations.inbox.person_pane import customer_buttons, pane, person_name
from conversations.inbox.taking_along import streamed
from conversations.models import Chat
from conversations.search.others import Others
from conversations.search.results import FoundPage, found_page, matching_counted
from protoadmin.ids import as_id
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.pagination import COUNTED
from protoadmin.screens.people import person

AnyPage = ListPage | FoundPage | Others
ONLY_READ = method_decorator(require_safe)


class ChatFragments(ProtoModelAdmin):
    """What pages of chats are made of."""

    read_only_page = True
    panels: ClassVar[dict[str, str]] = {"person": "admin/inbox/person.html"}

    def get_urls(self) -> list[URLPattern]:
        """Add the fragments' addresses."""

        def part(route: str, method: Any, name: str) -> URLPattern:
            view: Any = self.admin_site.admin_view(method)
            found: URLPattern = path(route, view, name=f"conversations_chat_{name}")
            return found

        return [
            part("rows/", self.rows_view, "rows"),
            part("live/", self.live_view, "live"),
            part("count/", self.count_view, "count"),
            part("form/", self.form_view, "form"),
            part("<path:object_id>/pane/", self.pane_view, "pane"),
            part("<path:object_id>/messages/", self.messages_view, "messages"),
            part("<path:object_id>/print/", self.print_view, "print"),
            part("<path:object_id>/text/", self.text_view, "text"),
            *super().get_urls(),
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a chat with whom it is with, in one query."""
        chats = self.get_queryset(request).select_related("human__customer", "channel", "teamspace")
        try:
            return chats.defer("remote_data", "chat_token").get(pk=int(object_id))
        except (ValueError, OverflowError, Chat.DoesNotExist):
            return None

    # --- what the templates need ----------------------------------------------------------------

    def _list_context(self, request: HttpRequest, filters: Filters, page: AnyPage) -> dict[str, Any]:
        query = filters.query()
        return {
            "by_people": filters.query(by="people", order=""),
            "by_messages": filters.query(by=""),
            "by_relevance": filters.query(order="relevance"),
            "by_time": filters.query(order=""),
            "filters": filters,
            "query": query,
            "without_q": filters.query(q=""),
            "suffix": f"?{query}" if query else "",
            "page": page,
            "more_url": f"{reverse('admin:conversations_chat_rows')}?{filters.query()}&after={page.next}"
            if page.next
            else "",
            "list_version": self._list_version(page) if isinstance(page, ListPage) else "",
            "list_url": self.list_url(),
            "search_url": reverse("admin:conversations_chat_search"),
        }

    def _chat_context(self, request: HttpRequest, chat: Chat) -> dict[str, Any]:
        user, filters = person(request), Filters.read(request.GET)
        matches = matches_of(user, chat, filters, as_id(request.GET.get("m")))
        found = transcript.around(chat, matches.here) if matches else None
        shown = found or transcript.opened(chat, reading.read_to(chat, user))
        if matches:
            transcript.mark(shown.lines, matches.needles)
        may_send = user.has_perm("conversations.send_message")
        return {
            "chat": chat,
            "record": chat,
            "chat_url": self.change_url(chat),
            "version": transcript.version_of(chat),
            "person_name": person_name(chat),
            "matches": matches,
            "suffix": f"?{filters.query()}" if not filters.is_empty else "",
            "shown": shown,
            **self._lines_context(request, chat, shown.lines),
            "form": MessageForm(record=chat, user=user, auto_id="write_%s") if may_send else None,
            "chat_buttons": {entry["button"].name: entry for entry in self.buttons_for(request, chat)},
            "person_panel": self.render_panel(request, chat, "person")[0],
            "proto_buttons": customer_buttons(request, chat),
            "buttons_next": self.change_url(chat),
        }

    def _page_of(self, request: HttpRequest, filters: Filters) -> AnyPage:
        """Return the results of a search, or the list."""
        user, after = person(request), request.GET.get("after", "")
        if filters.is_search:
            return found_page(user, filters, after)
        return chats_page(user, filters, Place.read(after))

    def _lines_context(self, request: HttpRequest, chat: Chat, lines: list[transcript.Line]) -> dict[str, Any]:
        return {
            "chat": chat,
            "chat_url": self.change_url(chat),
            "lines": lines,
            "may_settle_all": request.user.has_perm("outbox.settle_all_calls"),
            "may_settle_own": request.user.has_perm("outbox.change_call"),
        }

    def panel_context(self, request: HttpRequest, record: Chat, name: str) -> dict[str, Any]:
        """Whom the chat is with."""
        return pane(request, record)

    # --- fragments ----------------------------------------------------------------------------

    def _reader(self, request: HttpRequest) -> None:
        """Refuse who may not read chats at all."""
        if not self.has_view_permission(request):
            raise PermissionDenied

    @ONLY_READ
    def rows_view(self, request: HttpRequest) -> HttpResponse:
        """Return a further page of the list, or the first one for other filters."""
        self._reader(request)
        filters = Filters.read(request.GET)
        page = self._page_of(request, filters)
        template = "admin/inbox/found.html" if filters.is_search else "admin/inbox/rows.html"
        return TemplateResponse(request, template, self._list_context(request, filters, page))

    @ONLY_READ
    def count_view(self, request: HttpRequest) -> HttpResponse:
        """Return how many chats match, in words."""
        self._reader(request)
        filters = Filters.read(request.GET)
        counted = matching_counted if filters.is_search else chats_counted
        return JsonResponse({"count": counted(person(request), filters, COUNTED)})

    @ONLY_READ
    def form_view(self, request: HttpRequest) -> HttpResponse:
        """Return the form of a button of the list, as a dialog."""
        self._reader(request)
        name = request.GET.get("name", MANY_BUTTONS[0].name)
        button = next((button for button in MANY_BUTTONS if button.name == name), None)
        if button is None or button.form is None:
            raise Http404
        if not button.allowed(request, None):
            raise PermissionDenied
        url = reverse("admin:conversations_chat_list_button", args=[button.name])
        known = {"query": Filters.read(request.GET).query()}
        form = button.form(user=request.user, auto_id=f"id_{name}_%s", initial=known)
        context = {"button": button, "url": url, "form": form}
        return TemplateResponse(request, "admin/inbox/many_dialog.html", context)

    @ONLY_READ
    def pane_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return transcript, composer and person of a chat that is opened."""
        chat = self.visible_record(request, object_id)
        filters = Filters.read(request.GET)
        context = {**self._chat_context(request, chat), "query": filters.query(), "list_url": self.list_url()}
        return TemplateResponse(request, "admin/inbox/chat.html", context)

    @ONLY_READ
    def messages_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the page of messages before or behind a place."""
        chat = self.visible_record(request, object_id)
        after = transcript.place_of(request.GET.get("after", ""))
        before = transcript.place_of(request.GET.get("before", ""))
        found = transcript.newer_than(chat, after) if after else transcript.older_than(chat, before)
        transcript.mark(found.lines, needles(Filters.read(request.GET)))
        html = render_to_string("admin/inbox/lines.html", self._lines_context(request, chat, found.lines), request)
        return JsonResponse({"html": html, "older": found.has_older, "newer": found.has_newer})

    @ONLY_READ
    def print_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """Return a plain page of the whole chat, for paper."""
        return streamed(self.visible_record(request, object_id), "html")

    @ONLY_READ
    def text_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """Return the whole chat as text."""
        return streamed(self.visible_record(request, object_id), "text")

    # --- live ---------------------------------------------------------------------------------

    def _beat(self, request: HttpRequest, filters: Filters) -> str:
        # The results of a search stay as they are: who comes back finds them in their places.
        return "" if filters.is_search else _digest(pulse(person(request), filters))

    def _list_version(self, page: ListPage) -> str:
        return _digest([[row.values, row.read_to] for row in page.rows])

    @ONLY_READ
    def live_view(self, request: HttpRequest) -> HttpResponse:
        """Return what is new in list and transcript, or 204: `b` and `v` say what the page has of either."""
        self._reader(request)
        filters = Filters.read(request.GET)
        news: dict[str, Any] = {}
        beat = self._beat(request, filters)
        if not filters.is_search and (beat != request.GET.get("b") or request.GET.get("all") == "1"):
            page = chats_page(person(request), filters)
            version = self._list_version(page)
            news["beat"] = beat
            if version != request.GET.get("l"):
                context = self._list_context(request, filters, page)
                news["list"] = render_to_string("admin/inbox/rows.html", context, request)
                news["list_version"] = version
        if opened := request.GET.get("chat"):
            news |= self._chat_news(request, opened)
        return JsonResponse(news) if news else HttpResponse(status=204)

    def _chat_news(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        # Asked each second by everybody: a few columns of one row, and the rest only when something is new.
        slim = self.get_queryset(request).only("version", "active", "sync_state", "chat_id")
        row = slim.filter(pk=pk).first() if (pk := as_id(object_id)) is not None else None
        if row is None:
            raise Http404
        known = request.GET.get("v", "")
        if known == transcript.version_of(row) or (chat := self.get_object(request, object_id)) is None:
            return {}
        lines, gone = transcript.changed_since(chat, as_id(known.partition(".")[0]) or 0)
        transcript.mark(lines, needles(Filters.read(request.GET)))
        html = render_to_string("admin/inbox/lines.html", self._lines_context(request, chat, lines), request)
        return {
            "chat": chat.pk,
            "version": transcript.version_of(chat),
            **{part: render_to_string(f"admin/inbox/{part}.html", {"chat": chat}) for part in LIVE_PARTS},
            "sequence": str(chat.last_sequence),
            "lines": html,
            "gone": gone,
            "is_whole": len(lines) + len(gone) < transcript.NEW_AT_ONCE,
        }


# What stands around the transcript and follows the chat's row.
LIVE_PARTS = ("flags", "about", "hint")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:16]
