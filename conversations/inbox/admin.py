"""The Inbox: one page with the list, a transcript and its person, and the buttons on them."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from conversations.inbox import reading
from conversations.inbox.buttons import BUTTONS, LIST_BUTTONS, wants_json
from conversations.inbox.choices import choices_of, words_of
from conversations.inbox.filters import Filters
from conversations.inbox.listing import chats_page
from conversations.inbox.many import MANY_BUTTONS
from conversations.inbox.person_pane import person_name
from conversations.inbox.search_page import SearchPage
from conversations.models import EXPORT_CHATS, Chat
from conversations.search.rebuilding import is_complete
from protoadmin.screens.people import person
from protoadmin.screens.policy import WITH_PICTURES

PEOPLE_SHOWN = 3


@dataclass
class InboxList:
    """The list under the name by which the theme's templates ask for it."""

    result_list: list[Any]
    opts: Any
    model_admin: Any
    filter_specs: tuple[()] = ()


@admin.register(Chat)
class ChatAdmin(SearchPage):
    """The inbox; a chat's page is the same page with that chat open."""

    buttons = BUTTONS
    list_buttons = LIST_BUTTONS

    # --- the page -----------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the inbox, no chat open."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, None)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the inbox with this chat open."""
        if object_id is None or request.method != "GET":
            raise PermissionDenied
        chat = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, chat):
            raise PermissionDenied
        if chat is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return self._page(request, chat)

    def _page(self, request: HttpRequest, chat: Chat | None) -> HttpResponse:
        user, filters = person(request), Filters.read(request.GET)
        # First what may have changed meanwhile, so that the first question after it sees it again.
        beat = self._beat(request, filters)
        page = self._page_of(request, filters)
        context = {
            **self.admin_site.each_context(request),
            **self._list_context(request, filters, page),
            **(self._chat_context(request, chat) if chat else {}),
            "title": "Inbox",
            "subtitle": person_name(chat) if chat else None,
            "cl": InboxList([], self.opts, self),
            "people_rows": chats_page(user, filters, size=PEOPLE_SHOWN).rows if filters.is_search else [],
            "is_indexed": not filters.is_search or is_complete(),
            "is_fullwidth": "1",
            "beat": beat,
            "views": self._views(user, filters),
            "choices": choices_of(user, filters),
            "filter_words": words_of(user, filters),
            "save_view": next(entry for entry in self._list_buttons(request) if entry["button"].name == "save-view"),
            "many": [button for button in MANY_BUTTONS if button.allowed(request, None)],
            "may_export": user.has_perm(EXPORT_CHATS),
            "may_share": user.has_perm("conversations.share_view"),
        }
        response = TemplateResponse(request, "admin/inbox/page.html", context)
        # A picture is loaded when somebody clicks on it, and only then: no page asks for one by itself.
        response.headers["Content-Security-Policy"] = WITH_PICTURES
        return response

    def _list_buttons(self, request: HttpRequest) -> list[dict[str, Any]]:
        return [
            {
                "button": button,
                "url": reverse("admin:conversations_chat_list_button", args=[button.name]),
                "form": button.form(user=request.user) if button.form else None,
            }
            for button in self.list_buttons
            if button not in MANY_BUTTONS
        ]

    def _views(self, user: Any, filters: Filters) -> list[dict[str, Any]]:
        here = filters.query()
        may_share = user.has_perm("conversations.share_view")
        return [
            {
                "view": view,
                "query": Filters.parse(view.query).query(),
                "is_here": bool(here) and Filters.parse(view.query).query() == here,
                "may_delete": view.owner_id == user.pk or (view.shared and may_share),
            }
            for view in reading.views_of(user)[: reading.VIEWS_SHOWN]
        ]

    def _refused_form(self, request: HttpRequest, button: Any, record: Any, form: Any, back: str) -> HttpResponse:
        """Say to a page that asks by itself what is wrong, by field."""
        if wants_json(request):
            return JsonResponse({"errors": form.errors.get_json_data()}, status=422)
        return super()._refused_form(request, button, record, form, back)
