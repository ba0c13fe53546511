"""The exports of tickets and of the helpdesk's conversations."""

from conversations.models import EXPORT_CHATS, Ticket, VisitorConversation
from customers.exporting.lists import FROM_HELPDESK, OF_ACCOUNT, OF_COMPANY, list_export, own

TICKETS = list_export(
    "tickets_export",
    "tickets",
    Ticket,
    EXPORT_CHATS,
    path="teamspace",
    columns={
        "teamspace": "teamspace__name",
        "ticket": "pk",
        "ticket_id": "remote_id",
        "subject": "subject",
        "person": "customer__name",
        "person_id": "customer__provided_unique_id",
        "state": "sync_state",
        "created_at": "created_at",
    },
)
VISITORS = list_export(
    "visitors_export",
    "visitor conversations",
    VisitorConversation,
    EXPORT_CHATS,
    path="account__teamspace",
    columns={
        **OF_ACCOUNT,
        **OF_COMPANY,
        **own(
            "visitor_name", "visitor_email", "visitor_ip", "user_agent", "referrer_url", "page_url", "status",
            "assigned_to_user_id", "is_read", "tags", "last_message_at", *FROM_HELPDESK,
        ),
    },
)  # fmt: skip
