"""What the tests of the sandbox say to it, over HTTP with `requests` or byte by byte."""

import socket
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import requests

ANN = {"name": "Ann Ünal", "email": "ann@example.com", "phone_number": "+49 30 231250 11"}


class Remote:
    """A client for one running sandbox, as the first demo teamspace, where a person `ann` is made on demand."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.teamspace: dict[str, Any] = self.get("/connections.json")[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    @property
    def sub(self) -> str:
        """The teamspace's id."""
        return str(self.teamspace["subcompany_id"])

    @property
    def auth(self) -> dict[str, str]:
        """The header that lets one in."""
        return {"Authorization": f"Bearer {self.teamspace['takeover_secret']}"}

    def get(self, path: str, **params: Any) -> Any:
        """Read under /_sandbox/."""
        answer = self.session.get(f"{self.url}/_sandbox{path}", params=params, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def control(self, path: str, **body: Any) -> Any:
        """Change something under /_sandbox/."""
        answer = self.session.post(f"{self.url}/_sandbox{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """One request to the Developer API; `path` follows /api/platform/v1, `{sub}` is the teamspace."""
        if body is not None:
            options["json"] = body
        options.setdefault("headers", self.auth)
        options.setdefault("timeout", 10)
        options.setdefault("allow_redirects", False)
        url = f"{self.url}/api/platform/v1{path.replace('{sub}', self.sub)}"
        return self.session.request(method, url, **options)

    def customer(self, unique: str, rest: str) -> str:
        """The path of an endpoint about a person."""
        return f"/customers/{{sub}}/customer/{quote(unique, safe='')}/{rest}"

    def save(self, unique: str = "ann", **fields: Any) -> requests.Response:
        """Insert or change a person."""
        return self.call("PUT", f"/customers/{{sub}}/create-customer/{quote(unique, safe='')}", fields or ANN)

    def ticket(self, subject: Any = "Help", **body: Any) -> requests.Response:
        """Create a ticket, for `ann` unless told otherwise."""
        return self.call(
            "POST", "/conversations/{sub}/create-ticket", {"subject": subject} | (body or {"provided_unique_id": "ann"})
        )

    def tickets(self, unique: str = "ann") -> list[dict[str, Any]]:
        """The tickets that the remote system has of a person."""
        found: list[dict[str, Any]] = self.get(
            "/tickets", subcompany_id=self.sub, provided_unique_id=unique, limit=100_000
        )["tickets"]
        return found

    def person(self, unique: str = "ann") -> dict[str, Any]:
        """All that the remote system knows of a person."""
        found: dict[str, Any] = self.get(f"/people/{self.sub}/{quote(unique, safe='')}")
        return found

    def fault(self, kind: str, match: str = "create-ticket", **options: Any) -> dict[str, Any]:
        """Put a rule in force."""
        rule: dict[str, Any] = self.control("/faults", kind=kind, match=match, **options)
        return rule

    def last_request(self) -> dict[str, Any]:
        """The newest entry of the journal."""
        entry: dict[str, Any] = self.get("/requests", limit=1)["requests"][-1]
        return entry

    def raw(self, data: bytes, *, seconds: float = 10) -> bytes:
        """Send bytes on a connection of their own and read until the other side hangs up."""
        parts = urlsplit(self.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as connection:
            connection.sendall(data)
            found = b""
            while piece := connection.recv(65536):
                found += piece
        return found


def problems(answer: requests.Response) -> list[tuple[Any, str]]:
    """Where and of what type the errors of a 422 answer are."""
    assert answer.status_code == 422, answer.text
    detail = answer.json()["detail"]
    assert all(set(entry) >= {"type", "loc", "msg", "input"} for entry in detail), detail
    return [(tuple(entry["loc"]), entry["type"]) for entry in detail]
