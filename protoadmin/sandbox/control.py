"""What tests and people steer the sandbox with: faults, the limit, reset, the requests that came in.

Everything lies under `/_sandbox/`; `guard` says who may.
"""

from typing import Any

from protoadmin.sandbox import helpdesk
from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.faults import KINDS, BadRule, parse_rule
from protoadmin.sandbox.guard import done, given, whole
from protoadmin.sandbox.platform import BASE
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.wire import Answer, Request, json_answer


def status(backend: Backend, request: Request) -> Answer:
    """Alive, and how much there is."""
    return json_answer(
        {
            "ok": True,
            "last": backend.journal.last(),
            "faults": len(backend.faults.rules),
            "people": backend.state.count("SELECT count(*) FROM people"),
            "tickets": backend.state.count("SELECT count(*) FROM tickets"),
            "chats": backend.state.count("SELECT count(*) FROM chats"),
        }
    )


def connections(backend: Backend, request: Request) -> Answer:
    """What one needs to connect to every teamspace, its channels, its Protocol project and its helpdesk account."""
    return json_answer(connection_list(backend))


def connection_list(backend: Backend) -> list[dict[str, Any]]:
    """The teamspaces with what belongs to them, secrets included: they are demo values."""
    shown = ("name", "channel_id", "access_token", "secret", "default_language")
    return [
        {key: row[key] for key in ("name", "subcompany_id", "takeover_secret")}
        | {
            "base_url": backend.url + BASE,
            "channels": [
                {key: channel[key] for key in shown} | {"base_url": backend.url}
                for channel in backend.records.channels.values()
                if channel["subcompany_id"] == row["subcompany_id"]
            ],
            "protocol_projects": [
                {key: project[key] for key in ("name", "project_id", "token")} | {"base_url": backend.url}
                for project in backend.protocol.projects()
                if project["subcompany_id"] == row["subcompany_id"]
            ],
            "helpdesk_accounts": helpdesk.connections(backend, row["subcompany_id"]),
        }
        for row in backend.records.teamspaces.values()
    ]


def list_faults(backend: Backend, request: Request) -> Answer:
    """The rules in force, the limit, and every kind with its options."""
    faults = backend.faults
    limit = None if faults.limit is None else {"requests": faults.limit, "seconds": faults.limit_seconds}
    kinds = {
        name: {"title": kind.title, "sentence": kind.sentence, "options": kind.options} for name, kind in KINDS.items()
    }
    return json_answer({"faults": [rule.as_json() for rule in faults.rules], "limit": limit, "kinds": kinds})


def add_fault(backend: Backend, request: Request) -> Answer:
    """Put a rule in force."""
    try:
        rule = backend.faults.add(parse_rule(given(request)))
    except BadRule as error:
        raise ApiError(422, str(error)) from None
    return done(request, rule.as_json(), status=201)


def clear_faults(backend: Backend, request: Request) -> Answer:
    """Take back the rule `id`, the rules of a `kind`, or everything that is in force, the limit and webhooks too."""
    wanted = given(request)
    rule_id, kind = wanted.get("id"), wanted.get("kind")
    if rule_id is not None and not str(rule_id).isdecimal():
        raise ApiError(422, "id has to be the number of a rule")
    if kind is not None and kind not in list(KINDS):
        raise ApiError(422, f"kind has to be one of {', '.join(KINDS)}")
    if rule_id is None and kind is None:
        backend.faults.set_limit(None)
        backend.outbound.behave()
    removed = backend.faults.remove(kind=kind, id=None if rule_id is None else int(rule_id))
    return done(request, {"removed": removed})


def set_limit(backend: Backend, request: Request) -> Answer:
    """`{"per_minute": n}` lets n requests through per minute (or per `seconds`), null lifts the limit."""
    body = given(request)
    wanted, seconds = body.get("per_minute"), body.get("seconds", 60)
    try:
        requests, seconds = None if wanted in (None, "") else int(wanted), float(seconds)
    except (TypeError, ValueError, OverflowError):
        requests = -1
    if (requests is not None and requests < 0) or not 0 < seconds <= 3600:
        raise ApiError(422, "per_minute has to be a number or null, seconds a number up to 3600")
    backend.faults.set_limit(requests, seconds)
    return done(request, {"per_minute": requests, "seconds": seconds})


def reset(backend: Backend, request: Request) -> Answer:
    """Back to the demo data; request numbers go on."""
    backend.reset()
    return done(request, {"ok": True})


def list_requests(backend: Backend, request: Request) -> Answer:
    """What came in: behind `after`, or the newest. `last` is what to give as `after` next time."""
    args = request.args()
    after = whole(args, "after", -1)
    found, last = backend.journal.after(
        None if after < 0 else after, limit=whole(args, "limit", 1000), match=args.get("match", "")
    )
    return json_answer({"requests": found, "last": last})


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/_sandbox/status", status),
    ("GET", "/_sandbox/connections.json", connections),
    ("GET", "/_sandbox/faults", list_faults),
    ("POST", "/_sandbox/faults", add_fault),
    ("POST", "/_sandbox/faults/clear", clear_faults),
    ("POST", "/_sandbox/limit", set_limit),
    ("POST", "/_sandbox/reset", reset),
    ("GET", "/_sandbox/requests", list_requests),
]
