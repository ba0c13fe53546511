"""The stand-in for Proto, as the outbox' tests steer it and look into it: over HTTP, like everybody else."""

from dataclasses import dataclass
from typing import Any

import requests

TEAM = "Acme Support"


@dataclass
class Remote:
    """One sandbox. `since` is the number of the last request that came in before the present test."""

    url: str
    since: int = 0

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Steer it; return its answer."""
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def read(self, path: str, **params: Any) -> Any:
        """Look into it; return its answer."""
        answer = requests.get(f"{self.url}/_sandbox/{path}", params=params, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def begin(self) -> None:
        """Forget the faults of the test before, and the requests that came in until now."""
        self.heal()
        self.since = self.read("status")["last"]

    def fault(self, kind: str, match: str = "/v1/", **options: Any) -> None:
        """Have matching requests go wrong from now on (`times` of them, if given)."""
        self.post("faults", {"kind": kind, "match": match, **options})

    def heal(self) -> None:
        """Let everything go well again."""
        self.post("faults/clear", {})

    def requests(self, match: str = "/v1/") -> list[dict[str, Any]]:
        """Return what came in since the test began, oldest first."""
        found: list[dict[str, Any]] = self.read("requests", after=self.since, match=match)["requests"]
        return found

    def effects(self, match: str = "/v1/") -> list[dict[str, Any]]:
        """Return what came in and was carried out."""
        return [request for request in self.requests(match) if request["effect"]]

    def connection(self) -> dict[str, Any]:
        """Return what one needs to connect to the demo's first teamspace."""
        found: list[dict[str, Any]] = self.read("connections.json")
        return next(each for each in found if each["name"] == TEAM)
