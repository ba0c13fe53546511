"""What people, bots and agents say, by language (tongues.json). {order}, {amount}, {day} and {name} are filled in."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tongue:
    """One language: its people's names and the sentences of each part of a conversation."""

    given: list[str]
    family: list[str]
    opening: list[str]
    asking: list[str]
    bot: list[str]
    handing: list[str]
    agent: list[str]
    thanks: list[str]
    family_first: bool
    glue: str


TONGUES = {
    lang: Tongue(**parts)
    for lang, parts in json.loads((Path(__file__).parent / "tongues.json").read_text(encoding="utf-8")).items()
}
