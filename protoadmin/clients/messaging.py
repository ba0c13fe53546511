"""The Proto Messaging API (gateway). Documented in seed 004; every function returns a request and sends nothing.

Answers are plain JSON objects; what a newer revision of the vendor's page adds is kept as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from protoadmin.clients.auth import HeaderAuth, usable_secret
from protoadmin.clients.errors import UnexpectedShape
from protoadmin.clients.paths import path_segment
from protoadmin.clients.transport import Client, Request, Timeouts

DEFAULT_BASE_URL = "https://gw.proto.cx"

# Seed 004, "Here is the list of languages supported"; the names with their misprints mended.
LANGUAGES = {
    "en": "English",
    "zh_CN": "Simplified Chinese",
    "zh_TW": "Traditional Chinese",
    "id": "Indonesian",
    "ja": "Japanese",
    "pt": "Portuguese",
    "th": "Thai",
    "tl": "Tagalog",
    "vi": "Vietnamese",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "ms": "Malay",
    "yo": "Yoruba",
    "ha": "Hausa",
    "ig": "Igbo",
    "hi": "Hindi",
    "mr": "Marathi",
    "bn": "Bengali",
    "sw": "Swahili",
    "rw": "Kinyarwanda",
    "tw": "Twi",
    "ceb": "Cebuano",
    "bem": "Bemba (Zambia)",
    "ny": "Nyanja",
    "ar": "Arabic",
    "kqn": "Kaonde",
    "loz": "Lozi",
    "lue": "Luvale",
    "lun": "Lunda",
    "ton": "Tonga",
}


def client(base_url: str, access_token: str, **timeouts: float) -> Client:
    """Return a client that sends a personal access token as `X-PROTO-TOKEN` (seed 004, Authentication).

    `timeouts` are seconds: connect, read, total. Raises InvalidBaseUrl and UnusableSecret.
    """
    token = usable_secret(access_token)
    auth = HeaderAuth("X-PROTO-TOKEN", token)
    return Client(base_url, auth=auth, secrets=(token,), timeouts=Timeouts(**timeouts))


def human_body(
    *,
    human_id: str | None = None,
    name: str | None = None,
    email: str | None = None,
    phone_number: str | None = None,
    profile_pic_url: str | None = None,
    tags: Sequence[Mapping[str, Any]] | None = None,
    access_token: str | None = None,
) -> dict[str, Any]:
    """Return a human as the API takes it (seed 004, Human APIs): what is None is left out.

    `tags` are `{"id", "name", "value"}`; `access_token` comes back in the webhooks.
    """
    body = {
        "id": human_id,
        "name": name,
        "email": email,
        "phoneNumber": phone_number,
        "profilePicUrl": profile_pic_url,
        "tags": [dict(tag) for tag in tags] if tags is not None else None,
        "accessToken": access_token,
    }
    return {key: value for key, value in body.items() if value is not None}


def create_human(channel_id: str, human: Mapping[str, Any]) -> Request:
    """Create a human (seed 004, POST …/human). Reads `{"id", …}`; `human` is made by `human_body` without an id.

    Not idempotent. Raises UnsafeIdentifier.
    """
    return Request("create_human", "POST", f"{_channel(channel_id)}/human", json=dict(human), read=_inside("human"))


def get_human(channel_id: str, human_id: str) -> Request:
    """Read a human (seed 004, GET …/human/{human_id}). Reads an object."""
    return Request("get_human", "GET", f"{_channel(channel_id)}/human/{path_segment(human_id)}", read=_an_object)


def create_chat(
    channel_id: str,
    *,
    human: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    lang: str | None = None,
    chat_token: str | None = None,
) -> Request:
    """Create a chat (seed 004, POST …/chat). Reads `{"id", "active", "createdAt", "human"}`.

    `human` is made by `human_body`, with an id or on the fly; without one Proto makes a new human. `data` initialises
    the bot; without `lang` Proto takes the master language; `chat_token` comes back in the webhooks. Not idempotent.
    """
    given = {
        "human": dict(human) if human else None,
        "data": dict(data) if data else None,
        "lang": lang or None,
        "chatToken": chat_token or None,
    }
    body = {name: value for name, value in given.items() if value is not None}
    return Request("create_chat", "POST", f"{_channel(channel_id)}/chat", json=body, read=_inside("chat"))


def list_chats(
    channel_id: str, *, human_id: str | None = None, chat_id: str | None = None, maximum: int | None = None
) -> Request:
    """List the chats of a human, or one chat (seed 004, Chat APIs, List chats). Reads a list of objects with `id`.

    `maximum` is the most that are returned (the remote's default is 5). Raises ValueError without either id.
    """
    if not human_id and not chat_id:
        raise ValueError("A human_id or a chat_id must be given.")
    if maximum is not None and maximum < 1:
        raise ValueError("maximum must be at least 1.")
    given = {"humanId": human_id, "chatId": chat_id, "max": str(maximum) if maximum is not None else None}
    params = {name: value for name, value in given.items() if value}
    return Request("list_chats", "GET", f"{_channel(channel_id)}/chats", params=params, read=_chats)


def text_message(text: str) -> dict[str, Any]:
    """Return a text message; ValueError without text."""
    if not text.strip():
        raise ValueError("A text message needs a text.")
    return {"type": "text", "data": {"text": text}}


def button_message(payload: str) -> dict[str, Any]:
    """Return a click on a postback button of a card or carousel; ValueError without a payload."""
    if not payload.strip():
        raise ValueError("A button message needs the button's payload.")
    return {"type": "button", "data": {"payload": payload}}


def manual_trigger_message(trigger_name: str) -> dict[str, Any]:
    """Return a manual trigger: `trigger_name` is the API code of the ManualTrigger action; ValueError without one."""
    if not trigger_name.strip():
        raise ValueError("A manual trigger needs the API code of its action.")
    return {"type": "manual_trigger", "data": {"trigger_name": trigger_name}}


def media_message(filename: str, url: str) -> dict[str, Any]:
    """Return a media message; ValueError without a file name or with a URL that is not https."""
    parts = urlsplit(url)
    if not filename.strip() or parts.scheme != "https" or not parts.hostname:
        raise ValueError("A media message needs a file name and an https URL.")
    return {"type": "media", "data": {"attachment": {"filename": filename, "url": url}}}


def send_message(
    channel_id: str, chat_id: str, *, human_id: str, message: Mapping[str, Any], reply_token: str | None = None
) -> Request:
    """Send a message as the customer (seed 004, POST …/chat/{chatId}/message). The answer may be anything.

    `message` is made by one of the four functions above; `reply_token` comes back in the webhooks. Not idempotent.
    """
    if not human_id:
        raise ValueError("A message needs the id of the human whom it is sent as.")
    body: dict[str, Any] = {"author": {"type": "human", "id": human_id}, "message": dict(message)}
    if reply_token:
        body["replyToken"] = reply_token
    return Request("send_message", "POST", _messages(channel_id, chat_id), json=body)


def list_messages(channel_id: str, chat_id: str) -> Request:
    """List the messages of a chat, oldest first (seed 004, GET …/chat/{chatId}/message). Reads a list of objects.

    The documented items are `{"author", "message": {"type", "data"}}`: they carry no id and no time.
    """
    return Request("list_messages", "GET", _messages(channel_id, chat_id), read=_objects)


def _channel(channel_id: str) -> str:
    return f"/webhook/{path_segment(channel_id)}"


def _messages(channel_id: str, chat_id: str) -> str:
    return f"{_channel(channel_id)}/chat/{path_segment(chat_id)}/message"


def _an_object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UnexpectedShape("an object was expected")
    return data


def _inside(name: str) -> Callable[[Any], dict[str, Any]]:
    """Return a reader of `{name: {"id": …}}`; a newer revision may answer with the inner object alone."""

    def read(data: Any) -> dict[str, Any]:
        outer = _an_object(data)
        inner = outer.get(name, outer)
        if not isinstance(inner, dict) or not isinstance(inner.get("id"), str) or not inner["id"]:
            raise UnexpectedShape(f"a {name} without an id")
        return inner

    return read


def _objects(data: Any) -> list[dict[str, Any]]:
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise UnexpectedShape("a list of objects was expected")
    return data


def _chats(data: Any) -> list[dict[str, Any]]:
    if not isinstance(data, list):
        raise UnexpectedShape("a list of chats was expected")
    if not all(isinstance(chat, dict) and isinstance(chat.get("id"), str) and chat["id"] for chat in data):
        raise UnexpectedShape("a chat without an id")
    return data
