"""How the tests of the inbox ask for its pages and press its buttons."""

from django.test import Client
from django.urls import reverse

from conversations.models import Chat

INBOX = reverse("admin:conversations_chat_changelist")
LIVE = reverse("admin:conversations_chat_live")


def url(name: str, chat: Chat) -> str:
    return reverse(f"admin:conversations_chat_{name}", args=[chat.pk])


def button(name: str, chat: Chat) -> str:
    return reverse("admin:conversations_chat_button", args=[chat.pk, name])


def list_button(name: str) -> str:
    return reverse("admin:conversations_chat_list_button", args=[name])


def page(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.getvalue()[:300]
    return response.getvalue().decode()
