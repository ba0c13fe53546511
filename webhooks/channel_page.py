"""What the receivers add to a channel's page: the addresses for Proto, what came last, and a test delivery."""

from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest

from protoadmin.connections.base_urls import is_loopback
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import call_queue
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, contribute_button
from protoadmin.screens.panels import Panel, contribute_panel
from protoadmin.screens.people import person
from webhooks.models import Delivery, DeliveryState, Refusals
from webhooks.refusing import WORDS
from webhooks.testing import NAME, verdict

GOOD = (DeliveryState.RECEIVED, DeliveryState.PROCESSED, DeliveryState.REPEAT)
# What a test from here says about itself: it is no proof that Proto's deliveries arrive.
OUR_OWN = "User-Agent: Proto-Admin/"


def _send(request: HttpRequest, channel: Channel, form: Any) -> None:
    call_queue(operation=NAME, connection=channel, target=channel, payload={}, by=person(request))


def addresses(channel: Channel) -> list[tuple[str, str, str]]:
    """Return the receivers of a channel: an id for the page, what for, and the exact address."""
    base = f"{settings.PUBLIC_URL}/webhooks/{quote(channel.channel_id, safe='')}/"
    return [("messages", "Webhook URL", base), ("profile", "Human profile webhook URL (optional)", f"{base}profile/")]


def doubts() -> str:
    """Return why Proto cannot use PUBLIC_URL as it is; empty when nothing speaks against it."""
    parts = urlsplit(settings.PUBLIC_URL)
    if is_loopback(parts.hostname or "localhost"):
        return (
            f"PUBLIC_URL is {settings.PUBLIC_URL}: an address of this machine alone, which Proto cannot reach. "
            "Set it to the address under which the internet finds this product, and start it anew."
        )
    if parts.scheme != "https":
        return (
            f"PUBLIC_URL is {settings.PUBLIC_URL}: over http anybody on the way can read what customers write. "
            "Put TLS in front, and set PUBLIC_URL to the https address."
        )
    return ""


def facts_of(request: HttpRequest, channel: Channel) -> dict[str, Any]:
    """Return what the panel shows."""
    rows = Delivery.objects.filter(channel=channel).defer("body", "traceback").order_by("-pk")
    refused = Refusals.objects.filter(channel=channel).order_by("-last_at").first()
    test = Call.objects.for_target(channel).filter(operation=NAME).order_by("-id").first()
    return {
        "addresses": addresses(channel),
        "doubts": doubts(),
        "has_secret": bool(channel.secret),
        "last_good": rows.filter(state__in=GOOD).exclude(headers__contains=OUR_OWN).first(),
        "refused": refused,
        "refused_words": WORDS.get(refused.reason, refused.reason) if refused else "",
        "last_refused": rows.filter(state=DeliveryState.REJECTED).first() if refused else None,
        "delivery_test": test,
        "verdict": verdict(test) if test and not test.is_pending else None,
        "live": bool(test and test.is_pending),
    }


def contribute() -> None:
    """Add the panel and the button to the channels' pages."""
    contribute_panel("connections.Channel", Panel("webhooks", "admin/webhooks/channel_panel.html", facts_of))
    contribute_button(
        "connections.Channel",
        Button(
            "send-test-delivery",
            "Send a test delivery",
            _send,
            may("connections.change_channel"),
            icon="forward_to_inbox",
            order=60,
        ),
    )
