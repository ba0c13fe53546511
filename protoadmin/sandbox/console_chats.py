"""The page's views of chats: the list, and one conversation in which one can let somebody say something."""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from protoadmin.sandbox.backend import Backend
from protoadmin.sandbox.chats import human_json
from protoadmin.sandbox.console_data import PAGE_SIZE, count, pages, search_form, start_of, values
from protoadmin.sandbox.markup import Html, h

AUTHORS = {"human": "Customer", "bot": "Bot", "agent": "Agent"}


def view(backend: Backend, args: dict[str, str]) -> Html:
    """One chat, or the list of them."""
    chat = backend.chats.chat(args.get("chat", ""))
    return _one(backend, chat) if chat else _list(backend, args)


def _list(backend: Backend, args: dict[str, str]) -> Html:
    start = start_of(args)
    found, total = backend.chats.search(
        args.get("channel") or None, search=args.get("q", ""), limit=PAGE_SIZE, offset=start
    )
    channels = {key: row["name"] for key, row in backend.records.channels.items()}
    return h(
        '<section aria-labelledby="chats"><div class="title"><h2 id="chats">Chats</h2></div>{search}'
        '<div id="list" data-live>{count}<ul class="rows">{rows}</ul>{pages}</div></section>',
        search=search_form("chats", args, "Name or id", "channel", "Channel", channels),
        count=count(total, start, len(found), "chat", "chats"),
        rows=[_row(backend, chat) for chat in found],
        pages=pages(args, total, start),
    )


def _row(backend: Backend, chat: sqlite3.Row) -> Html:
    last = backend.chats.last_message(chat["id"])
    return h(
        '<li><a class="chat" href="/?view=chats&amp;chat={id}"><span class="what"><b><bdi>{name}</bdi></b>'
        ' <span class="quiet">{who}<bdi>{last}</bdi></span></span><span class="marks">{agent}{ended}'
        '<span class="tag">{lang}</span>'
        '</span><span class="quiet right">{channel}<br>{when}</span></a></li>',
        id=chat["id"],
        name=chat["name"] or chat["human_id"],
        who=f"{AUTHORS.get(last['author_type'], '?')}: " if last else "",
        last=said(last)[:120] if last else "Nobody has said anything",
        agent=Html('<span class="mark">with an agent</span>') if chat["agent"] else "",
        ended="" if chat["active"] else Html('<span class="mark">ended</span>'),
        lang=chat["lang"],
        channel=_channel_name(backend, chat["channel_id"]),
        when=_when(chat["last_at"]),
    )


def _one(backend: Backend, chat: sqlite3.Row) -> Html:
    human = backend.chats.human_of(chat)
    return h(
        '<p class="back"><a href="/?view=chats">All chats</a></p><div class="columns">'
        '<section aria-labelledby="talk"><div class="title"><h2 id="talk"><bdi>{name}</bdi></h2></div>'
        '<ol class="talk" id="list" data-live>{messages}</ol></section>'
        '<div class="stack">{say}<section aria-label="Facts" id="facts" data-live>{facts}</section>{more}</div></div>',
        name=human["name"] or human["id"],
        messages=[_message(row) for row in backend.chats.messages(chat["id"])],
        say=_say(chat),
        facts=_facts(backend, chat),
        more=_more(chat),
    )


def _message(row: sqlite3.Row) -> Html:
    return h(
        '<li class="said {who}"><p class="quiet"><b>{author}</b> <bdi>{name}</bdi> <time datetime="{iso}">{time}</time>'
        '</p><p dir="auto">{text}</p>{data}</li>',
        who=row["author_type"] if row["author_type"] in AUTHORS else "bot",
        author=AUTHORS.get(row["author_type"], row["author_type"]),
        name=row["author_name"] or "",
        iso=datetime.fromtimestamp(row["at"], UTC).isoformat(),
        time=_when(row["at"]),
        text=said(row),
        data=""
        if row["type"] == "text" or row["data"] == "{}"
        else h('<pre dir="auto">{data}</pre>', data=_pretty(row["data"])),
    )


def said(message: sqlite3.Row) -> str:
    """What a person can read of a message."""
    data = json.loads(message["data"])
    known = data if isinstance(data, dict) else {}
    offered = known.get("quickReplies")
    replies = (
        [str(each.get("title")) for each in offered if isinstance(each, dict)] if isinstance(offered, list) else []
    )
    text = str(known.get("text") or known.get("payload") or known.get("url") or "")
    kind = "" if message["type"] == "text" else f"({message['type'].replace('_', ' ')}) "
    return f"{kind}{text}{'  [' + ' | '.join(replies) + ']' if replies else ''}"


def _say(chat: sqlite3.Row) -> Html:
    return h(
        '<section aria-labelledby="say"><div class="title"><h2 id="say">Let somebody say something</h2></div>'
        '<form method="post" action="/_sandbox/chats/{id}/say" data-quiet class="stacked">'
        '<label>Who <select name="author_type"><option value="bot">the bot</option><option value="agent">an agent'
        '</option><option value="human">the customer</option></select></label>'
        '<label>What <textarea name="text" rows="3" required dir="auto"></textarea></label>'
        '<p class="hint">The product hears of bot and agent by webhook; what a customer says it has to pull.</p>'
        '<button class="main">Say it</button></form></section>',
        id=chat["id"],
    )


def _facts(backend: Backend, chat: sqlite3.Row) -> Html:
    human = backend.chats.human(chat["channel_id"], chat["human_id"])
    shown: dict[str, Any] = {
        "Channel": _channel_name(backend, chat["channel_id"]),
        "Chat id": chat["id"],
        "State": "active" if chat["active"] else "ended",
        "Language": chat["lang"],
        "Agent": chat["agent"],
        "Chat token": chat["chat_token"],
        "Reply token": chat["reply_token"],
        "Bot data": chat["data"] if chat["data"] != "{}" else None,
    }
    for key, value in (human_json(human) if human else {}).items():
        shown[f"Human: {key}"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown["Profile webhook said"] = human["profile"] if human else None
    return values({label: value for label, value in shown.items() if value not in (None, "", "[]")})


def _more(chat: sqlite3.Row) -> Html:
    return h(
        '<section aria-labelledby="also"><div class="title"><h2 id="also">Also</h2></div><div class="buttons">'
        '<form method="post" action="/_sandbox/chats/{id}/profile" data-quiet><button>Ask for the profile</button>'
        '</form><form method="post" action="/_sandbox/chats/{id}/deliver" data-quiet>'
        "<button>Deliver everything again</button></form>"
        '<form method="post" action="/_sandbox/chats/{id}" data-quiet>'
        '<button name="active" value="false">End the chat</button></form></div></section>',
        id=chat["id"],
    )


def _channel_name(backend: Backend, channel_id: str) -> str:
    channel = backend.records.channels.get(channel_id)
    return channel["name"] if channel else channel_id


def _pretty(data: str) -> str:
    return json.dumps(json.loads(data), ensure_ascii=False, indent=1)[:2000]


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
