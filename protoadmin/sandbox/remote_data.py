"""Looking at the remote data and changing them behind the product's back, under `/_sandbox/`."""

import csv
import io
import sqlite3
from typing import Any

from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.fields import field_json
from protoadmin.sandbox.guard import done, given, whole
from protoadmin.sandbox.problems import ApiError, Check
from protoadmin.sandbox.records import WRITABLE
from protoadmin.sandbox.wire import Answer, Request, json_answer, text_answer

CSV_COLUMNS = (
    "provided_unique_id",
    "external_customer_id",
    "name",
    "location",
    "email",
    "phone_number",
    "avatar",
    "tags",
)
PERSON = "/_sandbox/people/{subcompany_id}/{provided_unique_id}"


def people_csv(backend: Backend, request: Request) -> Answer:
    """The people of a teamspace, ready to be imported; `teamspace` is a name or an id."""
    teamspace = _teamspace(backend, request.args().get("teamspace"))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for person in backend.state.rows("SELECT * FROM people WHERE subcompany_id = ? ORDER BY rowid", (teamspace,)):
        tags = ";".join(backend.records.tags_of(person["id"]))
        writer.writerow([*(person[key] or "" for key in CSV_COLUMNS[:-1]), tags])
    headers = [("Content-Disposition", 'attachment; filename="people.csv"')]
    return text_answer(out.getvalue(), "text/csv", headers=headers)


def list_people(backend: Backend, request: Request) -> Answer:
    """People by `subcompany_id` (or `teamspace`, a name or an id) and search text `q`, with `limit` and `offset`."""
    args = request.args()
    found, total = backend.records.people(
        _teamspace(backend, args["teamspace"]) if "teamspace" in args else args.get("subcompany_id"),
        search=args.get("q", ""),
        limit=whole(args, "limit", 100),
        offset=whole(args, "offset", 0),
    )
    return json_answer({"people": [backend.records.person_json(row) for row in found], "total": total})


def show_person(backend: Backend, request: Request, subcompany_id: str, provided_unique_id: str) -> Answer:
    """A person with everything that is known of them."""
    return json_answer(_whole_person(backend, _person(backend, subcompany_id, provided_unique_id)))


def change_person(backend: Backend, request: Request, subcompany_id: str, provided_unique_id: str) -> Answer:
    """Change (or insert) a person as if it had been done in the remote system: six fields, tags, values."""
    _teamspace(backend, subcompany_id)
    check = Check(given(request))
    values = {key: check.string(key, nullable=True) for key in (*WRITABLE, "gateway_profile_id") if key in check.body}
    tags = check.strings("tags", required=False)
    custom = check.body.get("custom_fields", {})
    if not isinstance(custom, dict):
        check.fail("dict_type", ["custom_fields"], "Input should be a valid dictionary", custom)
    check.done()
    fields = {field["name"]: field["id"] for field in backend.fields.all(subcompany_id)}
    if unknown := [name for name in custom if name not in fields]:
        raise ApiError(404, f"Custom field {', '.join(unknown)} not found")
    person_id = backend.records.save_person(subcompany_id, provided_unique_id, values)
    if tags is not None:
        backend.records.set_tags(subcompany_id, person_id, tags)
    for name, value in custom.items():
        backend.fields.set_value(person_id, fields[name], value)
    return json_answer(_whole_person(backend, _person(backend, subcompany_id, provided_unique_id)))


def delete_person(backend: Backend, request: Request, subcompany_id: str, provided_unique_id: str) -> Answer:
    """Let a person disappear from the remote system, tickets included."""
    person = _person(backend, subcompany_id, provided_unique_id)
    backend.records.delete_person(person["id"])
    return done(request, {"id": person["id"]})


def list_tickets(backend: Backend, request: Request) -> Answer:
    """Tickets, newest first: by `subcompany_id`, `provided_unique_id`, search text `q`, `limit`, `offset`."""
    args = request.args()
    sub, unique = args.get("subcompany_id"), args.get("provided_unique_id")
    person = _person(backend, sub or "", unique)["id"] if unique else None
    found, total = backend.records.tickets(
        sub,
        person_id=person,
        search=args.get("q", ""),
        limit=whole(args, "limit", 1000),
        offset=whole(args, "offset", 0),
    )
    return json_answer({"tickets": found, "total": total})


def list_fields(backend: Backend, request: Request) -> Answer:
    """The custom fields of a teamspace."""
    teamspace = _teamspace(backend, request.args().get("subcompany_id"))
    return json_answer({"fields": [field_json(field) for field in backend.fields.all(teamspace)]})


def add_field(backend: Backend, request: Request) -> Answer:
    """Add a custom field remotely; the type may be one that nobody has heard of."""
    check = Check(given(request))
    name, type = check.string("name", required=True, filled=True), check.string("type", required=True, filled=True)
    options = check.strings("select_options", required=False, nullable=True)
    description = check.string("description", nullable=True)
    check.done()
    teamspace = _teamspace(backend, check.body.get("subcompany_id"))
    if backend.fields.by_name(teamspace, name or ""):
        raise ApiError(409, f"Custom field {name} already exists")
    field_id = backend.fields.add(
        teamspace, name=name or "", type=type or "", select_options=options, description=description
    )
    return json_answer(field_json(_field(backend, field_id)), status=201)


def change_field(backend: Backend, request: Request, field_id: str) -> Answer:
    """Change name, type, select_options or description of a custom field remotely."""
    field = _field(backend, field_id)
    check = Check(given(request))
    changes: dict[str, Any] = {key: check.string(key, filled=True) for key in ("name", "type") if key in check.body}
    if "description" in check.body:
        changes["description"] = check.string("description", nullable=True)
    if "select_options" in check.body:
        changes["select_options"] = check.strings("select_options", nullable=True)
    check.done()
    same = backend.fields.by_name(field["subcompany_id"], changes.get("name", ""))
    if same and same["id"] != field["id"]:
        raise ApiError(409, f"Custom field {changes['name']} already exists")
    backend.fields.change(field["id"], changes)
    return json_answer(field_json(_field(backend, field_id)))


def delete_field(backend: Backend, request: Request, field_id: str) -> Answer:
    """Remove a custom field remotely."""
    field = _field(backend, field_id)
    backend.fields.delete(field["id"])
    return json_answer({"id": field["id"]})


def _teamspace(backend: Backend, wanted: Any) -> str:
    found = backend.records.teamspace(wanted if isinstance(wanted, str) else None)
    if found is None:
        raise ApiError(404, "No such teamspace: give its name or its subcompany_id")
    return found


def _person(backend: Backend, subcompany_id: str, provided_unique_id: str) -> sqlite3.Row:
    person = backend.records.person(subcompany_id, provided_unique_id)
    if person is None:
        raise ApiError(404, f"No person {provided_unique_id} in {subcompany_id}")
    return person


def _field(backend: Backend, field_id: str) -> sqlite3.Row:
    field = backend.fields.by_id(field_id)
    if field is None:
        raise ApiError(404, f"No custom field {field_id}")
    return field


def _whole_person(backend: Backend, person: sqlite3.Row) -> dict[str, Any]:
    tickets, _ = backend.records.tickets(None, person_id=person["id"])
    return backend.records.person_json(person) | {
        "subcompany_id": person["subcompany_id"],
        "custom_fields": backend.fields.values_of(person["id"]),
        "tickets": tickets,
    }


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/_sandbox/people.csv", people_csv),
    ("GET", "/_sandbox/people", list_people),
    ("GET", PERSON, show_person),
    ("POST", PERSON, change_person),
    ("POST", PERSON + "/delete", delete_person),
    ("GET", "/_sandbox/tickets", list_tickets),
    ("GET", "/_sandbox/fields", list_fields),
    ("POST", "/_sandbox/fields", add_field),
    ("POST", "/_sandbox/fields/{field_id}", change_field),
    ("DELETE", "/_sandbox/fields/{field_id}", delete_field),
    ("POST", "/_sandbox/fields/{field_id}/delete", delete_field),
]
