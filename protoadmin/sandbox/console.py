"""The page at `/`: what came in, how to make the sandbox misbehave, the people, the tickets, how to connect.

Plain HTML that works without a script; `page/console.js` only keeps it up to date. Everything that is shown goes
through `markup`, which escapes it.
"""

from pathlib import Path

from protoadmin.sandbox import (
    console_activity,
    console_chats,
    console_data,
    console_helpdesk,
    console_protocol,
    console_webhooks,
)
from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.console_activity import OFTEN, SCOPES, banner
from protoadmin.sandbox.faults import BadRule, parse_rule
from protoadmin.sandbox.guard import done
from protoadmin.sandbox.markup import Html, h
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.wire import Answer, Request, json_answer, text_answer

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FILES = {path.name: path for path in (Path(__file__).parent / "page").iterdir() if path.suffix in TYPES}
OWN_PATHS = ("/", "/favicon.ico")
VIEWS = {
    "": ("Activity", console_activity.view),
    "chats": ("Chats", console_chats.view),
    "webhooks": ("Webhooks", console_webhooks.view),
    "people": ("People", console_data.people),
    "tickets": ("Tickets", console_data.tickets),
    "protocol": ("Protocol", console_protocol.view),
    "helpdesk": ("Helpdesk", console_helpdesk.view),
    "connect": ("How to connect", console_data.connect),
}
HEADERS = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
]
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} · Sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/_sandbox/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/_sandbox/page/console.css">
<script src="/_sandbox/page/console.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<div class="brand"><img src="/_sandbox/page/icon.svg" alt="" width="28" height="28"><div><strong>Sandbox</strong>
<span>stands in for Proto; nothing here is real</span></div></div>
<nav aria-label="Views">{links}</nav>
</header>
{banner}
<main id="main" tabindex="-1">{content}</main>
<footer>Programs talk to it under <a href="/_sandbox/help"><code>/_sandbox/</code></a>;
the <a href="/api/platform/docs">endpoints</a> that it
stands in for answer like the real ones.</footer>
</body>
</html>
"""


def is_own(request: Request) -> bool:
    """Whether a request is for the sandbox itself and not for a remote system."""
    return request.path in OWN_PATHS or request.path.startswith("/_sandbox/")


def page(backend: Backend, request: Request) -> Answer:
    """One of the views; an unknown one is the first."""
    args = request.args()
    chosen = args.get("view", "") if args.get("view", "") in VIEWS else ""
    title, view = VIEWS[chosen]
    html = h(PAGE, title=title, links=_links(chosen), banner=banner(backend), content=view(backend, args))
    return text_answer(html, "text/html", headers=HEADERS)


def switch(backend: Backend, request: Request) -> Answer:
    """A switch of the page: `on` or `off` names the kind, `scope` and `often` say for what and how often."""
    form = request.form()
    if "off" in form:
        backend.faults.remove(kind=form["off"])
        return done(request, {"ok": True})
    _, pattern, regex = SCOPES.get(form.get("scope", ""), SCOPES["all"])
    _, probability, times = OFTEN.get(form.get("often", ""), OFTEN["always"])
    try:
        rule = parse_rule(
            {"kind": form.get("on"), "match": pattern, "regex": regex, "probability": probability, "times": times}
        )
    except BadRule as error:
        raise ApiError(422, str(error)) from None
    backend.faults.remove(kind=rule.kind)
    return done(request, backend.faults.add(rule).as_json())


def file(backend: Backend, request: Request, name: str) -> Answer:
    """A file that belongs to the page."""
    path = FILES.get(name)
    if path is None:
        raise ApiError(404, "Not Found")
    return text_answer(path.read_text("utf-8"), TYPES[path.suffix], headers=HEADERS)


def favicon(backend: Backend, request: Request) -> Answer:
    """What browsers ask for unasked."""
    return json_answer({"detail": "Not Found"}, status=404)


def _links(chosen: str) -> list[Html]:
    return [
        h(
            '<a href="{href}"{current}>{title}</a>',
            href=f"/?view={name}" if name else "/",
            title=title,
            current=Html(' aria-current="page"') if name == chosen else "",
        )
        for name, (title, _) in VIEWS.items()
    ]


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/", page),
    ("GET", "/favicon.ico", favicon),
    ("GET", "/_sandbox/page/{name}", file),
    ("POST", "/_sandbox/page/switch", switch),
]
