"""The page's view of Protocol: the customers of each project, to be changed as somebody there would."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from protoadmin.sandbox.backend import Backend
from protoadmin.sandbox.console_data import PAGE_SIZE, count, pages, search_form, start_of, values
from protoadmin.sandbox.markup import Html, h
from protoadmin.sandbox.protocol_records import customer_json

TIMES = ("last_active_at", "last_transaction_at", "terminated_at", "created_at", "updated_at")


def view(backend: Backend, args: dict[str, str]) -> Html:
    """The customers of one project, newest first, searchable, a page at a time."""
    projects = {row["project_id"]: row["name"] for row in backend.protocol.projects()}
    project = args.get("project", "") if args.get("project", "") in projects else next(iter(projects), "")
    start, args = start_of(args), {**args, "view": "protocol", "project": project}
    found, total = backend.protocol.search(project, args.get("q", ""), limit=PAGE_SIZE, offset=start)
    return h(
        '<section aria-labelledby="protocol"><div class="title"><h2 id="protocol">Protocol customers</h2></div>'
        '<p class="lead">What is changed here, the product sees with its next pull.</p>'
        '<form method="post" action="/_sandbox/protocol/{project}/customers" data-quiet class="buttons">'
        "<button>Add a customer</button></form>{search}"
        '<div id="list" data-live>{count}<ul class="rows">{rows}</ul>{pages}</div></section>',
        project=project,
        search=search_form("protocol", args, "Name, phone or id", "project", "Project", projects, one_of_them=True),
        count=count(total, start, len(found), "customer", "customers"),
        rows=[_row(project, row) for row in found],
        pages=pages(args, total, start),
    )


def _row(project: str, row: sqlite3.Row) -> Html:
    customer = customer_json(row, project)
    marks = ["flagged"] if customer["is_flagged"] else []
    marks += [customer["status"]] if customer["status"] != "active" else []
    return h(
        '<li><details id="c-{id}"><summary><span class="what"><b><bdi>{name}</bdi></b> <bdi class="quiet">{username}'
        '</bdi></span><span class="tags">{marks}</span><span class="quiet right">{phone}</span></summary>'
        '<div class="more">{values}{forms}</div></details></li>',
        id=customer["id"],
        name=customer["display_name"] or customer["username"],
        username=customer["username"] if customer["display_name"] else "",
        marks=[h('<span class="tag">{mark}</span>', mark=mark) for mark in marks],
        phone=customer["phone_number"],
        values=values({name: _shown(name, value) for name, value in customer.items() if value not in (None, {})}),
        forms=_forms(project, customer),
    )


def _forms(project: str, customer: dict[str, Any]) -> Html:
    """The display name, and buttons to flag, to terminate and to delete."""
    is_ended = customer["terminated_at"] is not None
    return h(
        '<form method="post" action="{place}" data-quiet class="stacked"><label>display_name <input name="display_name"'
        ' value="{name}" dir="auto"></label><div class="buttons"><button class="main">Change</button>'
        '<button name="is_flagged" value="{flag}">{flip}</button>'
        '<button name="status" value="{status}">{end}</button>'
        '<button class="danger" formaction="{place}/delete">Delete</button></div></form>',
        place=f"/_sandbox/protocol/{project}/customers/{customer['id']}",
        name=customer["display_name"] or "",
        flag="false" if customer["is_flagged"] else "true",
        flip="Take the flag away" if customer["is_flagged"] else "Flag",
        status="active" if is_ended else "terminated",
        end="Let it begin again" if is_ended else "Terminate",
    )


def _shown(name: str, value: Any) -> Any:
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC" if name in TIMES else value
