"""The sandbox as these tests see it: what it received, what it knows, how it misbehaves."""

from typing import Any
from urllib.parse import quote

import requests

TIMEOUT = 30
# So long an answer is held back where a page has to be seen meanwhile, also on a slow machine.
HELD = 4.0
SIX = ("external_customer_id", "name", "location", "email", "phone_number", "avatar")

Json = dict[str, Any]


class Remote:
    """The control interface of one running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/_sandbox"
        self.teamspaces = {row["name"]: row for row in self.get("connections.json")}

    def get(self, path: str, **params: Any) -> Any:
        """Read something."""
        answer = requests.get(f"{self.url}/{path}", params=params, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Json | None = None) -> Any:
        """Change something."""
        answer = requests.post(f"{self.url}/{path}", json=body or {}, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def id_of(self, teamspace: str = "Acme Support") -> str:
        """Return the id of a teamspace."""
        return str(self.teamspaces[teamspace]["subcompany_id"])

    def secret_of(self, teamspace: str = "Acme Support") -> str:
        """Return the secret that the teamspace takes."""
        return str(self.teamspaces[teamspace]["takeover_secret"])

    # --- what came in -----------------------------------------------------------------------------

    def mark(self) -> int:
        """Return the number of the newest request, to ask for what comes after it."""
        return int(self.get("status")["last"])

    def received(self, match: str = "", *, after: int) -> list[Json]:
        """Return the requests after a mark whose `METHOD /path` contains `match`."""
        found: list[Json] = self.get("requests", after=after, match=match)["requests"]
        return found

    def bodies(self, match: str, *, after: int) -> list[Any]:
        """Return the bodies of those requests."""
        return [entry["body"] for entry in self.received(match, after=after)]

    # --- people and fields ------------------------------------------------------------------------

    def people(self, teamspace: str = "Acme Support") -> list[Json]:
        """Return everybody of a teamspace."""
        found: list[Json] = self.get("people", subcompany_id=self.id_of(teamspace), limit=1000)["people"]
        return found

    def person(self, unique_id: str) -> Json:
        """Return a person with tags, field values and tickets."""
        found: Json = self.get(self._path(unique_id))
        return found

    def change(self, unique_id: str, **values: Any) -> None:
        """Change a person as if it had been done in Proto."""
        self.post(self._path(unique_id), values)

    def delete(self, unique_id: str) -> None:
        """Let a person disappear."""
        self.post(f"{self._path(unique_id)}/delete")

    def _path(self, unique_id: str) -> str:
        return f"people/{self.id_of()}/{quote(unique_id, safe='')}"

    def fields(self) -> dict[str, Json]:
        """Return the custom fields by name."""
        return {row["name"]: row for row in self.get("fields", subcompany_id=self.id_of())["fields"]}

    # --- misbehaviour -----------------------------------------------------------------------------

    def fault(self, kind: str, match: str, **options: Any) -> None:
        """Let requests whose `METHOD /path` contains `match` go wrong."""
        self.post("faults", {"kind": kind, "match": match, **options})

    def clear_faults(self) -> None:
        """Behave well again."""
        self.post("faults/clear")
