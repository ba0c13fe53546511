"""What the tests say to the Messaging API, as the first demo channel."""

from typing import Any

import requests

from tests.sandbox.remote import Remote

ANN = {
    "name": "Ann Ünal",
    "email": "ann@example.com",
    "phoneNumber": "+49 30 231250 11",
    "profilePicUrl": "https://example.com/ann.png",
    "tags": [
        {"id": "9e763004dffb47b4a44e7915dc2026f6", "name": "VIP", "value": 1},
        {"id": "5703bdefe5e74660993bf0137dacf549", "name": "locale", "value": ["en", "fr"]},
    ],
    "accessToken": "ann-access-token",
    "externalId": "cust-ann",
}


class Gateway:
    """A client for one channel; `{channel}` in a path is its id."""

    def __init__(self, remote: Remote, number: int = 0) -> None:
        self.remote = remote
        self.channel: dict[str, Any] = remote.get("/connections.json")[number]["channels"][0]
        self.headers = {"X-PROTO-TOKEN": str(self.channel["access_token"])}

    @property
    def id(self) -> str:
        """The channel's id."""
        return str(self.channel["channel_id"])

    @property
    def secret(self) -> str:
        """What webhooks are signed with."""
        return str(self.channel["secret"])

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """One request; `path` follows /webhook/{channel}."""
        if body is not None:
            options["json"] = body
        options.setdefault("headers", self.headers)
        options.setdefault("timeout", 20)
        options.setdefault("allow_redirects", False)
        url = f"{self.remote.url}/webhook/{options.pop('channel', self.id)}{path}"
        return self.remote.session.request(method, url, **options)

    def human(self, **values: Any) -> str:
        """Create a human; its id."""
        return str(self.call("POST", "/human", values or ANN).json()["human"]["id"])

    def chat(self, **body: Any) -> dict[str, Any]:
        """Start a chat, with a new human unless told otherwise."""
        found: dict[str, Any] = self.call("POST", "/chat", {"human": {"name": "Ann"}} | body).json()["chat"]
        return found

    def send(self, chat: dict[str, Any], message: Any = "Hello", **more: Any) -> requests.Response:
        """Write into a chat as its customer."""
        if isinstance(message, str):
            message = {"type": "text", "data": {"text": message}}
        body = {"author": {"type": "human", "id": chat["human"]["id"]}, "message": message} | more
        return self.call("POST", f"/chat/{chat['id']}/message", body)

    def messages(self, chat: dict[str, Any]) -> list[dict[str, Any]]:
        """The whole conversation."""
        found: list[dict[str, Any]] = self.call("GET", f"/chat/{chat['id']}/message").json()
        return found

    def said(self, chat: dict[str, Any]) -> list[tuple[str, str]]:
        """Who said what, kinds in place of texts where there is none."""
        return [
            (each["author"]["type"], each["message"]["data"].get("text") or each["message"]["type"])
            for each in self.messages(chat)
        ]

    def chats(self, **params: Any) -> Any:
        """List chats."""
        return self.call("GET", "/chats", params=params).json()
