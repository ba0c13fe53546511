"""The Messaging API of the gateway: seed 004. Every refusal is `{"detail": "a sentence"}`.

401 without the token of the channel, 404 for a channel, chat or human that is not there, 400 for what cannot be.
"""

import hmac
import sqlite3

from protoadmin.sandbox import messaging_bodies as bodies
from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.chats import human_json, message_json
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.wire import Answer, Request, json_answer

CHANNEL = "/webhook/{channel_id}"
LISTED = 5


def authorize(backend: Backend, request: Request, channel_id: str) -> sqlite3.Row:
    """The channel, if the token is its own (seed 004, Authentication)."""
    token = request.headers.get("x-proto-token", "").encode()
    channels = backend.records.channels
    known = channels.get(channel_id)
    allowed = [known] if known else list(channels.values())
    if not token or not any(hmac.compare_digest(token, row["access_token"].encode()) for row in allowed):
        raise ApiError(401, "Invalid token")
    if known is None:
        raise ApiError(404, f"Channel {channel_id} not found")
    return known


def create_human(backend: Backend, request: Request, channel_id: str) -> Answer:
    """Create a human; nothing of it is required (seed 004, Human APIs)."""
    authorize(backend, request, channel_id)
    human_id = backend.chats.add_human(channel_id, bodies.human_values(bodies.read(request)))
    return json_answer({"human": {"id": human_id}}, effect=True)


def get_human(backend: Backend, request: Request, channel_id: str, human_id: str) -> Answer:
    """All that is known of a human (seed 004, Get Human information)."""
    authorize(backend, request, channel_id)
    return json_answer(human_json(_human(backend, channel_id, human_id)))


def create_chat(backend: Backend, request: Request, channel_id: str) -> Answer:
    """Start a chat with a human by id, made or changed on the fly, or with a new one (seed 004, Create a chat)."""
    channel = authorize(backend, request, channel_id)
    given = bodies.chat_values(bodies.read(request))
    human = given["human"] or {}
    values = bodies.human_values(human, "human.")
    if human.get("id") is not None:
        human_id = str(_human(backend, channel_id, bodies.text(human["id"], "human.id", filled=True))["id"])
        backend.chats.change_human(human_id, values)
    else:
        human_id = backend.chats.add_human(channel_id, values)
    chat_id = backend.chats.add_chat(
        channel_id,
        human_id,
        lang=given["lang"] or channel["default_language"],
        data=given["data"],
        chat_token=given["chatToken"],
    )
    return json_answer({"chat": backend.chats.chat_json(_chat(backend, channel_id, chat_id))}, effect=True)


def list_chats(backend: Backend, request: Request, channel_id: str) -> Answer:
    """The chats of a human, or one chat, newest first; an id that nobody has gives an empty list."""
    authorize(backend, request, channel_id)
    args = request.args()
    human_id, chat_id = args.get("humanId", ""), args.get("chatId", "")
    if not human_id and not chat_id:
        bodies.refuse("You have to provide at least one humanId or chatId.")
    limit = bodies.whole(args.get("max"), "max", LISTED)
    found = []
    for chat in backend.chats.listed(channel_id, human_id=human_id, chat_id=chat_id, limit=limit):
        last = backend.chats.last_message(chat["id"])
        found.append(backend.chats.chat_json(chat) | ({"lastMsg": message_json(last)} if last else {}))
    return json_answer(found)


def send_message(backend: Backend, request: Request, channel_id: str, chat_id: str) -> Answer:
    """Take a message of the customer (seed 004, Send a message).

    The seed shows no answer; here it is `{"success": true}`, without an id, since messages have none anywhere else.
    """
    authorize(backend, request, channel_id)
    chat = _chat(backend, channel_id, chat_id)
    body = bodies.read(request)
    bodies.customer(body, chat["human_id"])
    message = bodies.customer_message(body)
    token = body.get("replyToken")
    if token is not None:
        bodies.text(token, "replyToken")
    backend.talk.customer_says(chat, message, reply_token=token)
    return json_answer({"success": True}, effect=True)


def list_messages(backend: Backend, request: Request, channel_id: str, chat_id: str) -> Answer:
    """The whole conversation in the order in which it was said (seed 004, List messages)."""
    authorize(backend, request, channel_id)
    chat = _chat(backend, channel_id, chat_id)
    return json_answer([message_json(row) for row in backend.chats.messages(chat["id"])])


def _human(backend: Backend, channel_id: str, human_id: str) -> sqlite3.Row:
    human = backend.chats.human(channel_id, human_id)
    if human is None:
        raise ApiError(404, f"Human {human_id} not found")
    return human


def _chat(backend: Backend, channel_id: str, chat_id: str) -> sqlite3.Row:
    chat = backend.chats.chat(chat_id, channel_id)
    if chat is None:
        raise ApiError(404, f"Chat {chat_id} not found")
    return chat


ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", CHANNEL + "/human", create_human),
    ("GET", CHANNEL + "/human/{human_id}", get_human),
    ("POST", CHANNEL + "/chat", create_chat),
    ("GET", CHANNEL + "/chats", list_chats),
    ("POST", CHANNEL + "/chat/{chat_id}/message", send_message),
    ("GET", CHANNEL + "/chat/{chat_id}/message", list_messages),
]
