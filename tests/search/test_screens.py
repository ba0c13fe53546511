"""Search on the screens: in the inbox, in a transcript, and on its own page."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations.models import Message, Ticket
from tests.inbox.scene import Scene

INBOX = reverse("admin:conversations_chat_changelist")
SEARCH = reverse("admin:conversations_chat_search")
ROWS = reverse("admin:conversations_chat_rows")
LIVE = reverse("admin:conversations_chat_live")


def page(client: Client, address: str, **query: str | int) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.content[:300]
    return response.content.decode()


def test_the_inbox_shows_matching_lines(scene: Scene) -> None:
    chat = scene.chat("human: <i>Where</i> is my réfund?", "bot: soon")
    hidden = scene.chat("human: refund of somebody else", channel=scene.far)
    sam = scene.client(scene.sam)
    shown = page(sam, INBOX, q="refund")
    assert "&lt;i&gt;Where&lt;/i&gt; is my <mark>réfund</mark>?" in shown
    assert f'data-chat="{chat.pk}"' in shown
    assert f'data-chat="{hidden.pk}"' not in shown
    assert f'data-chat="{chat.pk}"' in page(sam, ROWS, q="refund")
    assert "No message has that in it" in page(sam, INBOX, q="zzzzz")
    assert "“before:lastweek” is no date" in page(sam, INBOX, q="refund before:lastweek")


def test_people_who_are_called_so_stand_above(scene: Scene) -> None:
    chat = scene.chat("human: hello", human=scene.human(customer=scene.customer("Refunda Smith")))
    shown = page(scene.client(scene.sam), INBOX, q="refunda")
    assert f'data-open-chat="{chat.pk}"' in shown
    assert "Chats of people" in shown
    assert f'data-chat="{chat.pk}"' in page(scene.client(scene.sam), INBOX, q="refunda", by="people")


def test_a_chat_opens_at_the_match(scene: Scene) -> None:
    chat = scene.chat(*(f"human: line {number}" for number in range(120)))
    lines = list(Message.objects.order_by("pk"))
    lines[10].text = "the needle is <here>"
    lines[10].save()
    lines[90].text = "another needle"
    lines[90].save()
    sam = scene.client(scene.sam)
    newest = page(sam, reverse("admin:conversations_chat_pane", args=[chat.pk]), q="needle")
    assert "Match <strong>2</strong> of 2" in newest
    assert f'data-match="{lines[10].pk}"' in newest
    address = reverse("admin:conversations_chat_change", args=[chat.pk])
    opened = page(sam, address, q="needle", m=lines[10].pk)
    assert "Match <strong>1</strong> of 2" in opened
    assert "the <mark>needle</mark> is &lt;here&gt;" in opened
    assert f'id="m{lines[10].pk}" class="ib-line ib-human is-new-day is-found' in opened or "is-found" in opened
    assert f'id="m{lines[90].pk}"' not in opened
    assert "Match" not in page(sam, address, m=lines[10].pk), "no search, no match"
    foreign = scene.chat("human: needle", channel=scene.far)
    assert sam.get(reverse("admin:conversations_chat_pane", args=[foreign.pk]), {"q": "needle"}).status_code == 404


def test_results_stay_while_messages_come_in(scene: Scene) -> None:
    chat = scene.chat("human: needle")
    sam = scene.client(scene.sam)
    assert sam.get(LIVE, {"q": "needle", "b": "", "l": "", "all": "1"}).status_code == 204
    scene.say(chat, "human: another needle")
    assert sam.get(LIVE, {"q": "needle", "b": "", "l": ""}).status_code == 204


def test_the_search_page_has_messages_people_and_tickets(scene: Scene) -> None:
    chat = scene.chat("human: my Bestellung")
    jane = scene.customer("Jane Bestellung")
    ticket = Ticket.objects.create(teamspace=scene.home, customer=jane, subject="Béstellung <lost>", remote_id="T-4711")
    Ticket.objects.create(teamspace=scene.away, subject="Bestellung of others")
    mia = scene.client(scene.mia)
    assert f'data-chat="{chat.pk}"' in page(mia, SEARCH, q="bestellung")
    people = page(mia, SEARCH, q="bestellung", tab="people")
    assert reverse("admin:customers_customer_change", args=[jane.pk]) in people
    tickets = page(mia, SEARCH, q="bestellung", tab="tickets")
    assert "<mark>Béstellung</mark> &lt;lost&gt;" in tickets
    assert "of others" not in tickets
    assert reverse("admin:conversations_ticket_change", args=[ticket.pk]) in page(
        mia, SEARCH, q="t-4711", tab="tickets"
    )
    assert "Type what you remember" in page(mia, SEARCH)
    ticket.remote_id = "T-4712"
    ticket.save(update_fields=["remote_id"])
    assert "T-4712" in page(mia, SEARCH, q="4712", tab="tickets")
    assert "No ticket has that" in page(mia, SEARCH, q="4711", tab="tickets")


@pytest.mark.parametrize("tab", ["messages", "people", "tickets"])
def test_pages_go_on_where_the_last_one_ended(scene: Scene, tab: str) -> None:
    for number in range(30):
        scene.chat(f"human: needle {number}")
        customer = scene.customer(f"Needle {number}")
        Ticket.objects.create(teamspace=scene.home, customer=customer, subject=f"needle {number}")
    mia = scene.client(scene.mia)
    first = page(mia, SEARCH, q="needle", tab=tab)
    assert first.count('class="pa-card se-card"') == 25
    after = first.rpartition("after=")[2].partition('"')[0]
    assert page(mia, SEARCH, q="needle", tab=tab, after=after).count('class="pa-card se-card"') == 5


def test_more_results_take_no_more_queries(scene: Scene) -> None:
    mia = scene.client(scene.mia)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(mia, SEARCH, q="needle")
        return len(captured)

    scene.chat("human: needle")
    queries()
    few = queries()
    for number in range(20):
        scene.chat(f"human: needle {number}", "bot: needle")
    assert queries() == few


def test_who_builds_the_index_is_told(scene: Scene) -> None:
    scene.chat("human: needle")
    mia = scene.client(scene.mia)
    assert "index is being built" not in page(mia, INBOX, q="needle")
    Message.objects.update(search_tokens=None)
    assert "index is being built" in page(mia, INBOX, q="needle")
    assert "index is being built" in page(mia, SEARCH, q="needle")
