"""What arrives from Proto, before it is written: events of deliveries, each with what was said in one chat."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone


@dataclass(slots=True)
class Said:
    """One message as it came: `data` is the remote's; `conversations.writing.prepare` makes the rest of it."""

    position: int
    author_type: str
    author_id: str
    author_name: str
    type: str
    data: Any
    is_prepared: bool = False
    text: str = ""
    stored: Any = None
    # `stored` as the database takes it.
    written: Any = None
    # What of the text is searched, and its tokens.
    search_text: str = ""
    search_grams: str = ""


@dataclass(slots=True)
class Event:
    """What one event of a delivery says of one chat; the drain adds which delivery it was."""

    index: int
    chat_id: str
    human_id: str = ""
    human_name: str = ""
    chat_token: str = ""
    reply_token: str = ""
    said: list[Said] = field(default_factory=list)
    channel_pk: int = 0
    teamspace_pk: int = 0
    delivery_id: int = 0
    # Whether the delivery was worked on before, so that some of it may be written already.
    is_again: bool = False
    received_at: datetime.datetime = field(default_factory=timezone.now)
    # The reply token as the database takes it: encrypted.
    token_written: Any = None
    # The delivery that this one repeats byte for byte, if any.
    repeats: int | None = None
