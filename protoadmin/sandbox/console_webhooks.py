"""The page's view of webhooks: the deliveries, and the switches for how they go out."""

from datetime import UTC, datetime
from typing import Any

from protoadmin.sandbox.backend import Backend
from protoadmin.sandbox.markup import Html, h
from protoadmin.sandbox.outbound import STYLES
from protoadmin.sandbox.traffic import MESSAGES

SHOWN = 40
AT_A_TIME = {"repeat": 1, "late": 15, "shuffle": 4, "bulk": 5}
SWITCHES = {
    "repeat": ("Each twice", "Every delivery goes out again, byte for byte."),
    "late": ("Late", "Every delivery comes 15 s after it was said."),
    "shuffle": ("Out of order", "Four deliveries are held and go out in another order."),
    "bulk": ("In bulk", "Five deliveries become one with five events."),
}
STYLE_NAMES = {
    "hex": "hex, small letters",
    "HEX": "hex, capital letters",
    "prefixed": "sha1= and hex",
    "base64": "base64",
    "wrong": "wrong by one bit",
    "none": "not signed at all",
}
STATES = {"waiting": "waiting", "held": "held back", "done": "taken", "failed": "given up"}


def manners(backend: Backend) -> list[str]:
    """How webhooks misbehave at the moment, in words, for the banner."""
    found = [SWITCHES[key][0].lower() for key in SWITCHES if backend.outbound.manners[key]]
    styles = {backend.outbound.hook(channel_id)["signature"] for channel_id in backend.records.channels}
    found += [f"signature {STYLE_NAMES[style]}" for style in ("wrong", "none") if style in styles]
    return [f"webhooks: {', '.join(found)}"] if found else []


def view(backend: Backend, args: dict[str, str]) -> Html:
    """Deliveries on one side, switches on the other."""
    return h(
        '<div class="columns"><section aria-labelledby="out"><div class="title"><h2 id="out">What went out</h2></div>'
        '<div id="requests" data-live>{deliveries}</div></section><div class="stack">{traffic}{manners}{where}{exact}'
        "</div></div>",
        deliveries=_deliveries(backend),
        traffic=_traffic(backend),
        manners=_manners(backend),
        where=_where(backend),
        exact=_exact(backend),
    )


def _deliveries(backend: Backend) -> Html:
    rows = backend.state.rows("SELECT * FROM deliveries ORDER BY n DESC LIMIT ?", (SHOWN,))
    waiting = backend.state.count("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'held')")
    if not rows:
        return h('<p class="nothing">Nothing has gone out yet. As soon as bot or agent say something, it is here.</p>')
    return h(
        '<p class="hint">The newest {count}; {waiting} waiting</p><ol class="requests">{rows}</ol>',
        count=len(rows),
        waiting=waiting,
        rows=[_delivery(backend, row) for row in rows],
    )


def _delivery(backend: Backend, row: Any) -> Html:
    tries = backend.state.rows("SELECT * FROM attempts WHERE delivery = ? ORDER BY n", (row["n"],))
    moment = datetime.fromtimestamp(row["at"], UTC)
    tone = {"done": "good", "failed": "bad"}.get(row["state"], "warn")
    channel = backend.records.channels.get(row["channel_id"])
    return h(
        '<li><details id="d{n}"><summary><time datetime="{iso}">{time}</time><span class="what"><b>{kind}</b>'
        ' <bdi>{about}</bdi></span><span class="marks">{attempts}<span class="mark">{state}</span>'
        '<span class="status {tone}">{status}</span></span></summary><div class="more"><p class="line">{channel}</p>'
        '<pre dir="auto">{body}</pre><pre class="headers">{tries}</pre></div></details></li>',
        n=row["n"],
        iso=moment.isoformat(),
        time=moment.strftime("%H:%M:%S"),
        kind="Profile request" if row["kind"] == "profile" else "Messages",
        about=row["about"] or "",
        attempts=h('<span class="mark fault">{n} attempts</span>', n=row["attempts"]) if row["attempts"] > 1 else "",
        state=STATES.get(row["state"], row["state"]),
        tone=tone,
        status=row["status"] or "–",
        channel=channel["name"] if channel else row["channel_id"],
        body=bytes(row["body"])[:6000].decode("utf-8", "replace"),
        tries="\n".join(f"{a['url']}  {a['status'] or ''} {a['error'] or ''} {a['answer'] or ''}"[:400] for a in tries),
    )


def _traffic(backend: Backend) -> Html:
    now = backend.traffic
    state = f"{now.per_minute:g} a minute, {now.left} more until they stop." if now.is_on else "Nobody is writing now."
    return h(
        '<section aria-labelledby="live"><div class="title"><h2 id="live">Simulated customers</h2></div>'
        '<p class="hint" id="traffic-now" data-live>{state}</p>'
        '<form method="post" action="/_sandbox/traffic" data-quiet class="stacked">'
        '<label>Messages a minute <input name="per_minute" inputmode="decimal" pattern="[0-9.]+" size="6" required'
        ' value="{rate}"></label><p class="hint">They stop by themselves after {most} messages.</p>'
        '<div class="buttons"><button class="main">Start</button></div></form>'
        '<form method="post" action="/_sandbox/traffic" data-quiet class="buttons">'
        '<button name="per_minute" value="0">Stop</button></form></section>',
        state=state,
        rate=f"{now.per_minute or 6:g}",
        most=MESSAGES,
    )


def _manners(backend: Backend) -> Html:
    rows = [
        h(
            '<div class="switch{on}" id="sw-{key}" data-live><div><b id="t-{key}">{title}</b><p>{sentence}</p></div>'
            '<button role="switch" name="{key}" value="{value}" id="b-{key}" aria-checked="{checked}"'
            ' aria-labelledby="t-{key}"><span></span></button></div>',
            on=" on" if backend.outbound.manners[key] else "",
            key=key,
            title=title,
            sentence=sentence,
            value=0 if backend.outbound.manners[key] else AT_A_TIME[key],
            checked="true" if backend.outbound.manners[key] else "false",
        )
        for key, (title, sentence) in SWITCHES.items()
    ]
    return h(
        '<section aria-labelledby="how"><div class="title"><h2 id="how">Make webhooks misbehave</h2></div>'
        '<form method="post" action="/_sandbox/webhooks" data-quiet class="switches">{rows}</form>'
        '<form method="post" action="/_sandbox/channels/all" data-quiet class="stacked"><label>Signature'
        ' <select name="signature">{styles}</select></label><button>Sign this way</button></form>'
        '<form method="post" class="buttons" data-quiet>{bulks}</form></section>',
        rows=rows,
        styles=_styles(backend),
        bulks=[
            h(
                '<button name="messages" value="200" formaction="/_sandbox/channels/{id}/bulk">One delivery of 200'
                " messages: {name}</button>",
                id=key,
                name=row["name"],
            )
            for key, row in backend.records.channels.items()
        ],
    )


def _styles(backend: Backend) -> list[Html]:
    chosen = next((backend.outbound.hook(key)["signature"] for key in backend.records.channels), "hex")
    return [
        h(
            '<option value="{style}"{selected}>{name}</option>',
            style=style,
            name=STYLE_NAMES[style],
            selected=Html(" selected") if style == chosen else "",
        )
        for style in STYLES
    ]


def _where(backend: Backend) -> Html:
    forms = [
        h(
            '<form method="post" action="/_sandbox/channels/{id}" data-quiet class="stacked"><h4>{name}</h4>'
            '<label>Webhook URL <input name="webhook_url" value="{webhook}" dir="ltr"></label>'
            '<label>Profile URL <input name="profile_url" value="{profile}" dir="ltr"></label>'
            "<button>Set</button></form>",
            id=key,
            name=row["name"],
            webhook=backend.outbound.hook(key)["webhook_url"],
            profile=backend.outbound.hook(key)["profile_url"],
        )
        for key, row in backend.records.channels.items()
    ]
    return h(
        '<section aria-labelledby="where"><div class="title"><h2 id="where">Where they go</h2></div>{forms}</section>',
        forms=forms,
    )


def _exact(backend: Backend) -> Html:
    buttons = [
        h('<button formaction="/_sandbox/channels/{id}/deliver">Send to {name}</button>', id=key, name=row["name"])
        for key, row in backend.records.channels.items()
    ]
    return h(
        '<section aria-labelledby="exact"><div class="title"><h2 id="exact">Send exactly this</h2></div>'
        '<form method="post" data-quiet class="stacked"><label>Body <textarea name="body" rows="5" required dir="auto">'
        '</textarea></label><label>Signature <select name="signature">{styles}</select></label>'
        '<label>Times <input name="times" value="1" inputmode="numeric" pattern="[0-9]+" size="4"></label>'
        '<div class="buttons">{buttons}</div></form></section>',
        styles=_styles(backend),
        buttons=buttons,
    )
