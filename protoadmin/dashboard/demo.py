"""Connect the product to a running sandbox and fill it with the people that the sandbox has."""

from typing import Any

import requests
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from conversations.chat_rows import chats_listed
from customers.helpdesk.pulling import pull_start
from customers.models import REMOTE_FIELDS, Customer, Tag
from customers.protocol.services import protocol_pull
from customers.services import fields_sync
from protoadmin.connections.models import Channel, HelpdeskAccount, ProtocolProject, Teamspace

TIMEOUT = 10


def load_demo(sandbox_url: str) -> str:
    """Make the sandbox's teamspaces, channels and people here; what is there already is left alone. Return a summary.

    Raises requests.RequestException when the sandbox does not answer.
    """
    answer = requests.get(f"{sandbox_url}/_sandbox/connections.json", timeout=TIMEOUT)
    answer.raise_for_status()
    people = 0
    for item in answer.json():
        teamspace, is_new = _connect(item)
        if is_new:
            people += _add_people(teamspace, _people_of(sandbox_url, teamspace))
            fields_sync(teamspace=teamspace, by=None)
            for channel in teamspace.channels.all():
                _add_chats(channel, sandbox_url)
        _connect_protocol(teamspace, item.get("protocol_projects", []))
        _connect_helpdesk(teamspace, item.get("helpdesk_accounts", []))
    if not people:
        return "The demo data is there already."
    return f"Connected {Teamspace.objects.count()} teamspaces of the sandbox and added {people} people."


@transaction.atomic
def _connect(item: dict[str, Any]) -> tuple[Teamspace, bool]:
    values = {name: item[name] for name in ("name", "takeover_secret", "base_url")}
    teamspace, is_new = Teamspace.objects.get_or_create(subcompany_id=item["subcompany_id"], defaults=values)
    teamspace.base_url = item["base_url"]
    if is_new:
        teamspace.mark_secrets_set(["takeover_secret"])
    teamspace.save(update_fields=["base_url", "secrets_set_at"])
    teamspace.members.add(*User.objects.filter(is_superuser=True))
    for given in item["channels"]:
        _connect_channel(teamspace, given)
    return teamspace, is_new


def _connect_channel(teamspace: Teamspace, given: dict[str, Any]) -> None:
    channel, is_new = Channel.objects.get_or_create(
        channel_id=given["channel_id"], defaults={**given, "teamspace": teamspace}
    )
    channel.base_url = given["base_url"]
    if is_new:
        channel.mark_secrets_set(["access_token", "secret"])
    channel.save(update_fields=["base_url", "secrets_set_at"])


def _connect_protocol(teamspace: Teamspace, given: list[dict[str, Any]]) -> None:
    """Connect the teamspace's Protocol projects; the customers of a new one are pulled by a worker."""
    for item in given:
        project, is_new = ProtocolProject.objects.get_or_create(
            teamspace=teamspace,
            project_id=item["project_id"],
            defaults={name: item[name] for name in ("name", "token")},
        )
        project.base_url = item["base_url"]
        if is_new:
            project.mark_secrets_set(["token"])
        project.save(update_fields=["base_url", "secrets_set_at"])
        if is_new:
            protocol_pull(project=project, by=None)


def _connect_helpdesk(teamspace: Teamspace, given: list[dict[str, Any]]) -> None:
    """Connect the teamspace's helpdesk accounts; a worker pulls everything of a new one."""
    for item in given:
        account, is_new = HelpdeskAccount.objects.get_or_create(
            teamspace=teamspace,
            name=item["name"],
            defaults={name: item[name] for name in ("base_url", "api_key")},
        )
        account.base_url = item["base_url"]
        if is_new:
            account.mark_secrets_set(["api_key"])
        account.save(update_fields=["base_url", "secrets_set_at"])
        if is_new:
            pull_start(account=account, by=None)


def _people_of(sandbox_url: str, teamspace: Teamspace) -> list[dict[str, Any]]:
    wanted: dict[str, str | int] = {"teamspace": teamspace.subcompany_id, "limit": 1000}
    answer = requests.get(f"{sandbox_url}/_sandbox/people", params=wanted, timeout=TIMEOUT)
    answer.raise_for_status()
    people: list[dict[str, Any]] = answer.json()["people"]
    return people


@transaction.atomic
def _add_people(teamspace: Teamspace, rows: list[dict[str, Any]]) -> int:
    now = timezone.now()
    made = 0
    for row in rows:
        customer = Customer(
            teamspace=teamspace,
            provided_unique_id=row["provided_unique_id"],
            # The sandbox has them already, with the same details.
            sync_state="done",
            synced_at=now,
            sent_at=now,
            gateway_profile_id=row["gateway_profile_id"] or "",
            **{name: row[name] or "" for name in REMOTE_FIELDS},
        )
        customer.save()
        customer.tags.add(*(Tag.objects.get_or_create(teamspace=teamspace, name=name)[0] for name in row["tags"]))
        made += 1
    return made


def _add_chats(channel: Channel, sandbox_url: str) -> None:
    """Make the channel's chats here; their messages are pulled by a worker."""
    wanted: dict[str, str | int] = {"channel_id": channel.channel_id, "limit": 200}
    answer = requests.get(f"{sandbox_url}/_sandbox/chats", params=wanted, timeout=TIMEOUT)
    answer.raise_for_status()
    with transaction.atomic():
        chats_listed(channel, answer.json()["chats"], by=None)
