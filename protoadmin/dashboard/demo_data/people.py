"""The made-up people: customers with tags, and the human of each on one channel."""

import datetime
from dataclasses import dataclass
from random import Random
from typing import Any

from customers.models import Customer, Human, Tag, index_people
from protoadmin.connections.models import Channel
from protoadmin.dashboard.demo_data.connecting import OTHER_SHARE, PLACES, SHARES
from protoadmin.dashboard.demo_data.talks import name_of
from protoadmin.dashboard.demo_data.tongues import TONGUES

BATCH = 2000
TAGS = ("vip", "newsletter", "wholesale", "billing", "refund", "beta tester", "at risk", "new customer")


@dataclass(frozen=True, slots=True)
class Person:
    """What the conversations need of a person."""

    name: str
    lang: str
    channel: Channel
    human_id: int
    customer_id: int


def make_people(number: int, first: int, channels: list[Channel], at: datetime.datetime, rng: Random) -> list[Person]:
    """Write so many people, numbered from `first`, within the caller's transaction."""
    tags = _tags(channels)
    people: list[Person] = []
    for start in range(0, number, BATCH):
        count = min(BATCH, number - start)
        people += _make_batch(range(first + start, first + start + count), channels, tags, at, rng)
    return people


def _tags(channels: list[Channel]) -> dict[int, list[Tag]]:
    spaces = {channel.teamspace_id for channel in channels}
    return {space: [Tag.objects.get_or_create(teamspace_id=space, name=name)[0] for name in TAGS] for space in spaces}


def _make_batch(
    numbers: range, channels: list[Channel], tags: dict[int, list[Tag]], at: datetime.datetime, rng: Random
) -> list[Person]:
    languages = list(TONGUES)
    shares = [SHARES.get(lang, OTHER_SHARE) for lang in languages]
    chosen = rng.choices(languages, shares, k=len(numbers))
    homes = rng.choices(channels, [place.share for place in PLACES], k=len(numbers))
    customers = [
        _customer(number, lang, home, at, rng) for number, lang, home in zip(numbers, chosen, homes, strict=True)
    ]
    Customer.objects.bulk_create(customers)
    index_people(customers, are_new=True)
    humans = Human.objects.bulk_create(
        Human(
            channel=home,
            human_id=f"demo-human-{customer.provided_unique_id}",
            customer=customer,
            name=customer.name,
            email=customer.email,
            email_normal=customer.email_normal,
            created_at=at,
            updated_at=at,
        )
        for customer, home in zip(customers, homes, strict=True)
    )
    through: Any = Customer.tags.through
    through.objects.bulk_create(
        through(customer_id=customer.pk, tag_id=tag.pk)
        for customer in customers
        for tag in rng.sample(tags[customer.teamspace_id], rng.choice((0, 0, 1, 1, 2)))
    )
    return [
        Person(human.name, lang, home, human.pk, customer.pk)
        for human, customer, lang, home in zip(humans, customers, chosen, homes, strict=True)
    ]


def _customer(number: int, lang: str, home: Channel, at: datetime.datetime, rng: Random) -> Customer:
    # Numbers of countries that keep ranges for fiction.
    phone = f"+44770090{rng.randrange(10_000):04d}" if rng.random() < 0.8 else ""
    mail = f"person{number}@example.{'org' if number % 3 else 'com'}"
    return Customer(
        teamspace_id=home.teamspace_id,
        provided_unique_id=f"demo-{number:07d}",
        name=name_of(TONGUES[lang], rng),
        email=mail,
        email_normal=mail,
        phone_number=phone,
        phone_e164=phone,
        gateway_profile_id=f"demo-human-demo-{number:07d}",
        sync_state="done",
        synced_at=at,
        sent_at=at,
        created_at=at,
        updated_at=at,
    )
