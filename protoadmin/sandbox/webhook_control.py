"""Steering the webhooks under `/_sandbox/`: where they go, how they misbehave, what exactly is sent, and traffic."""

import sqlite3
from typing import Any

from protoadmin.sandbox import bot
from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.guard import done, flag, given, number, string, whole
from protoadmin.sandbox.outbound import STYLES
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.traffic import MESSAGES, MOST_PER_MINUTE
from protoadmin.sandbox.wire import Answer, Request, json_answer, to_json

CHANNEL = "/_sandbox/channels/{channel_id}"
MOST = 10_000


def show_channel(backend: Backend, request: Request, channel_id: str) -> Answer:
    """Where a channel's webhooks go, how they are signed, and its secrets."""
    channel = channel_of(backend, channel_id)
    return json_answer({**dict(channel), **backend.outbound.hook(channel_id)})


def change_channel(backend: Backend, request: Request, channel_id: str) -> Answer:
    """Set `webhook_url`, `profile_url` (empty for none), `signature` of a channel, or of `all` of them."""
    body = given(request)
    changes: dict[str, str] = {
        key: string(body, key) for key in ("webhook_url", "profile_url", "signature") if key in body
    }
    if changes.get("signature", "hex") not in STYLES:
        raise ApiError(422, f"signature has to be one of {', '.join(STYLES)}")
    for key in ("webhook_url", "profile_url"):
        if changes.get(key) and not backend.outbound.may_call(changes[key]):
            raise ApiError(422, f"{key} has to lie on loopback or where --webhook-base says that the product is")
    wanted = list(backend.records.channels) if channel_id == "all" else [channel_of(backend, channel_id)["channel_id"]]
    for each in wanted:
        backend.outbound.set_hook(each, changes)
    return done(request, {"channels": [backend.outbound.hook(each) for each in wanted]})


def deliver(backend: Backend, request: Request, channel_id: str) -> Answer:
    """Send `events` (an array), `json` or exactly `body` (text): `signature`, `times`, `delay`, `kind` as wished."""
    channel_of(backend, channel_id)
    body = given(request)
    if isinstance(body.get("body"), str):
        raw = body["body"].encode("utf-8", "surrogatepass")
    elif "json" in body:
        raw = to_json(body["json"])
    elif isinstance(body.get("events"), list):
        raw = to_json({"events": body["events"]})
    else:
        raise ApiError(422, "Give events (an array), json, or body (text)")
    signature = body.get("signature")
    if signature is not None and signature not in STYLES:
        raise ApiError(422, f"signature has to be one of {', '.join(STYLES)}")
    kind = body.get("kind", "messages")
    if kind not in ("messages", "profile"):
        raise ApiError(422, "kind has to be messages or profile")
    made = backend.outbound.add(
        channel_id,
        raw,
        kind=kind,
        about="as told",
        signature=signature,
        delay=number(body, "delay", 0, 3600),
        times=int(number(body, "times", 1, 1000, low=1)),
    )
    backend.talk.wake()
    return done(request, {"deliveries": made}, status=201)


def bulk(backend: Backend, request: Request, channel_id: str) -> Answer:
    """One delivery of `messages` in `events` (chats): what the bot says there is stored too."""
    channel_of(backend, channel_id)
    body = given(request)
    count = int(number(body, "messages", 100, MOST, low=1))
    found, _ = backend.chats.search(channel_id, limit=int(number(body, "events", 1, 1000, low=1)))
    if not found:
        raise ApiError(404, "The channel has no chats")
    events = []
    for i, chat in enumerate(found):
        human = backend.chats.human_of(chat)
        author = bot.bot_author(channel_id)
        mine = [bot.text(f"Message {n + 1} of {count}") for n in range(i, count, len(found))]
        for message in mine:
            backend.chats.add_message(chat["id"], author, message)
        events.append(backend.outbound.event(chat, human, [{"author": author, **message} for message in mine]))
    raw = to_json({"events": [event for event in events if event["messages"]]})
    made = backend.outbound.add(channel_id, raw, lane=channel_id, about=f"{count} messages in {len(events)} events")
    backend.talk.wake()
    return done(request, {"deliveries": made, "chats": [chat["id"] for chat in found]}, status=201)


def show_webhooks(backend: Backend, request: Request) -> Answer:
    """Where webhooks go, how they misbehave, the bot's delay, the traffic, and how many deliveries there are."""
    return json_answer(webhooks_json(backend))


def webhooks_json(backend: Backend) -> dict[str, Any]:
    """The same, for the page too."""
    counts = backend.state.rows("SELECT state, count(*) AS count FROM deliveries GROUP BY state")
    return {
        "channels": [backend.outbound.hook(channel_id) for channel_id in backend.records.channels],
        "manners": backend.outbound.manners,
        "reply_delay": list(backend.talk.delay),
        "traffic": backend.traffic.as_json(),
        "deliveries": {row["state"]: row["count"] for row in counts},
    }


def change_webhooks(backend: Backend, request: Request) -> Answer:
    """Change the manners: `repeat, late, shuffle, bulk, bulk_as, newer_keys`, and the bot's `reply_delay`."""
    body = given(request)
    changes: dict[str, Any] = {}
    for key, most in (("repeat", 20), ("shuffle", 200), ("bulk", MOST)):
        if key in body:
            changes[key] = int(number(body, key, 0, most))
    if "late" in body:
        changes["late"] = number(body, "late", 0, 3600)
    if "newer_keys" in body:
        changes["newer_keys"] = flag(body["newer_keys"])
    if "bulk_as" in body:
        if body["bulk_as"] not in ("events", "messages"):
            raise ApiError(422, "bulk_as has to be events or messages")
        changes["bulk_as"] = body["bulk_as"]
    if "reply_delay" in body:
        backend.talk.set_delay(*_delay(body["reply_delay"]))
    backend.outbound.set_manners(changes)
    backend.talk.wake()
    return done(request, webhooks_json(backend))


def change_traffic(backend: Backend, request: Request) -> Answer:
    """Let simulated customers write `per_minute` messages, `messages` in all; 0 stops them."""
    body = given(request)
    rate = number(body, "per_minute", 0, MOST_PER_MINUTE)
    backend.traffic.start(rate, int(number(body, "messages", MESSAGES, 1_000_000)))
    return done(request, backend.traffic.as_json())


def list_deliveries(backend: Backend, request: Request) -> Answer:
    """Deliveries with their attempts, in the order in which they were made: behind `after`, or the newest `limit`."""
    args = request.args()
    after, limit = whole(args, "after", -1), whole(args, "limit", 100)
    sql = "SELECT * FROM deliveries WHERE n > ? AND (? = '' OR state = ?) ORDER BY n"
    state = args.get("state", "")
    if after < 0:
        sql = f"SELECT * FROM ({sql} DESC LIMIT ?) ORDER BY n"  # noqa: S608 - our own text
    else:
        sql += " LIMIT ?"
    found = [delivery_json(backend, row) for row in backend.state.rows(sql, (after, state, state, limit))]
    return json_answer({"deliveries": found, "last": found[-1]["n"] if found else max(after, 0)})


def delivery_json(backend: Backend, row: sqlite3.Row) -> dict[str, Any]:
    """A delivery with its attempts; the body as text."""
    keys = ("n", "channel_id", "kind", "about", "signature", "state", "attempts", "status", "error", "at", "due")
    attempts = backend.state.rows("SELECT * FROM attempts WHERE delivery = ? ORDER BY n", (row["n"],))
    shown = {key: row[key] for key in keys} | {"body": bytes(row["body"]).decode("utf-8", "replace")}
    tries = [{key: a[key] for key in ("at", "url", "status", "error", "seconds", "answer")} for a in attempts]
    return shown | {"tries": tries}


def _delay(value: Any) -> tuple[float, float]:
    pair = value if isinstance(value, list) else [value, value]
    if len(pair) == 2:
        low, high = (number({"reply_delay": each}, "reply_delay", 0, 3600) for each in pair)
        if low <= high:
            return low, high
    raise ApiError(422, "reply_delay has to be a number of seconds, or the least and the most")


def channel_of(backend: Backend, channel_id: str) -> sqlite3.Row:
    """A channel by its id."""
    channel = backend.records.channels.get(channel_id)
    if channel is None:
        raise ApiError(404, f"No channel {channel_id}")
    return channel


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", CHANNEL, show_channel),
    ("POST", CHANNEL, change_channel),
    ("POST", CHANNEL + "/deliver", deliver),
    ("POST", CHANNEL + "/bulk", bulk),
    ("GET", "/_sandbox/webhooks", show_webhooks),
    ("POST", "/_sandbox/webhooks", change_webhooks),
    ("POST", "/_sandbox/traffic", change_traffic),
    ("GET", "/_sandbox/deliveries", list_deliveries),
]
