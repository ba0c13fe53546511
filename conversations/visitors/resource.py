"""The list of conversations of seed 003: which column is read from which key."""

from conversations.models import VisitorConversation
from customers.helpdesk import values
from customers.helpdesk.resources import Resource
from customers.helpdesk.values import line

CONVERSATIONS = Resource(
    "conversations",
    VisitorConversation,
    {
        "remote_company_id": ("companyId", line(200)),
        "visitor_name": ("visitorName", line(300)),
        "visitor_email": ("visitorEmail", line(254)),
        "visitor_ip": ("visitorIp", line(100)),
        "user_agent": ("userAgent", values.text),
        "referrer_url": ("referrerUrl", values.text),
        "page_url": ("pageUrl", values.text),
        "status": ("status", line(50)),
        "assigned_to_user_id": ("assignedToUserId", line(200)),
        "is_read": ("isRead", values.flag),
        "trust_uploads": ("trustUploads", values.flag),
        "tags": ("tags", values.tags),
        "last_message_at": ("lastMessageAt", values.moment),
        "created_at": ("createdAt", values.moment),
        "updated_at": ("updatedAt", values.moment),
    },
)
