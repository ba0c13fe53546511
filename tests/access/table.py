"""The one table: who may what, on which page. Written from the product's roles, not from its code.

S, M, A stand for Support, Manager and Administrator, R for superusers ("root"). A new page, button or address that
is not in here makes the walk fail: add it, with who may use it.
"""

from dataclasses import dataclass, field, replace

from protoadmin.staff.roles import ADMINISTRATOR, MANAGER, SUPPORT

ROLES = {"S": SUPPORT, "M": MANAGER, "A": ADMINISTRATOR, "R": "superuser"}

EVERYBODY = "SMAR"
CHANGERS = "SAR"
OVERSEERS = "MAR"
ADMINISTRATORS = "AR"
SUPERUSERS = "R"
NOBODY = ""


@dataclass(frozen=True)
class Page:
    """Who may what with the rows of one model."""

    view: str
    add: str = NOBODY
    change: str = NOBODY
    delete: str = NOBODY
    buttons: dict[str, str] = field(default_factory=dict)
    list_buttons: dict[str, str] = field(default_factory=dict)
    panels: frozenset[str] = frozenset()
    # Addresses of its own: by the end of their name, who may use them on a row (or on the list).
    others: dict[str, str] = field(default_factory=dict)
    # The same, for addresses that are only read: POST answers 405.
    reads: dict[str, str] = field(default_factory=dict)
    # A colleague's row: who sees it at all, may change it, press its buttons, use its other addresses.
    colleague: "Page | None" = None


CONNECTION = Page(
    view=ADMINISTRATORS,
    add=ADMINISTRATORS,
    change=ADMINISTRATORS,
    buttons={"test-connection": ADMINISTRATORS, "resume": ADMINISTRATORS},
    panels=frozenset({"connection"}),
)
# Who a record of another system is.
WHO_IT_IS = dict.fromkeys(("link-person", "unlink-person", "not-same-person", "may-be-same-person"), CHANGERS)
SETTLE = ("send-again", "it-went-through", "dismiss")

PAGES: dict[str, Page] = {
    "connections.teamspace": CONNECTION,
    "connections.channel": replace(
        CONNECTION,
        buttons={**CONNECTION.buttons, "send-test-delivery": ADMINISTRATORS},
        panels=CONNECTION.panels | {"webhooks"},
    ),
    "connections.helpdeskaccount": replace(
        CONNECTION, buttons={**CONNECTION.buttons, "pull-everything": ADMINISTRATORS}
    ),
    "connections.protocolproject": replace(
        CONNECTION,
        buttons={**CONNECTION.buttons, **dict.fromkeys(("pull-customers", "read-newest"), ADMINISTRATORS)},
    ),
    "customers.protocolcustomer": Page(
        view=EVERYBODY,
        add=CHANGERS,
        change=CHANGERS,
        buttons={
            "refresh": CHANGERS,
            "delete": ADMINISTRATORS,
            "remove-local-copy": ADMINISTRATORS,
            **WHO_IT_IS,
        },
        list_buttons={"pull-customers": CHANGERS},
        panels=frozenset({"protocol", "person"}),
    ),
    "customers.customer": Page(
        view=EVERYBODY,
        add=CHANGERS,
        change=CHANGERS,
        delete=ADMINISTRATORS,
        buttons=dict.fromkeys(
            (
                *("create-ticket", "add-tags", "set-custom-fields", "start-chat", "refresh", "pull-chats", "insert"),
                *("link-record", "unlink-record", "not-same-record", "may-be-same-record"),
            ),
            CHANGERS,
        ),
        list_buttons={"import-people": ADMINISTRATORS, "find-same-people": CHANGERS},
        panels=frozenset({"known", "sending", "person", "tickets", "chats", "history"}),
    ),
    "customers.tag": Page(view=EVERYBODY, add=ADMINISTRATORS, delete=SUPERUSERS),
    "customers.customfield": Page(
        view=EVERYBODY,
        add=ADMINISTRATORS,
        buttons={"delete": ADMINISTRATORS},
        list_buttons={"sync": ADMINISTRATORS},
        panels=frozenset({"field"}),
    ),
    "customers.company": Page(
        view=EVERYBODY,
        delete=ADMINISTRATORS,
        buttons={"pull-company": CHANGERS},
        list_buttons={"pull-everything": CHANGERS},
        panels=frozenset({"company", "contacts", "conversations"}),
    ),
    "customers.contact": Page(
        view=EVERYBODY, delete=ADMINISTRATORS, buttons=WHO_IT_IS, panels=frozenset({"contact", "person"})
    ),
    "conversations.visitorconversation": Page(
        view=EVERYBODY, delete=ADMINISTRATORS, panels=frozenset({"conversation"})
    ),
    "conversations.chat": Page(
        view=EVERYBODY,
        buttons={
            **dict.fromkeys(("send-message", "pull-messages"), CHANGERS),
            **WHO_IT_IS,
            **dict.fromkeys(("open-customer", "read", "unread"), EVERYBODY),
            "follow-up-done": EVERYBODY,
            **dict.fromkeys(("export-transcript", "follow-up"), OVERSEERS),
        },
        list_buttons={
            **dict.fromkeys(("save-view", "delete-view", "mark-read", "mark-unread"), EVERYBODY),
            **dict.fromkeys(("tag-people", "pull-chats", "refresh-people"), CHANGERS),
            **dict.fromkeys(("export", "ask-follow-up"), OVERSEERS),
        },
        panels=frozenset({"person"}),
        reads=dict.fromkeys(
            ("rows", "live", "count", "form", "pane", "messages", "print", "text", "search"), EVERYBODY
        ),
    ),
    "conversations.ticket": Page(view=EVERYBODY, panels=frozenset({"ticket"})),
    "outbox.call": Page(
        view=EVERYBODY,
        buttons=dict.fromkeys(SETTLE, CHANGERS),
        panels=frozenset({"call"}),
        colleague=Page(view=OVERSEERS, buttons=dict.fromkeys(SETTLE, ADMINISTRATORS)),
    ),
    "webhooks.delivery": Page(
        view=ADMINISTRATORS,
        buttons={"replay": ADMINISTRATORS},
        list_buttons={"replay-failed": ADMINISTRATORS},
        panels=frozenset({"delivery", "body"}),
        others={"raw": ADMINISTRATORS},
    ),
    "runs.run": Page(
        view=EVERYBODY,
        # Who may not import has no import of their own; here they have one, from before they lost the role.
        buttons={"stop": EVERYBODY, "start-import": ADMINISTRATORS, "start": NOBODY, "delete-file": EVERYBODY},
        panels=frozenset({"run"}),
        others={"file": EVERYBODY},
        reads={"exports": EVERYBODY},
        colleague=Page(
            view=EVERYBODY,
            buttons={"stop": ADMINISTRATORS, "start-import": NOBODY, "start": NOBODY, "delete-file": ADMINISTRATORS},
            others={"file": ADMINISTRATORS},
        ),
    ),
    "api.apikey": Page(
        view=ADMINISTRATORS,
        add=ADMINISTRATORS,
        buttons={"revoke": ADMINISTRATORS},
        panels=frozenset({"key"}),
    ),
    "auth.user": Page(
        view=ADMINISTRATORS,
        add=ADMINISTRATORS,
        change=ADMINISTRATORS,
        others={"password_change": ADMINISTRATORS},
        # Here: somebody who is a member of another teamspace too.
        colleague=Page(view=ADMINISTRATORS, change=SUPERUSERS, others={"password_change": SUPERUSERS}),
    ),
}

# Addresses that belong to no model. Everybody who may enter the admin at all, also without any role.
ANY_STAFF = {"index", "password_change", "password_change_done", "jsi18n", "search", "logout", "login"}
# The figures and their download: they are read, and have no rows.
REPORTS = {"reports", "reports_csv"}
# They lead nowhere: no model has an address outside the admin.
NOT_FOUND = {"view_on_site", "catch_all"}

# The lists of an app's pages: who has any page there.
APP_LISTS: dict[str, str] = {
    "api": ADMINISTRATORS,
    "auth": ADMINISTRATORS,
    "connections": ADMINISTRATORS,
    "conversations": EVERYBODY,
    "customers": EVERYBODY,
    "outbox": EVERYBODY,
    "runs": EVERYBODY,
    "webhooks": ADMINISTRATORS,
}
