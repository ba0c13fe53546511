"""Steering conversations under `/_sandbox/chats`: making them, and letting somebody say something."""

import json
import sqlite3
from typing import Any

from protoadmin.sandbox import bot
from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.chats import human_json, message_json
from protoadmin.sandbox.guard import array, done, flag, given, string, whole
from protoadmin.sandbox.messaging_bodies import LANGUAGES, customer_message, human_values, text
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.webhook_control import channel_of
from protoadmin.sandbox.wire import Answer, Request, json_answer

CHAT = "/_sandbox/chats/{chat_id}"
MOST = 10_000
AUTHORS = ("bot", "agent", "human")


def make_chat(backend: Backend, request: Request) -> Answer:
    """Make a chat: `channel_id`, `human` (an id in it, or a new one), `lang`, `chatToken`, `agent`, `messages`.

    Its messages, `{"author_type", "message" or "text"}`, are stored and not delivered.
    """
    body = given(request)
    channel = channel_of(backend, string(body, "channel_id"))
    lang = body.get("lang") or channel["default_language"]
    if lang not in LANGUAGES:
        raise ApiError(422, f"lang has to be one of {', '.join(LANGUAGES)}")
    human_id = _human(backend, channel["channel_id"], body.get("human") or {})
    token = body.get("chatToken")
    chat_id = backend.chats.add_chat(
        channel["channel_id"], human_id, lang=lang, chat_token=None if token is None else text(token, "chatToken")
    )
    if body.get("agent"):
        backend.chats.change_chat(chat_id, agent=string(body, "agent"))
    for item in array(body, "messages"):
        author, message = _said(_chat(backend, chat_id), item)
        backend.chats.add_message(chat_id, author, message)
    return done(request, _whole_chat(backend, _chat(backend, chat_id)), status=201)


def list_chats(backend: Backend, request: Request) -> Answer:
    """Chats, those with the newest message first: by `channel_id`, name `q`, `limit`, `offset`."""
    args = request.args()
    found, total = backend.chats.search(
        args.get("channel_id"),
        search=args.get("q", ""),
        limit=whole(args, "limit", 50),
        offset=whole(args, "offset", 0),
    )
    return json_answer({"chats": [backend.chats.chat_json(chat) for chat in found], "total": total})


def show_chat(backend: Backend, request: Request, chat_id: str) -> Answer:
    """A chat with its human and all its messages."""
    return json_answer(_whole_chat(backend, _chat(backend, chat_id)))


def say(backend: Backend, request: Request, chat_id: str) -> Answer:
    """Let somebody say something: `author_type` bot, agent or human, `author_name`, `message`, `messages` or `text`.

    What bot and agents say is stored and delivered; what a human says is stored and answered by the bot.
    """
    chat = _chat(backend, chat_id)
    body = given(request)
    items = array(body, "messages") or [{key: body[key] for key in ("message", "text") if key in body}]
    who: dict[str, Any] = {key: body[key] for key in ("author_type", "author_name") if key in body}
    said = [_said(chat, item, who) for item in items]
    if body.get("author_type") == "human":
        for _, message in said:
            backend.talk.customer_says(_chat(backend, chat_id), customer_message({"message": message}))
    else:
        if said[0][0]["type"] == "agent":
            backend.chats.change_chat(chat_id, agent=said[0][0]["name"])
        backend.talk.say(chat_id, said[0][0], [message for _, message in said])
    return done(request, _whole_chat(backend, _chat(backend, chat_id)))


def change_chat(backend: Backend, request: Request, chat_id: str) -> Answer:
    """End a chat or let it go on: `active`; hand it to an `agent` by name, or back to the bot with null."""
    chat = _chat(backend, chat_id)
    body = given(request)
    if "active" in body:
        backend.chats.change_chat(chat["id"], active=int(flag(body["active"])))
    if "agent" in body:
        backend.chats.change_chat(chat["id"], agent=string(body, "agent") if body["agent"] else None)
    return done(request, _whole_chat(backend, _chat(backend, chat_id)))


def deliver_again(backend: Backend, request: Request, chat_id: str) -> Answer:
    """Deliver what bot and agents have said in a chat so far, or in `all` chats: one delivery for each chat."""
    found = backend.chats.search(None, limit=MOST)[0][::-1] if chat_id == "all" else [_chat(backend, chat_id)]
    told = [chat["id"] for chat in found if backend.talk.say_again(chat)]
    backend.talk.wake()
    return done(request, {"chats": told}, status=201)


def ask_for_profile(backend: Backend, request: Request, chat_id: str) -> Answer:
    """Send the profile request for a chat's human now."""
    chat = _chat(backend, chat_id)
    human = backend.chats.human(chat["channel_id"], chat["human_id"])
    made = backend.talk.ask_for_profile(chat["channel_id"], human, chat_token=chat["chat_token"]) if human else []
    return done(request, {"deliveries": made}, status=201)


def _human(backend: Backend, channel_id: str, human: Any) -> str:
    """The human of a new chat: the one with this id, or a new one, with this id if it is given."""
    if not isinstance(human, dict):
        raise ApiError(422, "human has to be an object")
    wanted = string(human, "id") if "id" in human else ""
    if wanted and backend.chats.human(channel_id, wanted):
        return wanted
    if wanted and backend.state.row("SELECT 1 FROM humans WHERE id = ?", (wanted,)):
        raise ApiError(409, f"Human {wanted} belongs to another channel")
    return backend.chats.add_human(channel_id, human_values(human), human_id=wanted)


def _said(chat: sqlite3.Row, item: Any, who: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Author and message of what is to be said; the kinds of messages are not checked: the world is open."""
    if not isinstance(item, dict):
        raise ApiError(422, "A message has to be an object")
    item = (who or {}) | item
    message = item.get("message")
    if message is None and item.get("text"):
        message = bot.text(string(item, "text"))
    if not isinstance(message, dict) or "data" not in message:
        raise ApiError(422, 'Give message as {"type": …, "data": …}, or text')
    string(message, "type")
    author_type = item.get("author_type", "bot")
    if author_type not in AUTHORS:
        raise ApiError(422, f"author_type has to be one of {', '.join(AUTHORS)}")
    if author_type == "human":
        return {"type": "human", "id": chat["human_id"]}, message
    name = string(item, "author_name") if item.get("author_name") else ""
    if author_type == "bot":
        author = bot.bot_author(chat["channel_id"])
        return author | ({"name": name} if name else {}), message
    return bot.agent_author(name or chat["agent"] or "Alex"), message


def _whole_chat(backend: Backend, chat: sqlite3.Row) -> dict[str, Any]:
    human = backend.chats.human(chat["channel_id"], chat["human_id"])
    extra = {key: chat[key] for key in ("channel_id", "lang", "agent")} | {"chatToken": chat["chat_token"]}
    shown = backend.chats.chat_json(chat) | extra | {"data": json.loads(chat["data"])}
    if human is not None:
        shown["human"] = human_json(human)
        shown["profile"] = json.loads(human["profile"] or "null")
    shown["messages"] = [message_json(row) for row in backend.chats.messages(chat["id"])]
    return shown


def _chat(backend: Backend, chat_id: str) -> sqlite3.Row:
    chat = backend.chats.chat(chat_id)
    if chat is None:
        raise ApiError(404, f"No chat {chat_id}")
    return chat


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/_sandbox/chats", list_chats),
    ("POST", "/_sandbox/chats", make_chat),
    ("GET", CHAT, show_chat),
    ("POST", CHAT, change_chat),
    ("POST", CHAT + "/say", say),
    ("POST", CHAT + "/profile", ask_for_profile),
    ("POST", CHAT + "/deliver", deliver_again),
]
