"""What can be asked for: an export of conversations or of their messages."""

from django.contrib.auth.models import User

from conversations.choosing import only_teamspace_of, parameters_of
from conversations.exporting.chats import CHATS
from conversations.exporting.lists import TICKETS, VISITORS
from conversations.exporting.messages import MATCHES, MESSAGES
from conversations.inbox.filters import Filters
from conversations.models import Message
from conversations.search.walking import newest_id
from customers.exporting.engine import export_kind
from protoadmin.runs.models import Run
from protoadmin.runs.services import run_start

EXPORTS = {"conversations": CHATS, "messages": MESSAGES, "matches": MATCHES}
KINDS = tuple(export_kind(export) for export in (*EXPORTS.values(), TICKETS, VISITORS))


def chats_export(
    *,
    what: str,
    format: str,
    by: User,
    filters: Filters,
    selected: list[int] | None = None,
    words: list[str],
    request_key: str = "",
) -> Run:
    """Start an export of the selected chats, or of all that the filters leave; `words` say which these are."""
    export = EXPORTS[what]
    choice = parameters_of(filters, selected)
    return run_start(
        kind=export.name,
        by=by,
        title=export.label,
        teamspace=only_teamspace_of(by),
        parameters={
            "query": filters.query(),
            **choice,
            "upto_message": newest_id(Message),
            "format": format,
            "words": words,
            "request_key": request_key,
        },
    )
