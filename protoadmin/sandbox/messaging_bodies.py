"""Reading the bodies of the Messaging API: seed 004, strict about what it says, open for what it does not name.

A body that cannot be is a 400 with a sentence, like every other refusal of the gateway.
"""

from typing import Any, NoReturn

from protoadmin.sandbox.problems import ApiError, read_object
from protoadmin.sandbox.wire import Request

CODES = "en zh_CN zh_TW id ja pt th tl vi es fr de ms yo ha ig hi mr bn sw rw tw ceb bem ny ar kqn loz lue lun ton"
LANGUAGES = tuple(CODES.split())
HUMAN_TEXTS = ("name", "email", "phoneNumber", "profilePicUrl", "accessToken", "externalId")
MESSAGE_TEXTS = {"text": "text", "button": "payload", "manual_trigger": "trigger_name"}
Body = dict[str, Any]


def refuse(sentence: str) -> NoReturn:
    """Answer 400 with a sentence."""
    raise ApiError(400, sentence)


def read(request: Request) -> Body:
    """The JSON object in the body."""
    try:
        return read_object(request)
    except ApiError as error:
        known = error.detail[0]["msg"] if isinstance(error.detail, list) else error.detail
        refuse(f"The body has to be a JSON object: {known}")


def human_values(body: Body, where: str = "") -> Body:
    """The documented keys of a human that are given; null counts as not given."""
    values: Body = {key: text(body[key], where + key) for key in HUMAN_TEXTS if body.get(key) is not None}
    if body.get("tags") is not None:
        values["tags"] = _tags(body["tags"], where + "tags")
    return values


def chat_values(body: Body) -> Body:
    """What a new chat is made of: `human`, `data`, `lang`, `chatToken`, each as given or None."""
    human, data, lang, token = (body.get(key) for key in ("human", "data", "lang", "chatToken"))
    if human is not None and not isinstance(human, dict):
        refuse("human has to be an object")
    if data is not None and not isinstance(data, dict):
        refuse("data has to be an object")
    if lang is not None and lang not in LANGUAGES:
        refuse(f"lang has to be one of {', '.join(LANGUAGES)}")
    if token is not None:
        text(token, "chatToken")
    return {"human": human, "data": data, "lang": lang, "chatToken": token}


def customer_message(body: Body) -> Body:
    """The message that a customer sends, with nothing in it that is not documented."""
    message = body.get("message")
    if not isinstance(message, dict):
        refuse("message has to be an object")
    kind, data = message.get("type"), message.get("data")
    if kind not in (*MESSAGE_TEXTS, "media"):
        refuse(f"message.type has to be one of {', '.join(MESSAGE_TEXTS)}, media")
    if not isinstance(data, dict):
        refuse("message.data has to be an object")
    if kind in MESSAGE_TEXTS:
        key = MESSAGE_TEXTS[kind]
        return {"type": kind, "data": {key: text(data.get(key), f"message.data.{key}", filled=True)}}
    attachment = data.get("attachment")
    if not isinstance(attachment, dict):
        refuse("message.data.attachment has to be an object")
    where = "message.data.attachment."
    filename = text(attachment.get("filename"), where + "filename", filled=True)
    url = text(attachment.get("url"), where + "url", filled=True)
    if not url.lower().startswith(("https://", "http://")):
        refuse(f"{where}url has to be a URL")
    return {"type": "media", "data": {"attachment": {"filename": filename, "url": url}}}


def customer(body: Body, human_id: str) -> None:
    """Refuse a message whose author is not the chat's human."""
    author = body.get("author")
    if not isinstance(author, dict):
        refuse("author has to be an object")
    if author.get("type") != "human":
        refuse("author.type has to be human")
    if author.get("id") != human_id:
        refuse("author.id has to be the human of this chat")


def text(value: Any, where: str, *, filled: bool = False) -> str:
    """A string that UTF-8 can carry."""
    if not isinstance(value, str):
        refuse(f"{where} has to be a string")
    if any("\ud800" <= char <= "\udfff" for char in value):
        refuse(f"{where} has to be valid Unicode")
    if filled and not value.strip():
        refuse(f"{where} must not be empty")
    return value


def whole(value: str | None, where: str, default: int) -> int:
    """A positive whole number out of the query."""
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value)):
        refuse(f"{where} has to be a whole number from 1")
    return int(value)


def _tags(value: Any, where: str) -> list[Body]:
    if not isinstance(value, list):
        refuse(f"{where} has to be a list")
    for i, tag in enumerate(value):
        if not isinstance(tag, dict):
            refuse(f"{where}[{i}] has to be an object")
        named = [text(tag[key], f"{where}[{i}].{key}", filled=True) for key in ("id", "name") if key in tag]
        if not named:
            refuse(f"{where}[{i}] needs an id or a name")
        inside = tag.get("value")
        for each in inside if isinstance(inside, list) else [inside]:
            if isinstance(each, dict | list):
                refuse(f"{where}[{i}].value has to be a number, a string, or a list of them")
    return value
