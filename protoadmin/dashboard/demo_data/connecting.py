"""The made-up teamspaces and channels. They are switched off: nothing of them ever leaves the house."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User

from protoadmin.connections.models import Channel, Teamspace

SHARES = {"en": 22, "tl": 12, "es": 9, "id": 8, "vi": 7, "th": 7, "zh_CN": 7, "de": 5, "fr": 5, "pt": 4, "ja": 4}
OTHER_SHARE = 2


@dataclass(frozen=True)
class Place:
    """One channel, and how many of a hundred chats are held there."""

    teamspace: str
    channel: str
    share: int


PLACES = (
    Place("Northwind Europe", "Northwind website", 30),
    Place("Northwind Europe", "Northwind WhatsApp", 16),
    Place("Northwind Asia", "Northwind Messenger", 26),
    Place("Northwind Asia", "Northwind LINE", 17),
    Place("Northwind Asia", "Northwind Zalo", 11),
)


def connect() -> list[Channel]:
    """Return the channels in the order of PLACES; those that are missing are made. Superusers become members."""
    here = f"http://127.0.0.1:{settings.SANDBOX_PORT}"
    channels = []
    for place in PLACES:
        slug = place.teamspace.lower().replace(" ", "-")
        teamspace, is_new = Teamspace.objects.get_or_create(
            subcompany_id=f"demo-{slug}",
            defaults={"name": place.teamspace, "base_url": f"{here}/api/platform", "is_active": False},
        )
        if is_new:
            teamspace.members.add(*User.objects.filter(is_superuser=True))
        channel, _ = Channel.objects.get_or_create(
            channel_id=f"demo-{place.channel.lower().replace(' ', '-')}",
            defaults={
                "name": place.channel,
                "teamspace": teamspace,
                "base_url": here,
                "is_active": False,
                "pull_every": 0,
            },
        )
        channels.append(channel)
    return channels
