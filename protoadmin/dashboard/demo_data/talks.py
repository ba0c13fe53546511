"""Make up conversations of one day: when each begins, who is in it, what is said and when."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from protoadmin.dashboard.demo_data.tongues import TONGUES, Tongue

# How busy each hour of the day is, Monday to Friday, and at the weekend; in UTC.
WEEKDAY = (2, 1, 1, 1, 2, 3, 5, 9, 14, 18, 20, 19, 15, 16, 19, 20, 18, 14, 10, 8, 7, 6, 4, 3)
WEEKEND = (3, 2, 1, 1, 1, 2, 3, 4, 6, 8, 10, 11, 11, 10, 9, 9, 8, 8, 8, 7, 6, 5, 4, 3)
AGENTS = ("Amy Castillo", "Ben Okonkwo", "Dita Novák", "Noor Haddad", "Kenji Mori", "Rosa Lindqvist")
BOT = "Pro-Assist"
# A chat's messages on average, measured; a little more, so that the last day is reached.
MESSAGES_PER_CHAT = 6.85
ASKING_AGAIN = 0.55
PICTURES = 0.03


@dataclass(slots=True)
class Line:
    """One message: `author` is human, bot or agent."""

    at: datetime.datetime
    author: str
    name: str
    text: str
    is_picture: bool = False


@dataclass(slots=True)
class Talk:
    """One conversation; `person` is the number of who is in it."""

    person: int
    lang: str
    lines: list[Line] = field(default_factory=list)
    ended: bool = True


def name_of(tongue: Tongue, rng: Random) -> str:
    """Return a made-up name as it is written in that language."""
    names = [rng.choice(tongue.given), rng.choice(tongue.family)]
    return tongue.glue.join(reversed(names) if tongue.family_first else names)


def talks_of(day: datetime.date, chats: int, people: list[tuple[str, str]], rng: Random) -> Iterator[Talk]:
    """Yield the day's conversations in the order in which they begin; `people` are (name, language) by number."""
    weights = WEEKEND if day.weekday() >= 5 else WEEKDAY
    hours = rng.choices(range(24), weights, k=chats)
    midnight = datetime.datetime.combine(day, datetime.time.min, datetime.UTC)
    for offset in sorted(hour * 3600 + rng.randrange(3600) for hour in hours):
        number = rng.randrange(len(people))
        yield _talk(number, *people[number], midnight + datetime.timedelta(seconds=offset), rng)


def _talk(number: int, name: str, lang: str, start: datetime.datetime, rng: Random) -> Talk:
    talk = Talk(number, lang)
    writer = _Writer(talk, name, start, rng)
    writer.says("human", "opening", 0)
    writer.says("bot", "bot", rng.randint(1, 4))
    while rng.random() < ASKING_AGAIN:
        writer.says("human", "asking", rng.randint(10, 180))
        writer.says("bot", "bot", rng.randint(1, 4))
    ending = rng.random()
    if ending < 0.35:
        writer.says("bot", "handing", rng.randint(1, 3))
        agent = rng.choice(AGENTS)
        # Most wait some minutes, a few much longer.
        writer.says("agent", "agent", int(rng.lognormvariate(5.3, 1.1)), agent)
        while rng.random() < 0.5:
            writer.says("human", "asking", rng.randint(20, 600))
            writer.says("agent", "agent", rng.randint(20, 900), agent)
    if ending < 0.85:
        writer.says("human", "thanks", rng.randint(10, 240))
    else:
        writer.says("human", "asking", rng.randint(10, 240))
        talk.ended = rng.random() < 0.5
    return talk


class _Writer:
    def __init__(self, talk: Talk, name: str, at: datetime.datetime, rng: Random) -> None:
        self._talk, self._name, self._at, self._rng = talk, name, at, rng
        self._order = f"{rng.choice('ABCDEFGH')}{rng.randrange(10_000_000):07d}"

    def says(self, author: str, part: str, after: int, agent: str = "") -> None:
        """Add a line, so many seconds after the last."""
        self._at += datetime.timedelta(seconds=after)
        rng = self._rng
        pattern: str = rng.choice(getattr(TONGUES[self._talk.lang], part))
        text = pattern
        if "{" in pattern:
            text = pattern.format(
                order=self._order,
                amount=f"€ {rng.randint(5, 400)}.{rng.randrange(100):02d}",
                day=(self._at + datetime.timedelta(days=rng.randint(1, 6))).strftime("%d.%m."),
                name=self._name,
            )
        name = {"human": self._name, "bot": BOT}.get(author, agent)
        is_picture = author == "human" and part == "asking" and rng.random() < PICTURES
        self._talk.lines.append(Line(self._at, author, name, text, is_picture))
