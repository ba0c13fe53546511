"""The page's first view: what came in lately, and the switches that make the sandbox misbehave."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from protoadmin.sandbox import console_webhooks
from protoadmin.sandbox.backend import Backend
from protoadmin.sandbox.faults import KINDS, Rule
from protoadmin.sandbox.markup import Html, h
from protoadmin.sandbox.misbehave import takes_effect

SHOWN = 60
WRITES = "^(POST|PUT|PATCH|DELETE) "
SCOPES: dict[str, tuple[str, str, bool]] = {
    "all": ("every request", "", False),
    "tickets": ("creating tickets", "create-ticket", False),
    "people": ("saving people", "create-customer", False),
    "tags": ("adding tags and custom fields", "/add-", False),
    "humans": ("creating humans", "^POST /webhook/[^/]+/human$", True),
    "chats": ("starting chats", "^POST /webhook/[^/]+/chat$", True),
    "messages": ("sending messages", "^POST /webhook/.*/message$", True),
    "protocol": ("Protocol customers", " /v1/customers", False),
    "helpdesk": ("the helpdesk's lists", " /api/v1/", False),
    "writes": ("everything that changes something", WRITES, True),
    "reads": ("everything that only reads", "^GET ", True),
}
OFTEN: dict[str, tuple[str, float, int | None]] = {
    "always": ("every time", 1, None),
    "half": ("half of the time", 0.5, None),
    "tenth": ("one time in ten", 0.1, None),
    "next": ("only the next time", 1, 1),
    "three": ("only the next three times", 1, 3),
}
GROUPS = {
    "Take its time": ("slow", "drip"),
    "Say no": ("error", "rate_limit", "unavailable"),
    "Lose the answer": ("drop_before", "drop_after", "error_after", "truncated"),
    "Speak nonsense": ("html", "wrong_shape", "garbage", "huge", "redirect"),
}
NAMES = {
    "create-ticket": "Create ticket",
    "get-customer": "Read person",
    "create-customer": "Save person",
    "add-tags": "Add tags",
    "add-custom-fields": "Set custom fields",
    "list-custom-fields": "List custom fields",
    "create-custom-field": "Add custom field",
    "delete-custom-fields": "Delete custom field",
    "chats": "List chats",
    "GET human": "Read human",
    "GET message": "List messages",
    "human": "Create human",
    "chat": "Start chat",
    "message": "Send message",
    "POST customers": "Create Protocol customer",
    "GET customers": "List Protocol customers",
    "companies": "List companies",
    "contacts": "List contacts",
    "conversations": "List conversations",
    "openapi.json": "Read the schema",
    "docs": "Read the docs",
}


def banner(backend: Backend) -> Html:
    """How the sandbox behaves now, and the way back."""
    faults = backend.faults
    parts = [KINDS[rule.kind].title.lower() for rule in faults.rules]
    if faults.limit is not None:
        parts.append(f"at most {faults.limit} requests in {faults.limit_seconds:g} s")
    parts += console_webhooks.manners(backend)
    if not parts:
        return h(
            '<div class="banner" id="banner" data-live role="status"><p><span class="dot"></span>'
            "<strong>Answers normally.</strong></p></div>"
        )
    return h(
        '<div class="banner bad" id="banner" data-live role="status"><p><span class="dot"></span>'
        "<strong>Misbehaves on purpose:</strong> {parts}.</p>"
        '<form method="post" action="/_sandbox/faults/clear" data-quiet>'
        '<button class="main" id="normal">Back to normal</button></form></div>',
        parts=", ".join(dict.fromkeys(parts)),
    )


def view(backend: Backend, args: dict[str, str]) -> Html:
    """Requests on one side, switches on the other."""
    return h(
        '<div class="columns">{requests}{switches}</div>', requests=_requests(backend), switches=_switches(backend)
    )


def _requests(backend: Backend) -> Html:
    entries, last = backend.journal.after(None, limit=SHOWN)
    rows = [_request(backend, entry) for entry in reversed(entries)]
    nothing = h(
        '<p class="nothing">Nothing has come in yet. As soon as the product asks for something, it is here.</p>'
    )
    return h(
        '<section aria-labelledby="came"><div class="title"><h2 id="came">What came in</h2>'
        '<button type="button" id="pause" aria-pressed="false" hidden>Pause</button></div>'
        '<div id="requests" data-live><p class="hint">{count}</p>{rows}</div></section>',
        count=f"{last} in all, the newest {len(rows)} here" if last > len(rows) > 0 else f"{len(rows)} in all",
        rows=h('<ol class="requests">{rows}</ol>', rows=rows) if rows else nothing,
    )


def _request(backend: Backend, entry: dict[str, Any]) -> Html:
    moment = datetime.fromtimestamp(entry["at"], UTC)
    headers = "\n".join(f"{name}: {value}" for name, value in entry["headers"].items())
    body = entry["body"]
    if body is not None and not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False, indent=2)
    query = f"?{entry['query']}" if entry["query"] else ""
    return h(
        '<li><details id="r{n}"><summary><time datetime="{iso}">{time}</time>'
        '<span class="what"><b>{what}</b> <bdi>{about}</bdi></span>'
        '<span class="marks">{fault}{effect}{status}</span></summary>'
        '<div class="more"><p class="line"><code>{method} {target}</code></p>{body}'
        '<pre class="headers">{headers}</pre></div></details></li>',
        n=entry["n"],
        iso=moment.isoformat(),
        time=moment.strftime("%H:%M:%S"),
        what=_name(entry),
        about=_about(backend, entry),
        fault=_fault_mark(entry["fault"]),
        effect=_effect_mark(entry),
        status=_status_mark(entry["status"]),
        method=entry["method"],
        target=entry["path"] + query,
        body="" if body is None else h('<pre dir="auto">{body}</pre>', body=body[:4000]),
        headers=headers,
    )


def _name(entry: dict[str, Any]) -> str:
    parts = entry["path"].split("/")
    for part in (parts[-1], parts[-2] if len(parts) > 1 else ""):
        if name := NAMES.get(f"{entry['method']} {part}") or NAMES.get(part):
            return name
    return f"{entry['method']} {entry['path']}"[:80]


def _about(backend: Backend, entry: dict[str, Any]) -> str:
    """Whom or what a request is about, in a few words."""
    parts, body = entry["path"].split("/"), entry["body"]
    about: list[str] = []
    for before in ("customer", "create-customer"):
        if before in parts[:-1]:
            about.append(unquote(parts[parts.index(before) + 1]))
    if isinstance(body, dict):
        keys = ("provided_unique_id", "customer_id", "external_customer_id", "gateway_profile_id", "subject", "name")
        about += [str(body[key]) for key in keys if body.get(key)]
        if isinstance(body.get("tags"), list):
            about.append(", ".join(str(tag.get("name") if isinstance(tag, dict) else tag) for tag in body["tags"]))
        for inner in (body.get("human"), body.get("message")):
            if isinstance(inner, dict):
                data: dict[str, Any] = inner["data"] if isinstance(inner.get("data"), dict) else inner
                about += [str(data[key]) for key in ("name", "text", "payload") if data.get(key)]
    return " · ".join(about)[:160]


def _fault_mark(fault: str | None) -> Html:
    if not fault:
        return Html("")
    names = ", ".join(KINDS[part].title if part in KINDS else part.capitalize() for part in fault.split("+"))
    return h('<span class="mark fault">{names}</span>', names=names)


def _effect_mark(entry: dict[str, Any]) -> Html:
    if entry["method"] == "GET":
        return Html("")
    if entry["effect"]:
        return Html('<span class="mark done">done</span>')
    return Html('<span class="mark">nothing done</span>')


def _status_mark(status: int | None) -> Html:
    if status is None:
        return Html('<span class="status bad">no answer</span>')
    tone = "good" if status < 300 else "warn" if status < 500 else "bad"
    return h('<span class="status {tone}">{status}</span>', tone=tone, status=status)


def _switches(backend: Backend) -> Html:
    groups = [
        h(
            '<fieldset id="group-{n}" data-live><legend>{title}</legend>{rows}</fieldset>',
            n=n,
            title=title,
            rows=[_switch(backend, kind) for kind in kinds],
        )
        for n, (title, kinds) in enumerate(GROUPS.items())
    ]
    return h(
        '<section aria-labelledby="misbehave"><div class="title"><h2 id="misbehave">Make it misbehave</h2></div>'
        '<form method="post" action="/_sandbox/page/switch" data-quiet class="switches">'
        '<div class="choices"><label>For <select name="scope">{scopes}</select></label>'
        '<label>How often <select name="often">{often}</select></label></div>'
        '<p class="hint">Chosen before switching on. Slow goes together with any other.</p>{groups}</form>'
        "{limit}{again}</section>",
        scopes=_options({key: value[0] for key, value in SCOPES.items()}),
        often=_options({key: value[0] for key, value in OFTEN.items()}),
        groups=groups,
        limit=_limit(backend),
        again=_again(),
    )


def _switch(backend: Backend, kind: str) -> Html:
    rules = [rule for rule in backend.faults.rules if rule.kind == kind]
    shown = rules[0] if rules else Rule(kind, options=KINDS[kind].options)
    sentence = shown.sentence
    if not takes_effect(shown):
        sentence = sentence.replace("The request is carried out; t", "T")
    return h(
        '<div class="switch{on}"><div><b id="t-{kind}">{title}</b><p id="s-{kind}">{sentence}</p>{rules}</div>'
        '<button role="switch" name="{name}" value="{kind}" id="b-{kind}" aria-checked="{checked}"'
        ' aria-labelledby="t-{kind}" aria-describedby="s-{kind}"><span></span></button></div>',
        on=" on" if rules else "",
        kind=kind,
        title=KINDS[kind].title,
        sentence=sentence,
        rules=[_in_force(rule) for rule in rules[:5]],
        name="off" if rules else "on",
        checked="true" if rules else "false",
    )


def _in_force(rule: Rule) -> Html:
    scope = next(
        (title for title, match, regex in SCOPES.values() if (match, regex) == (rule.match, rule.regex)),
        f"requests with “{rule.match}”",
    )
    often = "" if rule.probability >= 1 else f", {rule.probability:.0%} of the time"
    left = "" if rule.remaining is None else f", {rule.remaining} more"
    return h('<p class="force">Now for {scope}{often}{left}.</p>', scope=scope, often=often, left=left)


def _limit(backend: Backend) -> Html:
    now = backend.faults.limit
    return h(
        '<form method="post" action="/_sandbox/limit" data-quiet class="limit"><label for="limit">Requests per'
        ' minute</label><p id="limit-hint">What is over it is refused with 429. Empty: as many as you like.</p>'
        '<div><input id="limit" name="per_minute" inputmode="numeric" pattern="[0-9]*" size="6"'
        ' aria-describedby="limit-hint" value="{now}"><button>Set the limit</button></div></form>',
        now=now,
    )


def _again() -> Html:
    return h(
        '<details class="again"><summary>Start again from the demo data</summary><p>Forgets every change, ticket,'
        ' request and switch.</p><form method="post" action="/_sandbox/reset" data-quiet>'
        '<button class="danger">Forget everything</button></form></details>'
    )


def _options(titles: dict[str, str]) -> list[Html]:
    return [h('<option value="{key}">{title}</option>', key=key, title=title) for key, title in titles.items()]
