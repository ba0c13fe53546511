"""The left navigation: the words and their order are DESIGN's, section 6."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    def check(request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return check


def _item(title: str, icon: str, link: str, permission: str | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {"title": title, "icon": icon, "link": reverse_lazy(link)}
    if permission:
        item["permission"] = _may(permission)
    return item


SIDEBAR: dict[str, Any] = {
    "show_search": False,
    "show_all_applications": False,
    "navigation": [
        {
            "items": [
                _item("Dashboard", "space_dashboard", "admin:index"),
                _item("Inbox", "forum", "admin:conversations_chat_changelist", "conversations.view_chat"),
                _item("Customers", "group", "admin:customers_customer_changelist", "customers.view_customer"),
                _item(
                    "Protocol customers",
                    "contacts",
                    "admin:customers_protocolcustomer_changelist",
                    "customers.view_protocolcustomer",
                ),
                _item(
                    "Tickets",
                    "confirmation_number",
                    "admin:conversations_ticket_changelist",
                    "conversations.view_ticket",
                ),
                _item("Companies", "domain", "admin:customers_company_changelist", "customers.view_company"),
                _item("Custom fields", "tune", "admin:customers_customfield_changelist", "customers.view_customfield"),
                _item("Tags", "sell", "admin:customers_tag_changelist", "customers.view_tag"),
            ],
        },
        {
            "separator": True,
            "items": [
                _item("Connections", "hub", "admin:connections_teamspace_changelist", "connections.view_teamspace"),
                _item("Webhook deliveries", "webhook", "admin:webhooks_delivery_changelist", "webhooks.view_delivery"),
                _item("API calls", "outbox", "admin:outbox_call_changelist", "outbox.view_call"),
                _item("Background runs", "progress_activity", "admin:runs_run_changelist", "runs.view_run"),
                _item("API keys", "key", "admin:api_apikey_changelist", "api.view_apikey"),
                _item("Staff", "badge", "admin:auth_user_changelist", "auth.view_user"),
            ],
        },
    ],
}
