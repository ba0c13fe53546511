"""The page's other views: people, tickets, how to connect."""

import sqlite3
from typing import Any
from urllib.parse import urlencode

from protoadmin.sandbox.backend import Backend
from protoadmin.sandbox.control import connection_list
from protoadmin.sandbox.markup import Html, h

PAGE_SIZE = 40
LABELS = {
    "provided_unique_id": "Unique id",
    "external_customer_id": "External id",
    "gateway_profile_id": "Gateway profile",
    "id": "Proto id",
    "email": "E-mail",
    "phone_number": "Phone",
    "location": "Location",
    "avatar": "Avatar",
    "created_at": "Created",
    "updated_at": "Changed",
}


def people(backend: Backend, args: dict[str, str]) -> Html:
    """People, searchable, a page at a time; each unfolds into everything that is known."""
    start = start_of(args)
    found, total = backend.records.people(
        args.get("teamspace") or None, search=args.get("q", ""), limit=PAGE_SIZE, offset=start
    )
    rows = [_person(backend, person) for person in found]
    return h(
        '<section aria-labelledby="people"><div class="title"><h2 id="people">People</h2></div>{search}'
        '<div id="list" data-live>{count}<ul class="rows">{rows}</ul>{pages}</div></section>',
        search=_search(backend, "people", args, "Name, id, e-mail or phone"),
        count=count(total, start, len(rows), "person", "people"),
        rows=rows,
        pages=pages(args, total, start),
    )


def tickets(backend: Backend, args: dict[str, str]) -> Html:
    """Tickets, newest first, searchable, a page at a time."""
    start = start_of(args)
    found, total = backend.records.tickets(
        args.get("teamspace") or None, search=args.get("q", ""), limit=PAGE_SIZE, offset=start
    )
    rows = [
        h(
            '<li class="ticket"><b><bdi>{subject}</bdi></b><span><bdi>{name}</bdi> · <bdi>{unique}</bdi> · {teamspace}'
            '</span><span class="quiet">{at} · <code>{id}</code></span></li>',
            subject=ticket["subject"],
            name=ticket["name"] or "No name",
            unique=ticket["provided_unique_id"],
            teamspace=_teamspace_name(backend, ticket["subcompany_id"]),
            at=_when(ticket["created_at"]),
            id=ticket["id"],
        )
        for ticket in found
    ]
    return h(
        '<section aria-labelledby="tickets"><div class="title"><h2 id="tickets">Tickets</h2></div>{search}'
        '<div id="list" data-live>{count}<ul class="rows">{rows}</ul>{pages}</div></section>',
        search=_search(backend, "tickets", args, "Subject, name or id"),
        count=count(total, start, len(rows), "ticket", "tickets"),
        rows=rows,
        pages=pages(args, total, start),
    )


def connect(backend: Backend, args: dict[str, str]) -> Html:
    """What to type into the product's connection pages."""
    return h(
        '<section aria-labelledby="connect"><div class="title"><h2 id="connect">How to connect</h2></div>'
        '<p class="lead">In the product, add a teamspace (and its channel) with these values. They are demo'
        " values and open nothing but this sandbox. The same for programs:"
        ' <a href="/_sandbox/connections.json">connections.json</a>.</p>'
        '<div class="cards">{cards}</div></section>',
        cards=[_connection(teamspace) for teamspace in connection_list(backend)],
    )


def _connection(teamspace: dict[str, Any]) -> Html:
    channels = (
        [
            h(
                "<h4>Channel: {name}</h4>{values}",
                name=channel["name"],
                values=values(
                    {
                        "Base URL": channel["base_url"],
                        "Channel id": channel["channel_id"],
                        "Access token": channel["access_token"],
                        "Secret": channel["secret"],
                        "Default language": channel["default_language"],
                    }
                ),
            )
            for channel in teamspace["channels"]
        ]
        + [
            h(
                "<h4>Protocol project: {name}</h4>{values}",
                name=project["name"],
                values=values(
                    {"Base URL": project["base_url"], "Project id": project["project_id"], "Token": project["token"]}
                ),
            )
            for project in teamspace["protocol_projects"]
        ]
        + [
            h(
                "<h4>Helpdesk account: {name}</h4>{values}",
                name=account["name"],
                values=values({"Base URL": account["base_url"], "API key": account["api_key"]}),
            )
            for account in teamspace["helpdesk_accounts"]
        ]
    )
    return h(
        '<article class="card"><h3>{name}</h3>{values}{channels}<p><a download href="{csv}">Its people as a CSV'
        " file</a>, ready to be imported</p></article>",
        name=teamspace["name"],
        channels=channels,
        csv="/_sandbox/people.csv?" + urlencode({"teamspace": teamspace["subcompany_id"]}),
        values=values(
            {
                "Base URL": teamspace["base_url"],
                "Teamspace id": teamspace["subcompany_id"],
                "Takeover secret": teamspace["takeover_secret"],
            }
        ),
    )


def _person(backend: Backend, person: sqlite3.Row) -> Html:
    shown = backend.records.person_json(person)
    found, _ = backend.records.tickets(None, person_id=person["id"], limit=10)
    shown |= {key: _when(shown[key]) for key in ("created_at", "updated_at")}
    known = {label: shown[key] for key, label in LABELS.items()} | backend.fields.values_of(person["id"])
    listed = h(
        '<h4>Tickets</h4><ul class="plain">{items}</ul>',
        items=[h("<li><bdi>{subject}</bdi></li>", subject=ticket["subject"]) for ticket in found],
    )
    return h(
        '<li><details id="p{id}"><summary><span class="what"><b><bdi>{name}</bdi></b> <bdi class="quiet">{unique}'
        '</bdi></span><span class="tags">{tags}</span><span class="quiet right">{teamspace}</span></summary>'
        '<div class="more">{values}{tickets}</div></details></li>',
        id=person["id"],
        name=shown["name"] or "No name",
        unique=shown["provided_unique_id"],
        tags=[h('<span class="tag">{tag}</span>', tag=tag) for tag in shown["tags"]],
        teamspace=_teamspace_name(backend, person["subcompany_id"]),
        values=values({label: value for label, value in known.items() if value not in (None, "")}),
        tickets=listed if found else "",
    )


def values(values: dict[str, Any]) -> Html:
    """Names with their values."""
    rows = [
        h("<div><dt>{label}</dt><dd><bdi>{value}</bdi></dd></div>", label=label, value=value)
        for label, value in values.items()
    ]
    return h('<dl class="values">{rows}</dl>', rows=rows)


def search_form(
    view: str,
    args: dict[str, str],
    hint: str,
    choice: str,
    label: str,
    names: dict[str, str],
    *,
    one_of_them: bool = False,
    hidden: dict[str, str] | None = None,
) -> Html:
    """A search field with one choice beside it: of a teamspace or a channel; all of them unless it is `one_of_them`."""
    options = [
        h(
            '<option value="{id}"{selected}>{name}</option>',
            id=key,
            name=name,
            selected=Html(" selected") if key == args.get(choice, "") else "",
        )
        for key, name in names.items()
    ]
    return h(
        '<form class="search" role="search">{hidden}'
        '<label>Search <input type="search" name="q" value="{q}" placeholder="{hint}"></label>'
        '<label>{label} <select name="{choice}">{all}{options}</select></label>'
        "<button>Search</button></form>",
        hidden=[
            h('<input type="hidden" name="{name}" value="{value}">', name=name, value=value)
            for name, value in ({"view": view} | (hidden or {})).items()
        ],
        all="" if one_of_them else Html('<option value="">all</option>'),
        q=args.get("q", ""),
        hint=hint,
        label=label,
        choice=choice,
        options=options,
    )


def _search(backend: Backend, view: str, args: dict[str, str], hint: str) -> Html:
    names = {key: row["name"] for key, row in backend.records.teamspaces.items()}
    return search_form(view, args, hint, "teamspace", "Teamspace", names)


def count(total: int, start: int, shown: int, one: str, many: str) -> Html:
    """How many there are, and which of them are here."""
    if not total:
        return h('<p class="nothing">No {many} match.</p>', many=many)
    where = f", {start + 1} to {start + shown}" if shown < total else ""
    return h('<p class="hint">{total} {noun}{where}</p>', total=total, noun=one if total == 1 else many, where=where)


def pages(args: dict[str, str], total: int, start: int) -> Html:
    """Links to the pages before and behind."""
    links = []
    if start:
        links.append(("Newer", max(0, start - PAGE_SIZE)))
    if start + PAGE_SIZE < total:
        links.append(("Older", start + PAGE_SIZE))
    made = [
        h('<a class="button" href="/?{query}">{title}</a>', title=title, query=urlencode(args | {"start": str(at)}))
        for title, at in links
    ]
    return h('<p class="pages">{links}</p>', links=made) if made else Html("")


def start_of(args: dict[str, str]) -> int:
    """Where the page begins."""
    text = args.get("start", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _teamspace_name(backend: Backend, subcompany_id: str) -> str:
    row = backend.records.teamspaces.get(subcompany_id)
    return row["name"] if row else subcompany_id


def _when(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"
