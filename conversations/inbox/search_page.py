"""The search page: messages, people and tickets, each on its tab."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from conversations.inbox.choices import choices_of, words_of
from conversations.inbox.filters import Filters
from conversations.inbox.fragments import ONLY_READ, ChatFragments
from conversations.search.others import Others, people_found, tickets_found
from conversations.search.rebuilding import is_complete
from conversations.search.results import FoundPage, found_page
from protoadmin.screens.people import person

# Each tab with its label and what one must be allowed to see.
TABS = (
    ("messages", "Messages", "conversations.view_chat"),
    ("people", "People", "customers.view_customer"),
    ("tickets", "Tickets", "conversations.view_ticket"),
)


class SearchPage(ChatFragments):
    """Adds the search page to the inbox's addresses."""

    def get_urls(self) -> list[URLPattern]:
        """Add its address."""
        view: Any = self.admin_site.admin_view(self.search_view)
        return [path("search/", view, name="conversations_chat_search"), *super().get_urls()]

    @ONLY_READ
    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Show what is found."""
        self._reader(request)
        user, filters = person(request), Filters.read(request.GET)
        tabs = [(name, label) for name, label, permission in TABS if user.has_perm(permission)]
        tab = request.GET.get("tab", "")
        tab = tab if tab in dict(tabs) else "messages"
        context = {
            **self.admin_site.each_context(request),
            **self._list_context(request, filters, _page(tab, user, filters, request.GET.get("after", ""))),
            "title": "Search",
            "subtitle": filters.q or None,
            "tabs": tabs,
            "tab": tab,
            "choices": choices_of(user, filters) if tab == "messages" else [],
            "filter_words": words_of(user, filters),
            "is_indexed": is_complete(),
        }
        return TemplateResponse(request, "admin/inbox/search.html", context)


def _page(tab: str, user: User, filters: Filters, after: str) -> FoundPage | Others:
    if tab == "people":
        return people_found(user, filters, after)
    if tab == "tickets":
        return tickets_found(user, filters, after)
    return found_page(user, filters, after)
