"""What the bot and the agents say: a small script in ten languages (`phrases.json`), English for all others."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Message = dict[str, Any]
Phrases = dict[str, Any]
PHRASES: dict[str, Phrases] = json.loads((Path(__file__).parent / "phrases.json").read_text("utf-8"))
SITE = "https://www.example.com"
BOT_NAME = "Acme Assistant"
WORDS = {
    "agent": r"agent|human|person|operator|someone",
    "order": r"order|orders|parcel|delivery|track|tracking",
    "payment": r"payment|pay|paid|charge|charged|refund|bill|invoice",
    "products": r"plan|plans|price|prices|product|products|cards?|carousel",
    "picture": r"picture|photo|image|screenshot",
    "document": r"document|file|media|pdf|manual",
    "link": r"link|website|web|url",
    "bye": r"bye|goodbye|thanks|that's all",
    "hi": r"hi|hello|hey|start|menu|help",
}
PATTERNS = {topic: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for topic, words in WORDS.items()}


@dataclass
class Line:
    """Messages that one author says together."""

    author: dict[str, str]
    messages: list[Message]


@dataclass
class Reply:
    """What is said now, what somewhat later, and what becomes of the chat: `agent` takes over, or it `ends`."""

    now: Line
    later: Line | None = None
    agent: str | None = None
    ends: bool = False


@dataclass
class Scene:
    """What the bot knows when it answers: the language, who speaks, how far the conversation is."""

    channel_id: str
    lang: str
    name: str | None = None
    agent: str | None = None
    answers: int = 0
    agent_answers: int = 0
    phrases: Phrases = field(init=False)

    def __post_init__(self) -> None:
        self.phrases = PHRASES.get(self.lang) or PHRASES["en"]


def reply(scene: Scene, kind: str, data: dict[str, Any]) -> Reply:
    """The answer to a customer's message."""
    said = data.get("text", "") if kind == "text" else ""
    topic = topic_of(scene.phrases, said)
    if scene.agent:
        return _agent_reply(scene, kind, topic)
    if kind == "button":
        return _bot(scene, text(scene.phrases["chosen"].format(payload=data["payload"])))
    if kind == "media":
        return _bot(scene, text(scene.phrases["received"]))
    if kind == "manual_trigger" or topic == "hi" or (not topic and not scene.answers):
        return _bot(scene, _greeting(scene))
    return _on_topic(scene, topic)


def topic_of(phrases: Phrases, said: str) -> str:
    """What a text is about: a quick reply's own text, or English words; empty when it is not clear."""
    said = said.strip()
    for topic, (title, words) in phrases["quick"].items():
        if said in (title, words):
            return str(topic)
    if said in (phrases["hi"], phrases["thanks"]):
        return "hi" if said == phrases["hi"] else "bye"
    return next((topic for topic, pattern in PATTERNS.items() if pattern.search(said)), "")


def bot_author(channel_id: str) -> dict[str, str]:
    """The bot of a channel."""
    return {"type": "bot", "id": f"bot_{_short(channel_id)}", "name": BOT_NAME}


def agent_author(name: str) -> dict[str, str]:
    """An agent by name, with the user id that belongs to it."""
    return {"type": "agent", "id": f"user_{_short(name)}", "name": name}


def text(words: str, quick: dict[str, list[str]] | None = None) -> Message:
    """A text message, with quick replies where there are some."""
    data: dict[str, Any] = {"text": words}
    if quick:
        data["quickReplies"] = [{"title": title, "text": sent} for title, sent in quick.values()]
    return {"type": "text", "data": data}


def _bot(scene: Scene, *messages: Message, ends: bool = False) -> Reply:
    return Reply(Line(bot_author(scene.channel_id), list(messages)), ends=ends)


def _greeting(scene: Scene) -> Message:
    words = scene.phrases["hello"].format(name=scene.name) if scene.name else scene.phrases["hello_again"]
    return text(words, scene.phrases["quick"])


def _on_topic(scene: Scene, topic: str) -> Reply:
    said = scene.phrases
    match topic:
        case "agent":
            return _takeover(scene)
        case "order":
            return _bot(scene, text(said["order"]), _link(said, "/track/48213"))
        case "payment":
            return _bot(scene, text(said["payment"], {"agent": said["quick"]["agent"]}))
        case "products":
            return _bot(scene, text(said["products"]), _carousel(said))
        case "picture":
            url = f"{SITE}/pictures/acme-plus.png"
            return _bot(scene, text(said["picture"]), {"type": "image", "data": {"url": url}})
        case "document":
            attachment = {"filename": "acme-guide.pdf", "url": f"{SITE}/files/acme-guide.pdf"}
            return _bot(scene, text(said["document"]), {"type": "media", "data": {"attachment": attachment}})
        case "link":
            return _bot(scene, _link(said, "/"))
        case "bye":
            return _bot(scene, text(said["bye"]), ends=True)
        case _:
            return _bot(scene, text(said["fallback"], said["quick"]))


def _takeover(scene: Scene) -> Reply:
    names = scene.phrases["agents"]
    name = names[int(_short(scene.channel_id + (scene.name or ""))[:4], 16) % len(names)]
    hello = text(scene.phrases["agent_hello"].format(agent=name))
    now = Line(
        bot_author(scene.channel_id), [text(scene.phrases["wait"]), {"type": "thirdparty_agent_takeover", "data": {}}]
    )
    return Reply(now, later=Line(agent_author(name), [hello]), agent=name)


def _agent_reply(scene: Scene, kind: str, topic: str) -> Reply:
    said = scene.phrases
    ends = topic == "bye"
    lines = said["agent_lines"]
    words = said["bye"] if ends else said["received"] if kind == "media" else lines[scene.agent_answers % len(lines)]
    return Reply(Line(agent_author(scene.agent or ""), [text(words)]), ends=ends)


def _link(said: Phrases, path: str) -> Message:
    return {"type": "hyperlink", "data": {"text": said["track"], "url": SITE + path}}


def _carousel(said: Phrases) -> Message:
    cards = [
        {
            "title": title,
            "text": about,
            "imageUrl": f"{SITE}/pictures/plan-{n}.png",
            "buttons": [
                {"text": said["choose"], "payload": title},
                {"text": said["more"], "url": f"{SITE}/plans/{n}"},
            ],
        }
        for n, (title, about) in enumerate(said["cards"], 1)
    ]
    return {"type": "carousel", "data": {"cards": cards}}


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
