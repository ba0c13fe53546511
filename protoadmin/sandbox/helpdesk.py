"""The helpdesk's API: companies, contacts and conversations (seed 003), strict about what it says.

Each item is kept as the JSON that is answered, so that a test can have any item listed, odd ones too.
"""

import hmac
import json
import sqlite3
import uuid
from datetime import UTC, datetime
from typing import Any

from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.guard import done, given, whole
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.wire import Answer, Request

BASE = "/api/v1"
RESOURCES = ("companies", "contacts", "conversations")
# What the page at `/` offers to change of an item.
EDITED = {
    "companies": ("name", "website", "industry", "stageId", "dealValue", "notes", "isCustomer"),
    "contacts": ("name", "email", "phone", "title", "role", "notes", "isPrimary"),
    "conversations": ("visitorName", "visitorEmail", "status", "assignedToUserId", "pageUrl", "isRead"),
}


def account_of(backend: Backend, request: Request) -> str:
    """Return whose key it is: the teamspace's id (seed 003, Authentication)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token.strip().encode()
    if scheme.lower() == "bearer" and given:
        for row in backend.state.rows("SELECT subcompany_id, api_key FROM helpdesk_accounts"):
            if hmac.compare_digest(given, row["api_key"].encode()):
                return str(row["subcompany_id"])
    raise ApiError(401, "Invalid or missing API key", [("WWW-Authenticate", "Bearer")])


def companies(backend: Backend, request: Request) -> Answer:
    """All companies (seed 003, GET /api/v1/companies)."""
    return _array(backend, account_of(backend, request), "companies")


def contacts(backend: Backend, request: Request) -> Answer:
    """All contacts, or those of `companyId` (seed 003, GET /api/v1/contacts)."""
    return _array(backend, account_of(backend, request), "contacts", request.args().get("companyId"))


def conversations(backend: Backend, request: Request) -> Answer:
    """All conversations, or those of `companyId` (seed 003, GET /api/v1/conversations)."""
    return _array(backend, account_of(backend, request), "conversations", request.args().get("companyId"))


def _array(backend: Backend, account: str, resource: str, company_id: str | None = None) -> Answer:
    sql = "SELECT body FROM helpdesk_items WHERE account = ? AND resource = ? AND coalesce(?, company_id, '') = "
    sql += "coalesce(company_id, '') ORDER BY n"
    rows = backend.state.rows(sql, (account, resource, company_id or None))
    return Answer(body=f"[{','.join(row['body'] for row in rows)}]".encode())


def put_item(backend: Backend, account: str, resource: str, body: dict[str, Any]) -> None:
    """Add an item, or replace the one with its id."""
    row = (account, resource, body.get("id"), body.get("companyId"), json.dumps(body, ensure_ascii=True))
    backend.state.run("DELETE FROM helpdesk_items WHERE account = ? AND resource = ? AND id = ?", row[:3])
    backend.state.run(
        "INSERT INTO helpdesk_items (account, resource, id, company_id, body) VALUES (?, ?, ?, ?, ?)", row
    )


# --- what tests and people steer it with, under /_sandbox/ -----------------------------------------


def set_items(backend: Backend, request: Request, subcompany_id: str, resource: str) -> Answer:
    """Add items, or replace those with their ids: `{"items": […]}`; with `"only": true` there are no others."""
    body = _steered(backend, request, subcompany_id, resource)
    if body.get("only"):
        _remove(backend, subcompany_id, resource)
    for item in body.get("items", []):
        put_item(backend, subcompany_id, resource, item)
    return done(request, {"ok": True})


def append_text(backend: Backend, request: Request, subcompany_id: str, resource: str) -> Answer:
    """Add an item as this very text, whatever it is: `{"text": "…"}`; the answer is no JSON any more if it is none."""
    body = _steered(backend, request, subcompany_id, resource)
    sql = "INSERT INTO helpdesk_items (account, resource, body) VALUES (?, ?, ?)"
    backend.state.run(sql, (subcompany_id, resource, str(body["text"])))
    return done(request, {"ok": True})


def remove_items(backend: Backend, request: Request, subcompany_id: str, resource: str) -> Answer:
    """Let the items with these `ids` disappear; without ids all of them."""
    body = _steered(backend, request, subcompany_id, resource)
    if "ids" not in body:
        _remove(backend, subcompany_id, resource)
    for item_id in body.get("ids", []):
        sql = "DELETE FROM helpdesk_items WHERE account = ? AND resource = ? AND id = ?"
        backend.state.run(sql, (subcompany_id, resource, item_id))
    return done(request, {"ok": True})


def change_item(backend: Backend, request: Request, subcompany_id: str, resource: str) -> Answer:
    """Change an item as a form of the page says: its `id`, and some of EDITED."""
    _known(backend, subcompany_id, resource)
    form = given(request, keep_empty=True)
    item = _item(backend, subcompany_id, resource, form.get("id"))
    for key in EDITED[resource]:
        if key in form:
            item[key] = _typed(item.get(key), str(form[key]))
    item["updatedAt"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sql = "UPDATE helpdesk_items SET body = ? WHERE account = ? AND resource = ? AND id = ?"
    backend.state.run(sql, (json.dumps(item, ensure_ascii=True), subcompany_id, resource, item["id"]))
    return done(request, {"ok": True})


def delete_item(backend: Backend, request: Request, subcompany_id: str, resource: str) -> Answer:
    """Let the item with this `id` disappear."""
    _known(backend, subcompany_id, resource)
    item = _item(backend, subcompany_id, resource, given(request).get("id"))
    sql = "DELETE FROM helpdesk_items WHERE account = ? AND resource = ? AND id = ?"
    backend.state.run(sql, (subcompany_id, resource, item["id"]))
    return done(request, {"ok": True})


def _item(backend: Backend, account: str, resource: str, item_id: Any) -> dict[str, Any]:
    sql = "SELECT body FROM helpdesk_items WHERE account = ? AND resource = ? AND id = ?"
    row = backend.state.row(sql, (account, resource, str(item_id)))
    if row is None:
        raise ApiError(404, f"No {item_id} among the {resource}")
    item: dict[str, Any] = json.loads(row["body"])
    return item


def _typed(before: Any, text: str) -> Any:
    """Return what a form says as what the item has there: a flag, a number, or text; an empty one may be null."""
    if isinstance(before, bool):
        return text == "true"
    if isinstance(before, int | float):
        if not text:
            return None
        try:
            number = float(text)
            return int(number) if number.is_integer() else number
        except (ValueError, OverflowError):
            raise ApiError(422, f"{text} is no number") from None
    return text if text or before is not None else None


def make_contacts(backend: Backend, request: Request, subcompany_id: str) -> Answer:
    """Add many made-up contacts of no company: `{"count": n}`."""
    count = whole({"count": str(_steered(backend, request, subcompany_id, "contacts").get("count", 1000))}, "count", 0)
    for number in range(count):
        item = {"id": str(uuid.UUID(int=number)), "name": f"Made-up contact {number}", "companyId": None}
        item |= {"email": f"Made.Up{number}@Example.COM", "phone": f"+1 312 555 {number % 10_000:04}", "title": "CTO"}
        put_item(backend, subcompany_id, "contacts", item | {"isPrimary": False, "notes": "x" * 200})
    return done(request, {"count": count})


def _steered(backend: Backend, request: Request, subcompany_id: str, resource: str) -> dict[str, Any]:
    _known(backend, subcompany_id, resource)
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise ApiError(400, "There was an error parsing the body") from None
    if not isinstance(body, dict):
        raise ApiError(422, "An object was expected")
    return body


def _known(backend: Backend, subcompany_id: str, resource: str) -> None:
    if subcompany_id not in backend.records.teamspaces or resource not in RESOURCES:
        raise ApiError(404, "Not Found")


def _remove(backend: Backend, account: str, resource: str) -> None:
    backend.state.run("DELETE FROM helpdesk_items WHERE account = ? AND resource = ?", (account, resource))


def list_items(backend: Backend, request: Request, subcompany_id: str, resource: str) -> Answer:
    """The items as they are listed."""
    _steered(backend, request, subcompany_id, resource)
    return _array(backend, subcompany_id, resource)


def items(
    backend: Backend, account: str, resource: str, *, search: str, limit: int, offset: int
) -> tuple[list[sqlite3.Row], int]:
    """Return some of the items that have this text in them, and how many there are."""
    where = "FROM helpdesk_items WHERE account = ? AND resource = ? AND instr(lower(body), lower(?)) > 0"
    args = (account, resource, json.dumps(search)[1:-1])
    found = backend.state.rows(f"SELECT body {where} ORDER BY n LIMIT ? OFFSET ?", (*args, limit, offset))
    return found, backend.state.count(f"SELECT count(*) {where}", args)


def connections(backend: Backend, subcompany_id: str) -> list[dict[str, Any]]:
    """Return what one needs to connect to a teamspace's account."""
    rows = backend.state.rows("SELECT * FROM helpdesk_accounts WHERE subcompany_id = ?", (subcompany_id,))
    return [{"name": row["name"], "base_url": backend.url + BASE, "api_key": row["api_key"]} for row in rows]


_ITEMS = "/_sandbox/helpdesk/{subcompany_id}/{resource}"

ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/companies", companies),
    ("GET", "/contacts", contacts),
    ("GET", "/conversations", conversations),
]
CONTROL_ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", _ITEMS, list_items),
    ("POST", _ITEMS, set_items),
    ("POST", f"{_ITEMS}/text", append_text),
    ("POST", f"{_ITEMS}/remove", remove_items),
    ("POST", f"{_ITEMS}/change", change_item),
    ("POST", f"{_ITEMS}/delete", delete_item),
    ("POST", "/_sandbox/helpdesk/{subcompany_id}/contacts/make", make_contacts),
]
