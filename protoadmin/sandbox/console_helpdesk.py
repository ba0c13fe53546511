"""The page's view of the helpdesk: companies, contacts and conversations, to be changed as somebody there would."""

import json
from typing import Any

from protoadmin.sandbox.backend import Backend
from protoadmin.sandbox.console_data import PAGE_SIZE, count, pages, search_form, start_of, values
from protoadmin.sandbox.helpdesk import EDITED, RESOURCES, items
from protoadmin.sandbox.markup import Html, h

NAMES = {"companies": "Companies", "contacts": "Contacts", "conversations": "Conversations"}
ONE = {"companies": "company", "contacts": "contact", "conversations": "conversation"}
SHOWN_FIRST = ("name", "visitorName", "email", "visitorEmail", "website")
FLAGS = {"companies": "isCustomer", "contacts": "isPrimary", "conversations": "isRead"}


def view(backend: Backend, args: dict[str, str]) -> Html:
    """One of the three lists of one account, searchable, a page at a time."""
    accounts = {row["subcompany_id"]: row["name"] for row in backend.state.rows("SELECT * FROM helpdesk_accounts")}
    account = args.get("account", "") if args.get("account", "") in accounts else next(iter(accounts), "")
    resource = args.get("list", "") if args.get("list", "") in RESOURCES else RESOURCES[0]
    start, args = start_of(args), {**args, "view": "helpdesk", "account": account, "list": resource}
    found, total = items(backend, account, resource, search=args.get("q", ""), limit=PAGE_SIZE, offset=start)
    return h(
        '<section aria-labelledby="helpdesk"><div class="title"><h2 id="helpdesk">Helpdesk</h2></div>'
        '<p class="lead">What is changed here, the product sees with its next pull.</p><p class="buttons">{lists}</p>'
        '{search}<div id="list" data-live>{count}<ul class="rows">{rows}</ul>{pages}</div></section>',
        lists=[_list_link(name, resource, account) for name in RESOURCES],
        search=search_form(
            "helpdesk",
            args,
            "Any of its words",
            "account",
            "Account",
            accounts,
            one_of_them=True,
            hidden={"list": resource},
        ),
        count=count(total, start, len(found), ONE[resource], resource),
        rows=[_row(account, resource, row["body"]) for row in found],
        pages=pages(args, total, start),
    )


def _list_link(name: str, chosen: str, account: str) -> Html:
    return h(
        '<a class="button" href="/?view=helpdesk&amp;list={name}&amp;account={account}"{current}>{title}</a>',
        name=name,
        account=account,
        current=Html(' aria-current="true"') if name == chosen else "",
        title=NAMES[name],
    )


def _row(account: str, resource: str, body: str) -> Html:
    try:
        item = json.loads(body)
    except ValueError:
        item = None
    if not isinstance(item, dict):
        return h('<li><div class="more"><pre dir="auto">{body}</pre></div></li>', body=body[:2000])
    said = [str(item[key]) for key in SHOWN_FIRST if item.get(key)]
    flag = FLAGS[resource]
    marks = [flag.removeprefix("is").lower()] if item.get(flag) else []
    return h(
        '<li><details id="i-{id}"><summary><span class="what"><b><bdi>{name}</bdi></b> <bdi class="quiet">{more}</bdi>'
        '</span><span class="tags">{marks}</span><span class="quiet right">{status}</span></summary>'
        '<div class="more">{values}{forms}</div></details></li>',
        id=item.get("id"),
        name=said[0] if said else item.get("id") or "No name",
        more=" · ".join(said[1:]),
        marks=[h('<span class="tag">{mark}</span>', mark=mark) for mark in [*marks, *_tags(item)]],
        status=item.get("status") or item.get("title") or item.get("industry") or "",
        values=values({key: _shown(value) for key, value in item.items()}),
        forms=_forms(account, resource, item),
    )


def _forms(account: str, resource: str, item: dict[str, Any]) -> Html:
    """A field for each text that can be changed, a button for the mark, and one to delete."""
    flag, place = FLAGS[resource], f"/_sandbox/helpdesk/{account}/{resource}"
    fields = [
        h(
            '<label>{key} <input name="{key}" value="{value}" dir="auto"></label>',
            key=key,
            value="" if item.get(key) is None else item[key],
        )
        for key in EDITED[resource]
        if key != flag
    ]
    return h(
        '<form method="post" action="{place}/change" data-quiet class="stacked"><input type="hidden" name="id"'
        ' value="{id}">{fields}<div class="buttons"><button class="main">Change</button>'
        '<button name="{flag}" value="{other}">{flip}</button>'
        '<button class="danger" formaction="{place}/delete">Delete</button></div></form>',
        place=place,
        id=item.get("id"),
        fields=fields,
        flag=flag,
        other="false" if item.get(flag) else "true",
        flip=f"Set {flag} to {'false' if item.get(flag) else 'true'}",
    )


def _tags(item: dict[str, Any]) -> list[str]:
    return [str(tag) for tag in item["tags"]] if isinstance(item.get("tags"), list) else []


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
