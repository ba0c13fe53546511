"""Believable demo data, the same every time: two teamspaces with people of many countries.

Nobody in it exists: names are drawn by lot, addresses lie at example domains, avatars lead nowhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from protoadmin.sandbox import demo_chats
from protoadmin.sandbox.demo_names import COUNTRIES, Country, made_up_name
from protoadmin.sandbox.demo_tickets import SUBJECTS
from protoadmin.sandbox.fields import Fields
from protoadmin.sandbox.ids import timestamp, ulid
from protoadmin.sandbox.records import Records
from protoadmin.sandbox.state import State

SEED = 20260105
START = datetime(2025, 3, 3, 8, tzinfo=UTC).timestamp()
SPAN = 300 * 86_400.0
TAGS = (
    "vip",
    "complaint",
    "billing",
    "new customer",
    "wholesale",
    "refund",
    "follow-up",
    "press",
    "beta tester",
    "newsletter",
    "at risk",
)
LOCAL_TAGS = {"ja": "日本語", "ar": "عربي", "th": "ภาษาไทย"}
FIELDS: tuple[tuple[str, str, list[str] | None, str], ...] = (
    ("Preferred name", "text", None, "How the person likes to be addressed"),
    ("Loyalty points", "number", None, "Balance at the last purchase"),
    ("Newsletter", "toggle", None, "Has agreed to receive the newsletter"),
    ("Customer since", "date", None, ""),
    ("Plan", "select", ["Basic", "Plus", "Premium", "Enterprise"], "Contract that the person is on"),
    ("Región / Region", "select", ["Americas", "EMEA", "APAC", "Afrique – Ouest"], ""),
)
PHONE_STYLES = ("+{0}", "+{0}", "+{1}", "+{1}", "+{2}", "+{3}")


@dataclass(frozen=True)
class Team:
    """One demo teamspace: how many people, and where they come from (the more often named, the more)."""

    name: str
    slug: str
    people: int
    countries: tuple[str, ...]
    channel: str
    language: str
    chats: int


TEAMS = (
    Team("Acme Support", "acme-support", 300, tuple(COUNTRIES), "Acme website chat", "en", 30),
    Team(
        "Acme Philippines",
        "acme-philippines",
        60,
        ("PH", "PH", "PH", "PH", "US", "JP", "AE", "CN"),
        "Acme PH Messenger",
        "tl",
        12,
    ),
)


def fill(state: State, records: Records, fields: Fields) -> None:
    """Write the demo data into an empty state."""
    rng = Random(SEED)  # noqa: S311 - the same people every time
    for team in TEAMS:
        sub = ulid(at=START, rng=rng)
        state.run("INSERT INTO teamspaces VALUES (?, ?, ?)", (sub, team.name, secret(team, "takeover")))
        channel = (
            f"{rng.getrandbits(128):032x}",
            sub,
            team.channel,
            secret(team, "token"),
            secret(team, "signing"),
            team.language,
        )
        state.run("INSERT INTO channels VALUES (?, ?, ?, ?, ?, ?)", channel)
        for tag in (*TAGS, *LOCAL_TAGS.values()):
            state.run("INSERT INTO tags VALUES (?, ?)", (sub, tag))
        field_ids = [
            fields.add(
                sub,
                name=name,
                type=type,
                select_options=options,
                description=about or None,
                field_id=ulid(at=START + i, rng=rng),
            )
            for i, (name, type, options, about) in enumerate(FIELDS)
        ]
        speakers = [_add_person(records, fields, sub, person, field_ids, rng) for person in _people(team, rng)]
        demo_chats.fill(state, channel[0], team.slug, speakers, team.chats)


def secret(team: Team, what: str) -> str:
    """A secret that nobody takes for a real one."""
    return f"sandbox-demo-{what}-{team.slug}"


def _add_person(
    records: Records, fields: Fields, sub: str, person: dict[str, Any], field_ids: list[str], rng: Random
) -> tuple[str, str]:
    """Write a person with all that belongs to them; the language that they speak, and their id."""
    language = person.pop("language")
    unique = person.pop("provided_unique_id")
    person_id = records.save_person(sub, unique, person)
    tags = rng.sample(TAGS, rng.choice((0, 0, 1, 1, 2, 3)))
    if language in LOCAL_TAGS and rng.random() < 0.5:
        tags.append(LOCAL_TAGS[language])
    records.add_tags(sub, person_id, tags)
    for field_id, (_, type, options, _about) in zip(field_ids, FIELDS, strict=True):
        if rng.random() < 0.45:
            fields.set_value(person_id, field_id, _value(type, options, person["name"], rng))
    for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 2))):
        at = START + SPAN + rng.random() * 20 * 86_400
        subject = rng.choice(SUBJECTS.get(language, SUBJECTS["en"]))
        records.add_ticket(sub, person_id, subject, ticket_id=ulid(at=at, rng=rng), created_at=timestamp(at))
    return language, person_id


def _people(team: Team, rng: Random) -> Iterator[dict[str, Any]]:
    for number in range(team.people):
        code = team.countries[number % len(team.countries)]
        yield _person(team, number, COUNTRIES[code], rng)


def _person(team: Team, number: int, country: Country, rng: Random) -> dict[str, Any]:
    name, latin = made_up_name(country, rng)
    created = START + SPAN * number / team.people + rng.random() * 3600
    plain = 10_000 + number * 7 if team.slug == "acme-support" else 70_000 + number * 3
    domain = rng.choice(("example.com", "example.com", "example.net", "mail.example.org"))
    email = f"{latin}{number}@{domain}"
    unique = rng.choice((f"cust-{plain}", f"cust-{plain}", f"cust-{plain}", f"ACME:{plain}", email))
    there = rng.random
    return {
        "id": ulid(at=created, rng=rng),
        "language": country.language,
        "provided_unique_id": unique,
        "external_customer_id": f"CRM-{plain + 4000}" if there() < 0.7 else None,
        "gateway_profile_id": f"human_{rng.getrandbits(52):013x}" if there() < 0.5 else None,
        "name": name if there() < 0.97 else None,
        "location": f"{rng.choice(country.cities)}, {country.name}" if there() < 0.85 else "",
        "email": email if there() < 0.85 else "",
        "phone_number": _phone(country, rng) if there() < 0.8 else "",
        "avatar": f"https://example.com/avatars/{latin}.png" if there() < 0.3 else "",
        "created_at": timestamp(created),
        "updated_at": timestamp(created + rng.random() * SPAN / 10),
    }


def _phone(country: Country, rng: Random) -> str:
    spaced = "".join(str(rng.randrange(10)) if char == "#" else char for char in country.phone)
    code, rest = spaced.split(" ", 1)
    area, local = rest.split(" ", 1)
    forms = (spaced.replace(" ", ""), spaced, f"{code} ({area}) {local}", spaced.replace(" ", "-"))
    return rng.choice(PHONE_STYLES).format(*forms)


def _value(type: str, options: list[str] | None, name: str | None, rng: Random) -> Any:
    match type:
        case "number":
            return rng.choice((rng.randrange(5000), round(rng.random() * 1000, 1)))
        case "toggle":
            return rng.random() < 0.6
        case "date":
            return timestamp(START - rng.random() * 2000 * 86_400)[:10]
        case "select":
            return rng.choice(options or [""])
        case _:
            return (name or "Friend").split(" ")[0]
