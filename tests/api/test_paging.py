"""Pages, what changed since, ETags, and the whole array as a stream."""

from __future__ import annotations

import random
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from requests.utils import parse_header_links

from conversations.models import Chat, VisitorConversation
from customers.models import Contact
from tests.api.house import (
    House,
    at,
    example_chat,
    example_company,
    example_contact,
    example_conversation,
    many_contacts,
    new_account,
    read,
)


def next_of(response: Any) -> str:
    """Return the address of the next page, below /api/v1; empty after the last."""
    for link in parse_header_links(response.headers.get("Link", "")):
        if link.get("rel") == "next":
            assert link["url"].startswith("http://testserver/api/v1/")
            return str(link["url"]).removeprefix("http://testserver/api/v1")
    return ""


def walk(house: House, address: str, between: Any = lambda page: None) -> list[str]:
    """Follow the links; return the ids in the order in which they came."""
    found: list[str] = []
    while address:
        response = house.get(address)
        assert response.status_code == 200
        page = read(response)
        found += [row["id"] for row in page]
        between(page)
        address = next_of(response)
    return found


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 7, 25, 26, 1000])
def test_pages_are_the_whole_array(limit: int, house: House) -> None:
    for account in (house.account, new_account(house.teamspace), new_account(house.teamspace)):
        many_contacts(account, 8)
    example_contact(example_company(house.account))
    whole = [row["id"] for row in house.rows("/contacts")]
    assert len(set(whole)) == 25
    assert walk(house, f"/contacts?limit={limit}") == whole


def test_pages_over_chats_and_visitors(house: House) -> None:
    company = example_company(house.account)
    for number in range(5):
        example_chat(house, f"chat-{number}", company=company if number % 2 else None)
    example_conversation(company)
    for query in ("", f"companyId={company.remote_id}", "updatedSince=2024-01-01T00:00:00Z"):
        whole = [row["id"] for row in house.rows(f"/conversations?{query}")]
        assert walk(house, f"/conversations?{query}&limit=2") == whole


def test_a_page_has_as_many_rows_as_asked_for_and_a_link_where_more_follow(house: House) -> None:
    many_contacts(house.account, 10)
    first = house.get("/contacts?limit=5")
    assert len(first.json()) == 5
    second = house.get(next_of(first))
    assert len(second.json()) == 5
    assert not next_of(second)
    assert not next_of(house.get("/contacts?limit=10"))
    assert not next_of(house.get("/contacts"))


def test_a_walk_meets_every_row_that_stays_exactly_once(house: House) -> None:
    rng = random.Random(3)
    second = new_account(house.teamspace)
    many_contacts(house.account, 60)
    many_contacts(second, 60, start=1000)
    staying = set(Contact.objects.filter(pk__in=rng.sample(list(Contact.objects.values_list("pk", flat=True)), 80)))
    wanted = {contact.remote_id for contact in staying}
    numbers = iter(range(5000, 9000))

    def meanwhile(page: Any) -> None:
        others = list(Contact.objects.exclude(pk__in=[contact.pk for contact in staying]))
        for contact in rng.sample(others, min(3, len(others))):
            contact.delete()
        Contact.objects.filter(pk__in=[c.pk for c in rng.sample(sorted(staying, key=lambda c: c.pk), 5)]).update(
            name=f"changed {next(numbers)}", updated_at=timezone.now()
        )
        many_contacts(rng.choice((house.account, second)), 2, start=next(numbers) * 10)

    found = walk(house, "/contacts?limit=7", meanwhile)
    assert len(found) == len(set(found))
    assert wanted <= set(found)


def test_a_cursor_whose_row_and_account_are_gone(house: House) -> None:
    many_contacts(house.account, 4)
    second = new_account(house.teamspace)
    many_contacts(second, 4, start=100)
    following = next_of(house.get("/contacts?limit=2"))
    Contact.objects.filter(account=house.account).delete()
    house.account.delete()
    assert walk(house, following) == [f"contact-{number:06}" for number in range(100, 104)]


def test_after_without_a_limit_is_the_rest(house: House) -> None:
    many_contacts(house.account, 30)
    following = next_of(house.get("/contacts?limit=10")).replace("limit=10&", "")
    assert len(house.rows(following)) == 20


def test_queries_do_not_grow_with_the_rows(house: House) -> None:
    company = example_company(house.account)
    for number in range(3):
        example_chat(house, f"chat-{number}", company=company)
    new_account(house.teamspace)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            for name in ("companies", "contacts", "conversations"):
                house.rows(f"/{name}")
        return len(caught)

    few = queries()
    for number in range(3, 30):
        example_chat(house, f"chat-{number}", company=company)
    assert queries() == few


# --- what changed since -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "number"),
    [
        ("2024-01-15T10:30:00Z", 1),
        ("2024-01-15T10:30:01Z", 0),
        ("2024-01-15T10:30:00.000001Z", 0),
        ("2024-01-15T12:30:00%2B02:00", 1),
        ("2024-01-15T12:30:00+02:00", 1),
        ("2024-01-15T12:30:01+02:00", 0),
        ("2024-01-15T10:30:00", 1),
        ("2024-01-15", 1),
        ("2024-01-16", 0),
        ("0001-01-01T00:00:00Z", 1),
        ("9999-12-31T23:59:59Z", 0),
    ],
)
def test_what_changed_since(since: str, number: int, house: House) -> None:
    example_contact(example_company(house.account))
    assert len(house.rows(f"/contacts?updatedSince={since}")) == number


def test_what_changed_since_by_the_time_that_is_given_out(house: House) -> None:
    company = example_company(house.account)
    example_contact(company, remote_id="made later", updated_at=None, created_at=at("2024-02-01T00:00:00"))
    example_contact(company, remote_id="made before", updated_at=None, created_at=at("2024-01-01T00:00:00"))
    example_contact(company, remote_id="undated", updated_at=None, created_at=None)
    found = house.rows("/contacts?updatedSince=2024-01-20T00:00:00Z")
    assert [row["id"] for row in found] == ["made later", "undated"]


def test_chats_that_changed_since(house: House) -> None:
    example_chat(house)
    assert len(house.rows("/conversations?updatedSince=2024-02-01T09:00:00Z")) == 1
    assert len(house.rows("/conversations?updatedSince=2024-02-01T09:00:01Z")) == 0


# --- ETag -------------------------------------------------------------------------------------------


def assert_not_modified(response: Any, tag: str) -> None:
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["ETag"] == tag
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("number", [3, 1500])
def test_the_same_again_is_not_sent_again(number: int, house: House) -> None:
    many_contacts(house.account, number)
    first = house.get("/contacts")
    tag = first.headers["ETag"]
    assert len(read(first)) == number
    assert tag.startswith('W/"') == (number > 1000)
    for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
        assert_not_modified(house.get("/contacts", **{"If-None-Match": known}), tag)
    assert house.get("/contacts", **{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("number", [3, 1500])
def test_a_change_is_sent(number: int, house: House) -> None:
    many_contacts(house.account, number)
    tags = [house.get("/contacts").headers["ETag"]]
    middle = Contact.objects.order_by("pk")[number // 2]
    Contact.objects.filter(pk=middle.pk).update(updated_at=at("2023-01-01T00:00:00"))
    tags.append(house.get("/contacts").headers["ETag"])
    Contact.objects.filter(pk=middle.pk).update(gone_at=timezone.now())
    tags.append(house.get("/contacts").headers["ETag"])
    many_contacts(house.account, 1, start=70_000)
    tags.append(house.get("/contacts").headers["ETag"])
    assert len(set(tags)) == len(tags)


def test_pages_have_tags_of_their_own(house: House) -> None:
    many_contacts(house.account, 10)
    first = house.get("/contacts?limit=5")
    tag = first.headers["ETag"]
    again = house.get("/contacts?limit=5", **{"If-None-Match": tag})
    assert_not_modified(again, tag)
    assert again.headers["Link"] == first.headers["Link"]
    assert house.get(next_of(first), **{"If-None-Match": tag}).status_code == 200


# --- the whole array --------------------------------------------------------------------------------


def test_the_whole_array_is_streamed_with_flat_memory(house: House) -> None:
    many_contacts(house.account, 50_000)
    client = Client(headers={"Authorization": f"Bearer {house.token}"})
    client.get("/api/v1/contacts?limit=1000")
    tracemalloc.start()
    response: Any = client.get("/api/v1/contacts")
    assert response.streaming
    size, rest, rows = 0, b"", 0
    for piece in response.streaming_content:
        size += len(piece)
        rows += piece.count(b'"id":"')
        rest = piece[-1:]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (rows, rest) == (50_000, b"]")
    print(f"{size:,} bytes, peak {peak:,}")
    assert size > 12_000_000
    assert peak < 6_000_000


@pytest.mark.parametrize("number", [0, 1, 249, 250, 999, 1000, 1001, 1250, 2000, 2001])
def test_arrays_of_every_length_are_whole(number: int, house: House) -> None:
    many_contacts(house.account, number)
    response = house.get("/contacts")
    assert [row["id"] for row in read(response)] == [f"contact-{each:06}" for each in range(number)]


def test_a_large_array_of_conversations(house: House) -> None:
    chats = [Chat(channel=house.channel, teamspace=house.teamspace, chat_id=f"c{each}") for each in range(700)]
    Chat.objects.bulk_create(chats)
    VisitorConversation.objects.bulk_create(
        VisitorConversation(account=house.account, remote_id=f"v{each}") for each in range(700)
    )
    response = house.get("/conversations")
    assert response.streaming
    assert [row["id"] for row in read(response)] == [f"c{n}" for n in range(700)] + [f"v{n}" for n in range(700)]
    tag = response.headers["ETag"]
    Chat.objects.filter(chat_id="c350").update(version=7, last_message_at=timezone.now() + timedelta(seconds=1))
    changed = house.get("/conversations", **{"If-None-Match": tag})
    assert changed.status_code == 200
    read(changed)
