"""Believable conversations of the demo people, in the languages that the bot speaks.

What is said is the same every time; when it was said is counted back from now, so that an inbox looks lived in.
"""

from collections import defaultdict
from collections.abc import Iterable
from random import Random
from time import time
from typing import Any

from protoadmin.sandbox import bot
from protoadmin.sandbox.chats import Chats
from protoadmin.sandbox.ids import timestamp
from protoadmin.sandbox.state import State

SEED = 20260106
DAY = 86_400.0
OLDEST = 20 * DAY
LONGEST = 1000
# What the customer says, one after the other: a topic, 0 to 2 for a line of one's own, "button", "media", "odd".
# "?" before it: nobody has answered yet.
SCENES: tuple[tuple[str, ...], ...] = (
    ("hi", "order", "thanks"),
    ("hi", "payment", "agent", "0", "1", "2", "thanks"),
    ("hi", "products", "button", "thanks"),
    ("0", "agent", "1"),
    ("hi", "order"),
    ("hi", "payment", "agent"),
    ("hi", "products", "odd", "media"),
    ("hi", "0", "agent", "1", "?2"),
    ("order", "?0"),
    ("hi", "picture", "payment", "agent", "0", "media", "thanks"),
)
ODD = "??? 🙂"
TAGS = (
    {"id": "9e763004dffb47b4a44e7915dc2026f6", "name": "VIP", "value": 1},
    {"id": "5703bdefe5e74660993bf0137dacf549", "name": "locale", "value": ["en", "fr"]},
)


def fill(state: State, channel_id: str, slug: str, speakers: Iterable[tuple[str, str]], count: int) -> None:
    """Write `count` chats on a channel, of people given as (language, person id)."""
    rng = Random(f"{SEED} {slug}")  # noqa: S311 - the same conversations every time
    chats = Chats(state)
    by_language: dict[str, list[str]] = defaultdict(list)
    for language, person_id in speakers:
        if language in bot.PHRASES:
            by_language[language].append(person_id)
    languages = sorted(by_language)
    now = time()
    starts = sorted(now - OLDEST * rng.random() ** 3 - LONGEST for _ in range(count))
    known: dict[str, str] = {}
    for i, at in enumerate(starts):
        language = languages[i % len(languages)]
        person_id = rng.choice(by_language[language])
        if person_id not in known:
            known[person_id] = _human(state, chats, channel_id, person_id, language, rng)
        token = f"demo-chat-token-{rng.getrandbits(64):016x}" if rng.random() < 0.4 else None
        chat_id = chats.add_chat(
            channel_id, known[person_id], lang=language, data={"source": "website"}, chat_token=token, at=at, rng=rng
        )
        _play(chats, chat_id, SCENES[(3 * i + i // len(languages)) % len(SCENES)], at, rng)


def _human(state: State, chats: Chats, channel_id: str, person_id: str, language: str, rng: Random) -> str:
    """The person as the channel knows them; by their gateway profile's id where they have one."""
    person = state.row("SELECT * FROM people WHERE id = ?", (person_id,))
    made = f"human_{rng.getrandbits(52):013x}"
    if person is None:
        return made
    values: dict[str, Any] = {
        "name": person["name"],
        "email": person["email"] or None,
        "phoneNumber": person["phone_number"] or None,
        "profilePicUrl": person["avatar"] or None,
        "externalId": person["provided_unique_id"],
        "tags": [{**TAGS[1], "value": [language]}, *(TAGS[:1] if rng.random() < 0.2 else ())],
    }
    human_id = person["gateway_profile_id"] or made
    created = timestamp(time() - OLDEST)
    return chats.add_human(channel_id, values, human_id=human_id, created_at=created)


def _play(chats: Chats, chat_id: str, scene: tuple[str, ...], at: float, rng: Random) -> None:
    """Say everything of a scene, and have it answered by the bot and the agents."""
    chat = chats.chat(chat_id)
    if chat is None:
        return
    name = chats.human_ref(chat["human_id"])["name"]
    stage = bot.Scene(chat["channel_id"], chat["lang"], name=name)
    for cue in scene:
        message = _customer(stage.phrases, cue.lstrip("?"))
        at += rng.uniform(8, 90)
        chats.add_message(chat_id, {"type": "human", "id": chat["human_id"]}, message, at=at)
        if cue.startswith("?"):
            continue
        reply = bot.reply(stage, message["type"], message["data"])
        for line in (reply.now, reply.later):
            at += rng.uniform(1, 20)
            for said in line.messages if line else ():
                chats.add_message(chat_id, line.author if line else {}, said, at=at)
        stage.answers += 1
        stage.agent_answers += 1 if stage.agent else 0
        stage.agent = reply.agent or stage.agent
        if reply.ends:
            chats.change_chat(chat_id, active=0)
    chats.change_chat(chat_id, agent=stage.agent)


def _customer(said: bot.Phrases, cue: str) -> dict[str, Any]:
    if cue == "button":
        return {"type": "button", "data": {"payload": said["cards"][1][0]}}
    if cue == "media":
        attachment = {"filename": "receipt.jpg", "url": "https://www.example.com/uploads/receipt.jpg"}
        return {"type": "media", "data": {"attachment": attachment}}
    if cue.isdigit():
        return bot.text(said["customer_lines"][int(cue)])
    if cue in said["quick"]:
        return bot.text(said["quick"][cue][1])
    return bot.text({"odd": ODD, "picture": "picture?"}.get(cue) or said[cue])
